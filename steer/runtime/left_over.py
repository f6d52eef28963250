"""Processes of a session whose keeper is gone.

A keeper that was killed takes its agent along (the terminal hangs up), but not what the agent put into sessions and
daemons of their own: those become init's. They are known by `STEER_SESSION` in the environment they began with
(proc_pid_environ(5)). A daemon that had cleared its environment as well is not found; the working folder says nothing,
the operator's own shell may stand there.
"""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from steer.runtime.keeping import tree
from steer.runtime.keeping.stop import SWEEP_LIMIT_S

_AGAIN_S = 0.01


def end_left_over(session: str) -> list[dict[str, Any]]:
    """Kill what is left of `session`; blocks, some milliseconds mostly. Returns what is still there as `{pid, name}`.

    Only for sessions without a keeper that answers.
    """
    until = time.monotonic() + SWEEP_LIMIT_S
    while found := left_over(session):
        if time.monotonic() > until:
            return [{"pid": p.pid, "name": p.name} for p in found]
        for process in found:  # stopped first, so that none forks away from the ones behind it
            tree.send(process, signal.SIGSTOP)
        for process in found:
            tree.send(process, signal.SIGKILL)
        time.sleep(_AGAIN_S)
    return []


def left_over(session: str) -> list[tree.Process]:
    """Living processes that began inside of `session`, and all their descendants."""
    try:
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - names are all it needs
    except OSError:
        return []
    found: dict[int, tree.Process] = {}
    for pid in pids:
        process = tree.read_process(pid) if pid != os.getpid() and _began_in(pid, session) else None
        if process and process.state not in "ZX":
            found |= {p.pid: p for p in (process, *tree.descendants(pid))}
    return list(found.values())


def _began_in(pid: int, session: str) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as f:  # noqa: PTH123 - pathlib is ten times slower here
            return f"STEER_SESSION={session}".encode() in f.read().split(b"\0")
    except OSError:
        return False
