"""Copies a folder as it is, quickly and without ever following a link.

Every file is opened relative to an open folder with O_NOFOLLOW, on both sides: whoever swaps a folder for
a link while the copy runs makes it fail, never write or read elsewhere.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from steer.adapters.git.command import Cancelled, Progress
from steer.adapters.git.index import StatPair
from steer.errors import EnvironmentFault, UserError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FICLONE = 0x40049409  # linux/fs.h: share the blocks of another file (btrfs, xfs)
_IN_MEMORY_BYTES = 1 << 18  # below that one read and one write beat everything else
_DEPTH_MAX = 200  # folders; two descriptors are open per level
_EVERY = 256  # files between two looks at `cancelled`


@dataclass(slots=True)
class Copied:
    """What a copy did. Paths are relative bytes."""

    pairs: dict[bytes, StatPair] = field(default_factory=dict)
    copied_bytes: int = 0
    special: list[bytes] = field(default_factory=list)  # fifo, socket, device: named, not read
    problems: list[str] = field(default_factory=list)
    pointers: list[bytes] = field(default_factory=list)  # `.git` files below the root, not copied
    nested: list[bytes] = field(default_factory=list)  # folders with a `.git` folder, copied whole


@dataclass(slots=True)
class TreeCopy:
    """One copy from `source` to the existing folder `target`."""

    source: Path
    target: Path
    skipped: frozenset[bytes] = frozenset()  # relative paths left out, with all below them
    total: int = 0  # for `progress` only
    progress: Progress | None = None
    cancelled: Cancelled | None = None
    copied: Copied = field(default_factory=Copied)
    _can_clone: bool = True
    _count: int = 0

    def run(self) -> Copied:
        """Copy everything but the root's `.git`. Errors: cancelled, a full disk."""
        with _opened(self.source, self.target) as (source, target):
            self._folder(source, target, b"", 0)
        return self.copied

    def files(self, paths: Iterable[bytes]) -> Copied:
        """Copy just these files, making their parent folders."""
        for path in paths:
            parent, _, name = path.rpartition(b"/")
            try:
                with _opened(self.source, self.target) as (source, target):
                    self._nested_file(source, target, parent, name)
            except OSError as e:
                self._failed(path, e)
        return self.copied

    def _nested_file(self, source: int, target: int, parent: bytes, name: bytes) -> None:
        opened: list[int] = []
        try:
            for part in parent.split(b"/") if parent else ():
                source = os.open(part, _FOLDER, dir_fd=source)
                opened.append(source)
                _ensure_folder(part, target)
                target = os.open(part, _FOLDER, dir_fd=target)
                opened.append(target)
            info = os.stat(name, dir_fd=source, follow_symlinks=False)
            self._entry(source, target, name, _joined(parent, name), info)
        finally:
            for fd in opened:
                os.close(fd)

    def _folder(self, source: int, target: int, prefix: bytes, depth: int) -> None:
        for name in sorted(os.listdir(source)):
            raw = os.fsencode(name)
            path = _joined(prefix, raw)
            if path in self.skipped or path == b".git":
                continue
            try:
                info = os.stat(raw, dir_fd=source, follow_symlinks=False)
                if stat.S_ISDIR(info.st_mode):
                    self._subfolder(source, target, raw, path, info, depth + 1)
                elif raw == b".git" and stat.S_ISREG(info.st_mode):
                    self.copied.pointers.append(path)
                else:
                    self._entry(source, target, raw, path, info)
            except OSError as e:
                self._failed(path, e)

    def _subfolder(
        self, source: int, target: int, name: bytes, path: bytes, info: os.stat_result, depth: int
    ) -> None:
        if depth > _DEPTH_MAX:
            self.copied.problems.append(f"{os.fsdecode(path)}: folders deeper than {_DEPTH_MAX} levels")
            return
        if name == b".git":
            self.copied.nested.append(path[:-5])
        inner = os.open(name, _FOLDER, dir_fd=source)
        try:
            os.mkdir(name, 0o700, dir_fd=target)
            made = os.open(name, _FOLDER, dir_fd=target)
            try:
                self._folder(inner, made, path, depth)
                os.fchmod(made, stat.S_IMODE(info.st_mode))
                os.utime(made, ns=(info.st_atime_ns, info.st_mtime_ns))
            finally:
                os.close(made)
        finally:
            os.close(inner)

    def _entry(self, source: int, target: int, name: bytes, path: bytes, info: os.stat_result) -> None:
        """Copy one thing that is no folder."""
        self._tick()
        if stat.S_ISREG(info.st_mode):
            self.copied.pairs[path] = self._file(source, target, name, path)
        elif stat.S_ISLNK(info.st_mode):
            os.symlink(os.readlink(name, dir_fd=source), name, dir_fd=target)
            os.utime(name, ns=(info.st_atime_ns, info.st_mtime_ns), dir_fd=target, follow_symlinks=False)
            self.copied.pairs[path] = info, os.stat(name, dir_fd=target, follow_symlinks=False)
        else:
            self.copied.special.append(path)

    def _file(self, source: int, target: int, name: bytes, path: bytes) -> StatPair:
        old = os.open(name, _READ, dir_fd=source)
        try:
            info = os.fstat(old)
            if not stat.S_ISREG(info.st_mode):
                raise OSError(errno.ESTALE, "changed its type while being copied")
            new = os.open(name, _CREATE, stat.S_IMODE(info.st_mode), dir_fd=target)
            try:
                size = self._content(old, new, info.st_size)
                if size != info.st_size:
                    self.copied.problems.append(f"{os.fsdecode(path)}: changed while being copied")
                self.copied.copied_bytes += size
                return info, _finished(new, info)
            finally:
                os.close(new)
        finally:
            os.close(old)

    def _content(self, old: int, new: int, size: int) -> int:
        if size < _IN_MEMORY_BYTES:
            return _written(new, os.read(old, size + 1))
        if self._can_clone:
            try:
                fcntl.ioctl(new, _FICLONE, old)
                return os.fstat(new).st_size
            except OSError:
                self._can_clone = False  # another file system, or one that shares no blocks
        return _streamed(old, new)

    def _tick(self) -> None:
        self._count += 1
        if self._count % _EVERY == 0:
            if self.cancelled and self.cancelled():
                raise UserError("cancelled")
            if self.progress:
                self.progress(self._count, max(self.total, self._count))

    def _failed(self, path: bytes, e: OSError) -> None:
        """A full disk ends the copy; a file that cannot be read is listed."""
        if e.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO):
            raise EnvironmentFault(f"cannot copy {os.fsdecode(path)}: {e.strerror}", "free some space") from e
        self.copied.problems.append(f"{os.fsdecode(path)}: {e.strerror}")


