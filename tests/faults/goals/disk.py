"""Places for a recording that can be filled up: a file system in memory (root), or a limit on its file's size."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.stage import Session

DISK_BYTES = 2 << 20


class Disk:
    """Where a recording is; it can be filled and emptied."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.is_full_at = 0.0

    def fill(self, session: Session) -> None: ...

    def empty(self, session: Session) -> None: ...

    def is_full(self, session: Session) -> bool: ...  # type: ignore[empty-body]


class SmallDisk(Disk):
    def fill(self, session: Session) -> None:
        free = os.statvfs(self.folder)
        size = free.f_bavail * free.f_bsize - random.randrange(8_000, 40_000)
        (self.folder / "ballast").write_bytes(b"x" * size)

    def empty(self, session: Session) -> None:
        (self.folder / "ballast").unlink()

    def is_full(self, session: Session) -> bool:
        return os.statvfs(self.folder).f_bavail == 0


class SizeLimit(Disk):
    def fill(self, session: Session) -> None:
        self.before = resource.prlimit(session.pid, resource.RLIMIT_FSIZE)
        self.limit = session.recording.stat().st_size + random.randrange(8_000, 40_000)
        resource.prlimit(session.pid, resource.RLIMIT_FSIZE, (self.limit, self.before[1]))

    def empty(self, session: Session) -> None:
        resource.prlimit(session.pid, resource.RLIMIT_FSIZE, self.before)

    def is_full(self, session: Session) -> bool:
        return session.recording.stat().st_size >= self.limit


def can_mount(folder: Path) -> bool:
    """Whether a small file system can be mounted here."""
    here = folder / "mount-try"
    here.mkdir()
    if os.getuid() != 0 or mount(here):
        return False
    subprocess.run(["umount", "-l", str(here)], check=True)
    return True


def mount(folder: Path, size: int = DISK_BYTES) -> int:
    """A file system in memory of `size` bytes; 0 where that worked."""
    options = f"size={size},mode=700"
    command = ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    disk = folder / "disk"
    disk.mkdir()
    assert mount(disk) == 0
    try:
        yield SmallDisk(disk)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@contextlib.contextmanager
def size_limit(folder: Path) -> Iterator[Disk]:
    disk = folder / "disk"
    disk.mkdir()
    yield SizeLimit(disk)
