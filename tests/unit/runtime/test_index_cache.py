"""The index of a large recording is kept, and never trusted beyond the file it is of."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from steer.record import cast
from steer.replay.player import Player
from steer.runtime import index_cache
from steer.runtime.recording_file import RecordingFile

SEEKS = (0.0, 3.3, 57.0, 99.5, 180.0, 200.0)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recording that is worth an index; the state is a folder beside it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(index_cache, "MIN_BYTES", 100_000)
    encoder = cast.Encoder()
    lines = [cast.header(60, 12, 1_700_000_000.25, title="t")]
    for i in range(4000):
        lines.append(encoder.output(i / 20, f"\x1b[3{i % 8}mline {i} {'x' * (i % 97)}\r\n".encode()))
        if i % 500 == 0:
            lines.append(encoder.marker(i / 20, f"checkpoint abcdef{i:06}"))
    made = tmp_path / "long.cast"
    made.write_bytes(b"".join([*lines, encoder.exit(200.0, 0)]))
    return made


def loaded(path: Path) -> RecordingFile:
    recording = RecordingFile(path)
    recording.load()
    return recording


def screens(recording: RecordingFile) -> list[list[str]]:
    player, found = Player(recording.index, recording.read), []
    for at in SEEKS:
        player.seek(at)
        player.work()
        assert player.emulator is not None
        found.append(player.emulator.lines())
    return found


def cached(path: Path) -> list[Path]:
    return [p for p in (path.parent / "state" / "steer" / "index").glob("*") if p.is_file()]


def count_reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the pieces that are fed to an index from now on."""
    fed: list[int] = []
    feed: Callable[[RecordingFile, bytes], None] = RecordingFile._feed

    def counting(recording: RecordingFile, piece: bytes) -> None:
        fed.append(len(piece))
        feed(recording, piece)

    monkeypatch.setattr(RecordingFile, "_feed", counting)
    return fed


def test_the_second_replay_reads_nothing_and_shows_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = loaded(path)
    fed = count_reads(monkeypatch)
    second = loaded(path)
    assert not fed and second.is_complete and second.index.is_finished
    assert screens(second) == screens(first)
    one, other = first.index.timeline, second.index.timeline
    assert other.state() == one.state() and other.marks == one.marks and other.exit == one.exit
    assert second.index.header == first.index.header and second.problems == first.problems
    assert oct(cached(path)[0].stat().st_mode & 0o777) in ("0o600", "0o644")
    assert oct(cached(path)[0].parent.stat().st_mode & 0o777) == "0o700"


@pytest.mark.parametrize("change", ["append", "rewrite", "touch"])
def test_another_state_of_the_file_is_read_again(
    path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    loaded(path)
    data = path.read_bytes()
    if change == "append":
        path.write_bytes(data + b'[1.0, "o", "more"]\n')
    elif change == "rewrite":
        path.write_bytes(data.replace(b"line 7 ", b"LINE 7 "))
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 1_000_000))
    fed = count_reads(monkeypatch)
    again = loaded(path)
    assert sum(fed) == path.stat().st_size
    assert screens(again)


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "longer", "folder"])
def test_a_damaged_index_is_as_none(path: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    expected = screens(loaded(path))
    place = cached(path)[0]
    data = place.read_bytes()
    if damage == "cut":
        place.write_bytes(data[: len(data) // 2])
    elif damage == "flip":
        place.write_bytes(data[:-100] + bytes([data[-100] ^ 1]) + data[-99:])
    elif damage == "empty":
        place.write_bytes(b"")
    elif damage == "longer":
        place.write_bytes(data + b"x")
    else:
        place.unlink()
        place.mkdir()
    fed = count_reads(monkeypatch)
    again = loaded(path)
    assert sum(fed) == path.stat().st_size and screens(again) == expected and not again.problems


def test_the_cache_stays_small(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded(path)
    size = cached(path)[0].stat().st_size
    monkeypatch.setattr(index_cache, "MAX_TOTAL_BYTES", int(2.5 * size))
    for i in range(4):
        copy = path.with_name(f"copy-{i}.cast")
        copy.write_bytes(path.read_bytes())
        loaded(copy)
    assert len(cached(path)) == 2


def test_a_growing_or_small_recording_has_none(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    growing = RecordingFile(path, is_growing=True)
    growing.load()
    monkeypatch.setattr(index_cache, "MIN_BYTES", 1 << 30)
    loaded(path)
    assert not cached(path)
