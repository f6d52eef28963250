"""`python -m steer.runtime.supervise COMMON_DIR`: start the repository's supervisor, and how to have one started.

The first to take the lock serves; a second one that lost the race exits once the first answers. The starter
learns by a line on a pipe that the socket is there, or in a sentence why not.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from steer import __version__
from steer.config.path import RepositoryPath, data_home, private_dir, runtime_home, state_home
from steer.errors import EnvironmentFault, InternalError, SteerError, from_json
from steer.runtime.sync_client import SyncClient

START_TIMEOUT_S = 30.0


def paths_for(common_dir: Path) -> RepositoryPath:
    from steer.config.load import load
    from steer.config.path import for_repository

    return for_repository(common_dir, load().config.worktree.root)


def is_serving(paths: RepositoryPath) -> bool:
    return _serving(paths) is not None


def _serving(paths: RepositoryPath) -> dict[str, Any] | None:
    """What the supervisor says of itself, `pid` and `version`; None where none answers."""
    try:
        with SyncClient(paths.socket, timeout_s=5.0) as client:
            return client.call("ping")
    except SteerError:
        return None


def ensure_supervisor(common_dir: Path) -> Path:
    """The socket of a supervisor that answers, started if need be. Raises `SteerError` saying why not.

    One of an older steer makes room for one of this: agents belong to their keepers and notice nothing. From inside a
    session it is left alone. One of a newer steer is not asked: its answers may hold what is unknown here.
    """
    paths = paths_for(common_dir)
    said = _serving(paths)
    if said is None:
        _start(common_dir, paths)
        said = _serving(paths)  # of others who start one at the same time, one may be of another version
    if said is not None and not is_current(said):
        _replace(common_dir, paths, said)
    return paths.socket


def is_current(said: dict[str, Any]) -> bool:
    """Whether a supervisor that says this of itself (`ping`) is of this version of steer."""
    return _release(said.get("version")) == _release(__version__)


def _release(version: object) -> tuple[int, ...]:
    """The numbers that it begins with: (0, 1, 0) of "0.1.0.dev2"; () where the first supervisors did not say it."""
    numbers = re.match(r"\d+(?:\.\d+)*", str(version))
    return tuple(int(n) for n in numbers[0].split(".")) if numbers else ()


def _replace(common_dir: Path, paths: RepositoryPath, said: dict[str, Any]) -> None:
    if _release(said.get("version")) > _release(__version__):
        raise EnvironmentFault(
            f"this is steer {__version__}, and the supervisor of this repository is of steer {said['version']}",
            "use that one, or install it here too; sessions go on meanwhile",
        )
    if _is_inside():
        return
    lock = os.open(paths.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if _relieve(paths, int(said["pid"]), lock):
            _start(common_dir, paths, lock)
    finally:
        os.close(lock)


def _relieve(paths: RepositoryPath, pid: int, lock: int) -> bool:
    """Have this supervisor end, as SIGTERM does: what it had begun, the next one settles. Whether `lock` is held then;
    if not, somebody else has relieved it.
    """
    with contextlib.suppress(OSError):
        if pid > 1 and b"steer.runtime.supervise" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGTERM)  # whoever answered, nobody else is signalled
    deadline = time.monotonic() + START_TIMEOUT_S
    while not _is_free(lock):
        if (_serving(paths) or {}).get("pid", pid) != pid:
            return False
        if time.monotonic() > deadline:
            raise EnvironmentFault(
                f"the supervisor of an older steer, process {pid}, does not end",
                f"its log: {paths.log}; `kill -9 {pid}` costs nothing, agents go on",
            )
        time.sleep(0.02)
    return True


def _is_free(lock: int) -> bool:
    """Whether the lock could be taken; it is held then."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _start(common_dir: Path, paths: RepositoryPath, lock: int = -1) -> None:
    """Start one and wait until it answers. It inherits `lock` where that is held, so that nobody comes between."""
    _refuse_inside_session()
    make_folders(paths)
    read_end, write_end = os.pipe()
    with paths.log.open("ab") as out:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "steer.runtime.supervise",
                os.fspath(common_dir),
                str(write_end),
                str(lock),
            ],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            pass_fds=(write_end, lock) if lock >= 0 else (write_end,),
            cwd="/",
        )
    os.close(write_end)
    try:
        ready, _, _ = select.select([read_end], [], [], START_TIMEOUT_S)
        line = os.read(read_end, 65536) if ready else b""
    finally:
        os.close(read_end)
    process.wait()  # it has forked the one that serves, so that no zombie is ever left with its starter
    _check_start(line, paths)


