"""Recordings from disk: packed, old, damaged, hostile, growing. What is whole is shown, the rest is one line."""

from __future__ import annotations

import gzip
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from steer.errors import UserError
from steer.record import cast
from steer.replay.player import Player
from steer.runtime import unpack
from steer.runtime.recording_file import RecordingFile

WORDS = ("alpha", "beta", "gamma")


def sample(count: int = 3) -> bytes:
    encoder = cast.Encoder()
    lines = [encoder.output(i * 1.0, f"{WORDS[i % 3]} {i}\r\n".encode()) for i in range(count)]
    return b"".join([cast.header(40, 6, 1_700_000_000, title="t"), *lines])


def opened(path: Path, data: bytes, **options: bool) -> RecordingFile:
    path.write_bytes(data)
    recording = RecordingFile(path, **options)
    recording.load()
    assert all("\n" not in problem for problem in recording.problems)
    return recording


def screen(recording: RecordingFile, at: float = 1e9) -> str:
    player = Player(recording.index, recording.read)
    player.seek(at)
    player.work()
    return "\n".join(player.emulator.lines()) if player.emulator else ""


@pytest.mark.parametrize(
    "pack",
    [
        bytes,
        gzip.compress,
        lambda d: gzip.compress(d[:50]) + gzip.compress(d[50:]),
        zstandard.compress,
        lambda d: zstandard.compress(d[:50]) + zstandard.compress(d[50:]),
    ],
)
def test_plain_and_packed_files_show_the_same(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    recording = opened(tmp_path / "a.cast", pack(sample()))
    assert recording.problems == [] and recording.is_complete and recording.progress == 1.0
    assert screen(recording, 1.0).split() == ["alpha", "0", "beta", "1"]
    assert screen(recording).split()[-2:] == ["gamma", "2"]


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("count", [2, 9000])
@pytest.mark.parametrize("is_packed", [False, True])
def test_version_1_can_be_sought_in(tmp_path: Path, indent: int | None, count: int, is_packed: bool) -> None:
    frames = [[0.5, f"n{i:05} "] for i in range(count)]
    document = json.dumps({"version": 1, "width": 40, "height": 6, "stdout": frames}, indent=indent).encode()
    recording = opened(tmp_path / "a.json", gzip.compress(document) if is_packed else document)
    assert recording.problems == []
    assert recording.index.timeline.duration == pytest.approx(count / 2)
    assert f"n{count // 2 - 1:05}" in screen(recording, count / 4)
    assert f"n{count - 1:05}" in screen(recording)


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
@pytest.mark.parametrize("cut", [1, 9, 12, 40, -9, -1])
def test_a_cut_archive_shows_what_is_whole(tmp_path: Path, cut: int, pack: Callable[[bytes], bytes]) -> None:
    recording = opened(tmp_path / "a.cast.gz", pack(sample(500))[:cut])
    assert any("cut off" in p or "damaged" in p or "header" in p for p in recording.problems)


def test_a_damaged_archive_says_so_in_one_line(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(sample(5000)))
    data[len(data) // 2] ^= 0xFF
    data[len(data) // 2 + 1] ^= 0xFF
    recording = opened(tmp_path / "a.cast.gz", bytes(data))
    assert any("compressed data" in p for p in recording.problems)
    assert recording.index.timeline.events > 100


@pytest.mark.parametrize("pack", [lambda d: gzip.compress(d, 9), zstandard.compress])
def test_a_bomb_is_left_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(unpack, "FREE_BYTES", 1 << 20)
    recording = opened(tmp_path / "a.cast.gz", pack(sample() + b" " * (64 << 20)))
    assert any("like a bomb" in p for p in recording.problems)
    assert recording.index.end < (24 << 20)
    assert "alpha" in screen(recording)


@pytest.mark.parametrize(
    "data",
    [b"", b"\0" * 100, b"\x1f\x8b", b"\x28\xb5\x2f\xfd" + bytes(40), b"[" * 200_000, b'{"version":1,"stdout":7}',
     '{"version":2}\n'.encode("utf-16"), b'\xef\xbb\xbf{"version":2}\r\n[0,"o","x"]\r\n', b'{"version":99}\n',
     b'{"version":3}\n[1e308,"o","x"]\n[NaN,"o","y"]\n', b'{"version":2,"width":2000000000}\n[0,"r","0x0"]',
     b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9],
)  # fmt: skip
def test_anything_opens(tmp_path: Path, data: bytes) -> None:
    recording = opened(tmp_path / "a", data)
    assert recording.is_complete
    screen(recording)


def test_a_zstd_file_cannot_ask_for_any_memory(tmp_path: Path) -> None:
    huge = unpack.ZSTD_MAGIC + b"\x00\xa8" + zstandard.compress(b"x")[6:]  # a window of 2 GiB
    assert any("too much memory" in p for p in opened(tmp_path / "a.zst", huge).problems)


def test_every_truncation_opens(tmp_path: Path) -> None:
    data = sample(20)
    for cut in range(0, len(data), 3):
        recording = opened(tmp_path / "a.cast", data[:cut])
        screen(recording)
        recording.close()


def test_a_flood_of_sizes_ends(tmp_path: Path) -> None:
    sizes = b"".join(b'[0,"r","%dx%d"]\n' % (20 + i % 500, 5 + i % 90) for i in range(50_000))
    recording = opened(tmp_path / "a.cast", sample() + sizes)
    assert recording.index.timeline.resizes == 50_000


def test_what_is_no_file_is_refused_in_one_sentence(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "none", tmp_path / "pipe"):
        with pytest.raises(UserError):
            RecordingFile(path)


def test_a_growing_recording_is_followed_line_by_line(tmp_path: Path) -> None:
    path, data = tmp_path / "a.cast", sample(3)
    cut = len(data) - 10
    path.write_bytes(data[:cut])
    recording, news = RecordingFile(path, is_growing=True), threading.Semaphore(0)
    recording.start(news.release)
    assert news.acquire(timeout=10)
    assert recording.problems == [] and recording.index.timeline.events == 2
    with path.open("ab") as f:
        f.write(data[cut:])
    recording.look_for_more()
    assert news.acquire(timeout=10)
    assert recording.index.timeline.events == 3
    assert "gamma 2" in screen(recording)
    recording.close()


def test_closing_in_the_middle_ends_the_thread(tmp_path: Path) -> None:
    (tmp_path / "a.cast").write_bytes(sample(100_000))
    recording = RecordingFile(tmp_path / "a.cast")
    recording.start()
    recording.close()
    assert recording._thread is not None and not recording._thread.is_alive()
