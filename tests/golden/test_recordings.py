"""The shipped recordings show what they showed when they were made.

`python -m tests.golden.test_recordings` writes the pictures again, for a look at the difference.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from steer.replay.player import Player
from steer.runtime.recording_file import RecordingFile

ROOT = Path(__file__).parents[2]
RECORDINGS = sorted((ROOT / "recordings").glob("*.cast"))
MAX_BYTES = 150_000


def pictures(path: Path) -> str:
    """The screen in the middle and the one before the agent left, as text."""
    recording = RecordingFile(path)
    recording.load()
    player, timeline = Player(recording.index, recording.read), recording.index.timeline
    parts = []
    for at in (timeline.duration / 2, timeline.duration - 1.0):
        player.seek(at)
        player.work()
        assert player.emulator is not None
        lines = player.emulator.lines()[player.emulator.history :]
        parts.append("\n".join(line.rstrip() for line in lines).rstrip())
    recording.close()
    return "\n---\n".join(parts) + "\n"


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda p: p.stem)
def test_screens_are_as_they_were(path: Path) -> None:
    assert pictures(path) == (Path(__file__).parent / f"{path.stem}.txt").read_text("utf-8")


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda p: p.stem)
def test_recordings_are_small_clean_and_described(path: Path) -> None:
    assert path.stat().st_size < MAX_BYTES
    folders = re.findall(r"(?<![\w.)])/[a-z][\w-]*/", path.read_text("utf-8"))
    assert set(folders) <= {"/tmp/", "/bin/"}
    assert f"`{path.name}`" in (ROOT / "recordings" / "README.md").read_text("utf-8")


def test_there_are_recordings() -> None:
    assert len(RECORDINGS) >= 3


if __name__ == "__main__":
    for recording in RECORDINGS:
        (Path(__file__).parent / f"{recording.stem}.txt").write_text(pictures(recording), "utf-8")
