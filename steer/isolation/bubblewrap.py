"""The command line of bubblewrap (bwrap(1)) for a room: the machine read-only, with holes in both directions."""

from __future__ import annotations

from pathlib import Path

from steer.isolation.room import Room

ALONE = ("--unshare-user", "--unshare-pid", "--unshare-ipc", "--cap-drop", "ALL", "--die-with-parent")
BASE = ("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc")


def wrap(program: str, room: Room) -> tuple[str, ...]:
    """What stands before the command. `room` must be furnished.

    Mounts are made from the root down, so that neither a hidden place nor a writable one covers what lies in it.
    """
    mounts = [(path, _hidden(path)) for path in room.hide]
    mounts += [(path, ("--ro-bind", path, path)) for path in room.show]
    mounts += [(path, ("--bind", path, path)) for path in room.write]
    if room.covers_tmp:
        mounts.append(("/tmp", ("--bind", room.tmp, "/tmp")))
    words = [word for _, mount in sorted(mounts, key=lambda m: _depth(m[0])) for word in mount]
    sealed = [w for path in room.hide if Path(path).is_dir() for w in ("--remount-ro", path)]
    return (program, *ALONE, *BASE, *words, *sealed, "--chdir", room.cwd, "--")


def _hidden(path: str) -> tuple[str, ...]:
    return ("--tmpfs", path) if Path(path).is_dir() else ("--ro-bind", "/dev/null", path)


def _depth(path: str) -> int:
    return path.rstrip("/").count("/")
