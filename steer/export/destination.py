"""Writing a file so that under its name there is the whole of it or nothing new, and never over another one."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from steer.errors import EnvironmentFault, UserError


def check_free(path: Path, *, may_replace: bool) -> None:
    """Raises `UserError` where something is there already."""
    if path.is_dir():
        raise UserError(f"{path} is a folder", "name a file")
    if not may_replace and (path.exists() or path.is_symlink()):
        raise UserError(f"{path} is there already", "--force replaces it")


def write_whole(path: Path, pieces: Iterable[bytes], *, may_replace: bool) -> int:
    """Bytes written, readable by the user only. Raises `UserError`, or `EnvironmentFault` where it cannot be written;
    what `pieces` raises goes through, and nothing is left behind."""
    check_free(path, may_replace=may_replace)
    try:
        fd, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
    except OSError as e:
        raise EnvironmentFault(f"cannot write in {path.parent}: {e.strerror}") from e
    try:
        with os.fdopen(fd, "wb") as file:
            try:
                size = sum(file.write(piece) for piece in pieces)
                file.flush()
                os.fsync(fd)
            except OSError as e:
                raise EnvironmentFault(f"cannot write {path}: {e.strerror}") from e
        _place(Path(name), path, may_replace=may_replace)
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
    return size


def _place(temporary: Path, path: Path, *, may_replace: bool) -> None:
    try:
        if may_replace:
            temporary.replace(path)
        else:
            path.hardlink_to(temporary)  # unlike a rename it fails where a file has come to be meanwhile
    except FileExistsError:
        raise UserError(f"{path} is there already", "--force replaces it") from None
    except OSError:
        check_free(path, may_replace=may_replace)  # a file system without links
        try:
            temporary.rename(path)
        except OSError as e:
            raise EnvironmentFault(f"cannot write {path}: {e.strerror}") from e
