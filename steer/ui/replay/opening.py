"""From paths to a replay's state."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from steer.errors import SteerError
from steer.runtime.recording_file import RecordingFile
from steer.ui.replay.state import ReplayState, Show

MAX_RECORDINGS = 16


@dataclass(frozen=True, slots=True)
class Source:
    """`is_live`: a session's recording that is being written. `session`: its id; "" for a file."""

    name: str
    path: Path
    is_live: bool = False
    session: str = ""


def _show(source: Source) -> Show:
    return Show(source.name, RecordingFile(source.path, is_growing=source.is_live), source.session)


def open_replay(
    sources: list[Source], *, at: float | None = None, speed: float = 1.0, is_playing: bool = False
) -> ReplayState:
    """Open the recordings; they are read when the screen is shown. Raises `UserError` for one that is no file."""
    shows: list[Show] = []
    try:
        for source in sources[:MAX_RECORDINGS]:
            shows.append(_show(source))
    except SteerError:
        for show in shows:
            show.recording.close()
        raise
    state = ReplayState(shows, speed=speed, is_playing=is_playing)
    state.wanted_at = at
    return state
