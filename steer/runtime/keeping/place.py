"""What a keeper has on disk: its socket, its recording, its word about the end."""

from __future__ import annotations

import os
import socket
import stat
import time

from steer.record import cast
from steer.runtime.keeping.launch import Launch, LaunchError
from steer.runtime.keeping.loop import Loop
from steer.runtime.keeping.tape import Tape, sync_folder


def write_atomic(path: str, data: bytes) -> None:
    """Put `data` at `path`, wholly or not at all, readable by this user only; durable when this returns."""
    draft = f"{path}.{os.getpid()}"
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        if os.write(fd, data) != len(data):
            raise OSError("short write")
        os.fsync(fd)
    finally:
        os.close(fd)
    os.replace(draft, path)
    sync_folder(path)


def bind(path: str) -> socket.socket:
    """Listen at `path`, which only this user can connect to from its first moment. Raises `LaunchError`."""
    probe = socket.socket(socket.AF_UNIX)
    try:
        probe.connect(path)
        raise LaunchError("internal", f"a keeper is listening at {path} already")
    except FileNotFoundError:
        pass
    except ConnectionRefusedError:
        os.unlink(path)  # left by a keeper that was killed
    except OSError as e:
        raise LaunchError("environment", f"cannot use the socket {path}: {e}") from e
    finally:
        probe.close()
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        listener.bind(path)
        listener.listen(16)
    except OSError as e:
        listener.close()
        raise LaunchError("environment", f"cannot listen at {path}: {e.strerror or e}") from e
    finally:
        os.umask(before)
    return listener


class Door:
    """Where a keeper listens: at `path` to begin with, then at the first of `places` that can be."""

    def __init__(self, path: str, places: tuple[str, ...]) -> None:
        self._path = path
        self._places = places or (path,)

    def put_back(self) -> socket.socket | None:
        """Listen anew where the socket was removed, say with its folder at a logout, or where a better place is back.

        None where nothing is to be done, or nothing can be.
        """
        for place in self._places:
            if place == self._path and os.path.lexists(place):
                return None
            if listener := bind_again(place):
                if place != self._path:
                    self.close()
                self._path = place
                return listener
        return None

    def close(self) -> None:
        try:
            os.unlink(self._path)
        except OSError:
            pass  # its folder is gone


def bind_again(path: str) -> socket.socket | None:
    """Listen at `path` where nothing is; None where something is, or cannot be.

    The folder and the one above it are made again, and must be this user's own and closed to others.
    """
    if os.path.lexists(path):
        return None
    folder = os.path.dirname(path)
    try:
        for made in (os.path.dirname(folder), folder):
            if not os.path.lexists(made):
                os.mkdir(made, 0o700)
            info = os.lstat(made)
            if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.geteuid() or info.st_mode & 0o077:
                return None
        return bind(path)
    except (OSError, LaunchError):
        return None


def open_tape(launch: Launch, loop: Loop) -> Tape:
    """The recording with its header. Raises `LaunchError`."""
    try:
        tape = Tape(launch.recording, loop.wake)
    except OSError as e:
        raise LaunchError("environment", f"cannot create {launch.recording}: {e.strerror}") from e
    line = cast.header(launch.cols, launch.rows, time.time(), launch.term, launch.title, launch.env)
    if not tape.append(line):
        reason = tape.reason
        tape.close()
        os.unlink(launch.recording)
        raise LaunchError("environment", f"cannot write {launch.recording}: {reason}", "is the disk full?")
    return tape
