"""`python -m steer.runtime.supervise COMMON_DIR`: start the repository's supervisor, and how to have one started.

The first to take the lock serves; a second one that lost the race exits once the first answers. The starter
learns by a line on a pipe that the socket is there, or in a sentence why not.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from steer.config.path import RepositoryPath, data_home, private_dir, runtime_home, state_home
from steer.errors import EnvironmentFault, InternalError, SteerError, from_json
from steer.runtime.sync_client import SyncClient

START_TIMEOUT_S = 30.0


def paths_for(common_dir: Path) -> RepositoryPath:
    from steer.config.load import load
    from steer.config.path import for_repository

    return for_repository(common_dir, load().config.worktree.root)


def is_serving(paths: RepositoryPath) -> bool:
    try:
        with SyncClient(paths.socket, timeout_s=5.0) as client:
            client.call("ping")
        return True
    except SteerError:
        return False


def ensure_supervisor(common_dir: Path) -> Path:
    """The socket of a supervisor that answers, started if need be. Raises `SteerError` saying why not."""
    paths = paths_for(common_dir)
    if not is_serving(paths):
        _start(common_dir, paths)
    return paths.socket


def _start(common_dir: Path, paths: RepositoryPath) -> None:
    _refuse_inside_session()
    make_folders(paths)
    read_end, write_end = os.pipe()
    with paths.log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "steer.runtime.supervise", os.fspath(common_dir), str(write_end)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            pass_fds=(write_end,),
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
    from steer.runtime.origin import is_inside_session

    if is_inside_session(os.getpid()):
        raise EnvironmentFault(
            "no supervisor runs, and one cannot be started from inside a session",
            "run steer in a terminal of your own",
        )


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
    common_dir, pipe = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else -1
    if os.fork() > 0:
        os._exit(0)
    try:
        _serve(common_dir, lambda said: _say(pipe, said))
    except SteerError as e:
        _say(pipe, {"error": e.to_json()})
        return e.exit_code
    return 0


def _say(pipe: int, said: dict[str, object]) -> None:
    with contextlib.suppress(OSError):
        os.write(pipe, json.dumps(said).encode() + b"\n")
        os.close(pipe)


def _serve(common_dir: Path, say: Callable[[dict[str, object]], None]) -> None:
    paths = paths_for(common_dir)
    make_folders(paths)
    lock = os.open(paths.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _wait_for_other(paths)
        say({"ok": True})
        return
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
    import time

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
