"""The recording's file under every kind of bad luck that a write can have."""

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from steer.runtime.keeping.recorder import Recorder
from steer.runtime.keeping.tape import MAX_PENDING_BYTES, Tape


class Disk:
    """Stands in for os.write: a call takes `limits` bytes in turn, then everything; below 0 is an errno."""

    def __init__(self, write: Callable[[int, bytes], int]) -> None:
        self.limits: Iterator[int] = iter(())
        self._write = write

    def __call__(self, fd: int, data: bytes) -> int:
        limit = next(self.limits, len(data))
        if limit < 0:
            raise OSError(-limit, os.strerror(-limit))
        return self._write(fd, bytes(data[:limit]))


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk(os.write)
    monkeypatch.setattr("steer.runtime.keeping.tape.os.write", disk)
    return disk


@pytest.fixture
def tape(tmp_path: Path) -> Tape:
    return Tape(str(tmp_path / "r.cast"), lambda: None)


def test_short_writes_are_continued(tape: Tape, disk: Disk) -> None:
    disk.limits = iter([1, 2, 1])
    assert tape.append(b"abcdefgh\n")
    assert Path(tape.path).read_bytes() == b"abcdefgh\n"
    assert tape.offset == 9


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT, errno.EFBIG])
def test_a_failed_write_waits_and_is_finished_later(tape: Tape, disk: Disk, error: int) -> None:
    assert tape.append(b"one\n")
    disk.limits = iter([2, -error, -error])
    assert not tape.append(b"two\n")
    assert tape.reason == os.strerror(error)
    assert (tape.offset, Path(tape.path).read_bytes()) == (4, b"one\ntw")
    assert not tape.append(b"three\n")
    assert not tape.retry()
    assert tape.retry()
    assert (tape.offset, Path(tape.path).read_bytes()) == (14, b"one\ntwo\nthree\n")
    assert tape.reason == ""


def test_what_waits_is_bounded_and_the_loss_counted(tape: Tape, disk: Disk) -> None:
    disk.limits = iter([-errno.ENOSPC] * 3)
    tape.append(b"first\n")
    assert not tape.append(b"x" * MAX_PENDING_BYTES)
    assert tape.dropped == 1
    disk.limits = iter(())
    assert tape.retry()
    assert Path(tape.path).read_bytes() == b"first\n"


def test_it_is_private_and_never_taken_over(tape: Tape, tmp_path: Path) -> None:
    assert Path(tape.path).stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        Tape(tape.path, lambda: None)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        Tape(str(tmp_path / "link"), lambda: None)


def test_a_removed_file_comes_back_whole(tape: Tape) -> None:
    tape.append(b"one\n")
    assert tape.damage() == ""
    Path(tape.path).unlink()
    assert "removed" in tape.damage()
    tape.repair()
    tape.append(b"two\n")
    assert Path(tape.path).read_bytes() == b"one\ntwo\n"
    assert tape.damage() == ""


def test_a_cut_file_goes_on_with_a_new_line(tape: Tape) -> None:
    tape.append(b"one\ntwo\n")
    os.truncate(tape.path, 6)
    assert "cut" in tape.damage()
    tape.repair()
    tape.append(b"three\n")
    assert Path(tape.path).read_bytes() == b"one\ntw\nthree\n"
    assert tape.offset == 13


def test_output_beyond_the_cap_is_left_out_and_shown(tape: Tape) -> None:
    recorder = Recorder(tape, max_bytes=10, thin_bytes_per_s=0)
    assert recorder.output(0, b"a" * 20 + b"\xe2\x82") == (b"a" * 20, True)
    size = tape.offset
    # The bytes that were held are recorded as they are, what follows is not.
    assert recorder.output(1, b"\xacrest") == (b"\xe2\x82\xacrest", True)
    assert recorder.gap_bytes == 5
    assert tape.offset > size
    assert recorder.dump(2, b"screen")
    lines = Path(tape.path).read_text().splitlines()
    assert lines[-2:] == [
        '[1.000000,"m","steer: 5 bytes of output not recorded"]',
        '[0.000000,"o","screen"]',
    ]
