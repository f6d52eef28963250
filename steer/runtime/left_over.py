"""Processes of a session whose keeper is gone.

A keeper that was killed takes its agent along (the terminal hangs up), but not what the agent put into sessions and
daemons of their own: those become init's. They are known by the mark that each process of a session inherits
(`keeping/inherited.py`), or by `STEER_SESSION` in the environment they began with (proc_pid_environ(5)). The working
folder says nothing: the operator's own shell may stand there.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Collection
from typing import Any

from steer.runtime.keeper_launch import is_keeper_command
from steer.runtime.keeping import tree
from steer.runtime.keeping.inherited import mark_of, read_mark
from steer.runtime.keeping.stop import SWEEP_LIMIT_S

_AGAIN_S = 0.01
_ORDERS = 5  # the place of the path .../SESSION/launch-N.json in a keeper's command line


def end_left_over(session: str) -> list[dict[str, Any]]:
    """Kill what is left of `session`; blocks, some milliseconds mostly. Returns what is still there as `{pid, name}`.

    Only for sessions without a keeper that answers.
    """
    until = time.monotonic() + SWEEP_LIMIT_S
    while found := left_over([session]).get(session):
        if time.monotonic() > until:
            return [{"pid": p.pid, "name": p.name} for p in found]
        for process in found:  # stopped first, so that none forks away from the ones behind it
            tree.send(process, signal.SIGSTOP)
        for process in found:
            tree.send(process, signal.SIGKILL)
        time.sleep(_AGAIN_S)
    return []


def left_over(sessions: Collection[str]) -> dict[str, list[tree.Process]]:
    """Living processes that began inside of these sessions, and all their descendants, for those that have any."""
    marks = {mark_of(session): session for session in sessions}
    words = {f"STEER_SESSION={session}".encode(): session for session in sessions}
    found: dict[str, dict[int, tree.Process]] = {}
    for pid in _pids():
        session = marks.get(read_mark(pid)) or _began_in(pid, words)
        process = tree.read_process(pid) if session and pid != os.getpid() else None
        if session and process and process.state not in "ZX":
            found.setdefault(session, {}).update((p.pid, p) for p in (process, *tree.descendants(pid)))
    return {session: list(processes.values()) for session, processes in found.items()}


def keepers_of(sessions: Collection[str]) -> dict[str, int]:
    """The keepers' process ids, whether or not they can be reached; sessions without one are left out."""
    found = {}
    for pid in _pids():
        argv = _read(pid, "cmdline").split(b"\0")
        if is_keeper_command(argv) and len(argv) > _ORDERS:
            session = os.fsdecode(argv[_ORDERS]).split("/")[-2:][0]
            if session in sessions:
                found[session] = pid
    return found


def _pids() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - names are all it needs
    except OSError:
        return []


def _began_in(pid: int, words: dict[bytes, str]) -> str:
    for word in _read(pid, "environ").split(b"\0"):
        if session := words.get(word):
            return session
    return ""


def _read(pid: int, what: str) -> bytes:
    try:
        with open(f"/proc/{pid}/{what}", "rb") as f:  # noqa: PTH123 - pathlib is ten times slower here
            return f.read()
    except OSError:
        return b""
