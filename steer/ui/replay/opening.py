"""From paths to a replay's state."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from steer.detect.rules import Rules
from steer.errors import SteerError
from steer.runtime.recording_file import RecordingFile
from steer.runtime.recording_findings import Background, RecordingFindings
from steer.ui.replay.state import ReplayState, Show

MAX_RECORDINGS = 16


@dataclass(frozen=True, slots=True)
class Source:
    """`is_live`: a session's recording that is being written. `session`: its id; "" for a file.

    `background`: what its findings are made with.
    """

    name: str
    path: Path
    is_live: bool = False
    session: str = ""
    background: Background | None = None


def _show(source: Source, rules: Rules | None, *, replaces_flags: bool) -> Show:
    recording = RecordingFile(source.path, is_growing=source.is_live)
    findings = RecordingFindings(recording, source.background, rules)
    return Show(source.name, recording, source.session, findings, replaces_flags)


def open_replay(
    sources: list[Source],
    *,
    at: float | None = None,
    speed: float = 1.0,
    is_playing: bool = False,
    rules: Rules | None = None,
    replaces_flags: bool = False,
) -> ReplayState:
    """Open the recordings; they are read when the screen is shown. Raises `UserError` for one that is no file.

    `rules`: for the flags that are found; `replaces_flags`: they are shown instead of those that were recorded.
    """
    shows: list[Show] = []
    try:
        for source in sources[:MAX_RECORDINGS]:
            shows.append(_show(source, rules, replaces_flags=replaces_flags))
    except SteerError:
        for show in shows:
            show.recording.close()
        raise
    state = ReplayState(shows, speed=speed, is_playing=is_playing)
    state.wanted_at = at
    return state
