"""Sixty kinds of damage to a recording, and bombs: it opens, what is whole is shown, what is wrong is one line each."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard

from steer.errors import SteerError
from steer.record import cast
from tests.faults.damage import BETWEEN, HEADERS
from tests.unit.runtime.test_recording_file import opened, screen


def damaged() -> Iterator[tuple[bytes, bytes]]:
    """A beginning, and what stands between the two good halves."""
    good = cast.header(40, 6, 1_700_000_000, title="t")
    yield from ((header, b"") for header in HEADERS)
    yield from ((good, junk) for junk in BETWEEN)


def test_every_kind_of_damage_shows_what_is_whole(tmp_path: Path) -> None:
    kinds = list(damaged())
    assert len(kinds) >= 60
    encoder = cast.Encoder()
    before = b"".join(encoder.output(i * 0.1, b"before%d " % i) for i in range(3))
    after = b"".join(encoder.output(1 + i * 0.1, b"after%d " % i) for i in range(3))
    for pack in (bytes, gzip.compress, zstandard.compress):
        for header, junk in kinds:
            recording = opened(tmp_path / "a.cast", pack(header + before + junk + after))
            shown = "".join(screen(recording).split())
            for whole in (
                "before0",
                "before1",
                "before2",
                "after1",
                "after2",
            ):  # after0 may be joined with what is torn
                assert whole in shown, (header[:60], junk[:60], shown)
            recording.close()


BOMBS: dict[str, Callable[[], bytes]] = {
    "sizes": lambda: b"".join(b'[0,"r","%dx500"]\n' % (900 + i % 100) for i in range(20_000)),
    "one event": lambda: b'[0,"o","' + b"x" * 12_000_000 + b'"]\n',
    "deep": lambda: b"[" * 1_000_000 + b"\n",
    "deep text": lambda: b'[0,"o",' + b'{"a":' * 500_000 + b"\n",
    "numbers": lambda: b'[1,"o","x"]\n[' + b"9" * 1_000_000 + b',"o","y"]\n',
    "markers": lambda: b'[0,"m","mark"]\n' * 300_000,
    "clear": lambda: b'[0,"o","\\u001b[2J\\u001b[3J"]\n' * 100_000,
}  # fmt: skip
# In a process of its own, with a limit on its memory beyond what the modules take: beyond that is a traceback.
OPEN = """
import resource, sys, pathlib
from steer.replay.player import Player
from steer.runtime.recording_file import RecordingFile
taken = int(pathlib.Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
limit = taken + (300 << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
recording = RecordingFile(pathlib.Path(sys.argv[1]))
recording.load()
player = Player(recording.index, recording.read)
player.seek(1e9)
while not player.work(): pass
assert "the end" in "".join(player.emulator.lines())
"""


@pytest.mark.parametrize("kind", BOMBS)
def test_bombs_open_in_little_memory(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.cast"
    path.write_bytes(gzip.compress(cast.header(40, 6, 0) + BOMBS[kind]() + b'[1,"o","\\u001bcthe end"]\n', 1))
    done = subprocess.run(
        [sys.executable, "-c", OPEN, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]


def test_what_cannot_be_opened_is_one_sentence(tmp_path: Path) -> None:
    for data in (json.dumps({"version": 1, "stdout": {}}).encode(), b"\x1f\x8b\x08" + b"\xff" * 50):
        try:
            recording = opened(tmp_path / "a.cast", data)
        except SteerError as e:
            assert "\n" not in e.message
        else:
            recording.close()