def _refuse_inside_session() -> None:
    """A supervisor started by an agent would end with that agent's session, and take the others with it."""
    if _is_inside():
        raise EnvironmentFault(
            "no supervisor runs, and one cannot be started from inside a session",
            "run steer in a terminal of your own",
        )


def _is_inside() -> bool:
    from steer.runtime.origin import is_inside_session

    return is_inside_session(os.getpid())


def _check_start(line: bytes, paths: RepositoryPath) -> None:
    try:
        said = json.loads(line)
    except ValueError:
        raise InternalError("the supervisor did not start", f"its log: {paths.log}") from None
    if error := said.get("error"):
        raise from_json(error)


def shut_down(common_dir: Path) -> dict[str, str]:
    """End every session of the fleet and then its supervisor. Worktrees and recordings stay.

    Returns what could not be ended: session name -> its processes, or why. Raises `SteerError` where the supervisor
    could not do it. Where it is gone but sessions are not, one is started for that: only it can reach them all.
    """
    paths = paths_for(common_dir)
    if has_keepers := any(paths.runtime.glob("k-*.sock")):
        ensure_supervisor(common_dir)
    try:
        with SyncClient(paths.socket) as client:
            return dict(client.call("shut_down")["remain"])
    except EnvironmentFault:
        if has_keepers:
            raise
        return {}  # nothing runs here


def make_folders(paths: RepositoryPath) -> None:
    for folder in (
        state_home(),
        data_home(),
        paths.state,
        paths.sessions,
        runtime_home(),
        paths.runtime,
        paths.worktrees,
    ):
        private_dir(folder)


def main() -> int:
    common_dir = Path(sys.argv[1])
    pipe, lock = (int(fd) for fd in sys.argv[2:4]) if len(sys.argv) > 2 else (-1, -1)
    if os.fork() > 0:
        os._exit(0)
    try:
        _serve(common_dir, lambda said: _say(pipe, said), lock)
    except SteerError as e:
        _say(pipe, {"error": e.to_json()})
        return e.exit_code
    return 0


def _say(pipe: int, said: dict[str, object]) -> None:
    with contextlib.suppress(OSError):
        os.write(pipe, json.dumps(said).encode() + b"\n")
        os.close(pipe)


def _serve(common_dir: Path, say: Callable[[dict[str, object]], None], lock: int) -> None:
    paths = paths_for(common_dir)
    make_folders(paths)
    if lock < 0:
        lock = os.open(paths.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if not _is_free(lock):
        _wait_for_other(paths)
        say({"ok": True})
        return
    os.set_inheritable(lock, False)  # else agents would hold it
    _supervise(common_dir, paths, say)


def _supervise(common_dir: Path, paths: RepositoryPath, say: Callable[[dict[str, object]], None]) -> None:
    """The winner's work. The heavy imports are here: of many started at once, one pays for them."""
    import asyncio
    import faulthandler
    import logging

    from steer.adapters.git.repository import discover
    from steer.runtime.supervisor import Supervisor
    from steer.runtime.tree import Trees

    faulthandler.enable()  # a crash in native code leaves its stack in the log
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("watchfiles").setLevel(logging.WARNING)  # it logs every change, hooks' too
    with contextlib.suppress(FileNotFoundError):
        paths.socket.unlink()  # ours by the lock: whoever bound it is gone
    supervisor = Supervisor(Trees(discover(common_dir), paths), paths)
    asyncio.run(supervisor.run(lambda: say({"ok": True})))
    for place in {paths.socket, paths.at_present().socket}:
        with contextlib.suppress(OSError):
            place.unlink()


def _wait_for_other(paths: RepositoryPath) -> None:
    """Another supervisor holds the lock; it serves as soon as it has adopted its sessions."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while not is_serving(paths):
        if time.monotonic() > deadline:
            raise EnvironmentFault(
                "another supervisor of this repository holds its lock and does not answer",
                f"its log: {paths.log}",
            )
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