class _opened:
    """Both root folders, open for the time of a `with`."""

    def __init__(self, *paths: Path) -> None:
        self._paths = paths
        self._fds: list[int] = []

    def __enter__(self) -> tuple[int, ...]:
        try:
            for path in self._paths:
                self._fds.append(os.open(path, _FOLDER))
        except OSError as e:
            self.__exit__()
            raise EnvironmentFault(f"cannot open the folder {path}: {e.strerror}") from e
        return tuple(self._fds)

    def __exit__(self, *_: object) -> None:
        for fd in self._fds:
            os.close(fd)


def special_files(root: Path, skipped: frozenset[bytes]) -> list[bytes]:
    """Relative paths of what a copy would name and not read."""
    found, folders = [], [b""]
    while folders:
        prefix = folders.pop()
        with os.scandir(os.fsencode(root) + b"/" + prefix) as entries:
            for entry in entries:
                path = _joined(prefix, entry.name)
                if path in skipped or path == b".git":
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(path)
                elif not entry.is_symlink() and not entry.is_file(follow_symlinks=False):
                    found.append(path)
    return sorted(found)


def _joined(prefix: bytes, name: bytes) -> bytes:
    return prefix + b"/" + name if prefix else name


def _ensure_folder(name: bytes, parent: int) -> None:
    try:
        os.mkdir(name, 0o777, dir_fd=parent)
    except FileExistsError:
        pass


def _written(fd: int, data: bytes) -> int:
    view, done = memoryview(data), 0
    while done < len(data):
        done += os.write(fd, view[done:])
    return done


def _streamed(old: int, new: int) -> int:
    """Copy inside the kernel where it can, through memory where it cannot."""
    done = 0
    try:
        while n := os.copy_file_range(old, new, 1 << 27):
            done += n
        return done
    except OSError as e:
        if done or e.errno not in (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
            raise
    while block := os.read(old, 1 << 20):
        done += _written(new, block)
    return done


def _finished(fd: int, like: os.stat_result) -> os.stat_result:
    """Give the new file the mode and times of the old one; its stat afterwards."""
    os.utime(fd, ns=(like.st_atime_ns, like.st_mtime_ns))
    now = os.fstat(fd)
    if now.st_mode != like.st_mode:
        os.fchmod(fd, stat.S_IMODE(like.st_mode))
        now = os.fstat(fd)
    return now
