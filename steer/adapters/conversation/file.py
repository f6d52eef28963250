"""Whole transcripts in and copies out; nothing that an agent wrote is overwritten."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from steer.errors import AgentError, EnvironmentFault

MAX_BYTES = 256 << 20  # of a transcript that is copied


def read_whole(path: Path) -> bytes:
    """Raises `AgentError` where it is no file, or larger than is copied."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(fd, "rb") as f:
            found = os.fstat(fd)
            if not stat.S_ISREG(found.st_mode):
                raise AgentError(f"{path} is not a regular file")
            if found.st_size > MAX_BYTES:
                raise AgentError(f"the conversation is larger than {MAX_BYTES >> 20} MiB and is not copied")
            return f.read(MAX_BYTES)
    except OSError as e:
        raise AgentError(f"the conversation {path} cannot be read: {e.strerror}") from e


def write_new(path: Path, data: bytes) -> None:
    """A file that was not there, for this user only. Raises `EnvironmentFault`."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as f:
            f.write(data)
            f.flush()
            os.fsync(fd)
    except OSError as e:
        raise EnvironmentFault(f"the copy of the conversation {path} cannot be written: {e.strerror}") from e


def remove_copy(path: Path) -> None:
    """A copy that came to nothing."""
    try:
        path.unlink()
    except OSError:
        pass
