"""Processes that work in a folder although they belong to nobody there: handed work, or the operator's own shell.

Looked for by working folder, also through another mount of the same folder, and by open files. What belongs to another
user cannot be looked into (ptrace(2), access mode checking): a container that root runs is not seen by a plain user.
"""

from __future__ import annotations

import os
from typing import Any

from steer.runtime.keeping import tree

MAX_NAMED = 20
_MAX_FILES = 4096  # of one process
_MAX_DEPTH = 40


def outsiders(folder: str) -> list[dict[str, Any]]:
    """`{pid, name}` of at most `MAX_NAMED` processes in `folder`, without this one and what it has started. Blocks."""
    try:
        info = os.stat(folder)  # noqa: PTH116 - strings and descriptors throughout: pathlib is ten times slower here
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208
    except OSError:
        return []
    own = {os.getpid(), *(p.pid for p in tree.descendants(os.getpid()))}
    found: list[dict[str, Any]] = []
    for pid in pids:
        if pid not in own and (_stands_in(pid, (info.st_dev, info.st_ino)) or _has_open(pid, folder)):
            process = tree.read_process(pid)
            if process and process.state not in "ZX":
                found.append({"pid": pid, "name": process.name})
        if len(found) == MAX_NAMED:
            break
    return found


def _stands_in(pid: int, place: tuple[int, int]) -> bool:
    """Whether its working folder is the one with this device and inode, or one below, in whatever mount it sees."""
    fd = -1
    try:
        fd = os.open(f"/proc/{pid}/cwd", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        before = None
        for _ in range(_MAX_DEPTH):
            info = os.fstat(fd)
            here = (info.st_dev, info.st_ino)
            if here in (place, before):
                return here == place
            above = os.open("..", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=fd)
            os.close(fd)
            fd, before = above, here
    except OSError:
        pass
    finally:
        if fd >= 0:
            os.close(fd)
    return False


def _has_open(pid: int, folder: str) -> bool:
    try:
        names = os.listdir(f"/proc/{pid}/fd")[:_MAX_FILES]  # noqa: PTH208
    except OSError:
        return False
    for name in names:
        try:
            target = os.readlink(f"/proc/{pid}/fd/{name}")  # noqa: PTH115
        except OSError:
            continue
        if target == folder or target.startswith(f"{folder}/"):
            return True
    return False


def names(found: list[dict[str, Any]]) -> str:
    """ "123 tmux: server, 124 sleep", with a word where there may be more."""
    more = " and more" if len(found) >= MAX_NAMED else ""
    return ", ".join(f"{p['pid']} {p['name']}" for p in found) + more
