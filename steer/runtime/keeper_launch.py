"""Start a keeper so that it outlives whoever started it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from select import select
from typing import IO, Any, NamedTuple

import ptyprocess

import steer
from steer.errors import EnvironmentFault, InternalError, SteerError, from_json

START_LIMIT_S = 20.0
# What an interpreter may need to start; the agent's own environment is in the launch file.
_ENV_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
# -I -S: faster, and nothing planted in a user's site or the current folder runs; so the two places are told.
_BOOT = (
    "import os, sys; sys.path += sys.argv[2:]; "
    "from steer.runtime.keeper import main; os._exit(main(sys.argv[1]))"
)


class LaunchResult(NamedTuple):
    pid: int  # of the keeper
    child_pid: int  # of the program in the session
    note: str = ""  # what does not work as it should on this system, or ""


def launch(path: str | Path) -> LaunchResult:
    """Start a keeper for the launch file at `path` and wait until its program runs.

    Blocks for some 50 ms; call it from a thread. Raises `AgentError` when the command is not found or not
    executable, `EnvironmentFault` when the folder is missing, the disk is full or the keeper does not start.
    On an error no process, socket or recording is left.
    """
    starter = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _BOOT, str(path), *_places()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
        env={name: os.environ[name] for name in _ENV_KEPT if name in os.environ},
    )
    assert starter.stdout is not None
    with starter.stdout as pipe:
        line = _read_line(pipe)
    if not line.endswith(b"\n"):
        _abandon(starter.pid)
    starter.wait()  # it forks the keeper and ends at once
    return _result(line)


def is_keeper_command(argv: list[bytes]) -> bool:
    """Whether a process with this command line is one that `launch` started."""
    return argv[1:5] == [b"-I", b"-S", b"-c", _BOOT.encode()]


def _places() -> list[str]:
    """The folders that hold steer and ptyprocess."""
    files = (steer.__file__, ptyprocess.__file__)
    return list(dict.fromkeys(str(Path(file).resolve().parent.parent) for file in files))


def _read_line(pipe: IO[bytes]) -> bytes:
    line = b""
    while not line.endswith(b"\n") and select([pipe], [], [], START_LIMIT_S)[0]:
        piece = os.read(pipe.fileno(), 65536)
        if not piece:
            break
        line += piece
    return line


def _abandon(group: int) -> None:
    """End a keeper that does not come up; its pty closes, so a program it has started is hung up."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _result(line: bytes) -> LaunchResult:
    try:
        value: dict[str, Any] = json.loads(line)
    except ValueError:
        raise EnvironmentFault("the session's keeper did not start", "see whether Python can run") from None
    if value.get("ok"):
        return LaunchResult(value["pid"], value["child_pid"], value.get("note", ""))
    error: SteerError = from_json(value.get("error", {}))
    raise error if error.message else InternalError("the keeper failed without a word")
