"""The last program before the agent: closes what is to be closed, looks whether it is, says so, becomes the agent.

Runs inside whatever isolates the session, by `python -I -S -c BOOT ORDER PLACE COMMAND...`, where ORDER is JSON:
`write` and `ports` for Landlock (no `write`: without), `canary` (a file that exists and must not be writable),
`outside` (a process that must not be signalled), `report` (a descriptor for one line; without, a failure is printed).
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

BOOT = "import sys; sys.path.append(sys.argv[2]); from steer.isolation.gate import main; main(sys.argv)"
FAILED = 126  # what a shell says of a command that it could not run
_RESTORED = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)


def prefix(order: dict[str, Any]) -> tuple[str, ...]:
    """What to put before an agent's command, whose program must be an absolute path."""
    place = str(Path(__file__).resolve().parents[2])
    return (sys.executable, "-I", "-S", "-c", BOOT, json.dumps(order), place)


def main(words: Sequence[str]) -> None:
    """Never returns."""
    order: dict[str, Any] = json.loads(words[1])
    argv = list(words[3:])
    report = order.get("report")
    if report is not None:
        os.set_inheritable(report, False)
    try:
        _close(order)
        why = find_breach(order)
    except OSError as e:
        why = f"{e.strerror} ({e.filename})" if e.filename else str(e.strerror)
    if why:
        _fail(report, why)
    if report is not None:
        os.write(report, b"{}\n")
        os.close(report)
    for signum in _RESTORED:
        signal.signal(signum, signal.SIG_DFL)
    try:
        os.execv(argv[0], argv)
    except OSError as e:
        _fail(None, f"cannot run {argv[0]}: {e.strerror}")


def _close(order: dict[str, Any]) -> None:
    if "write" in order:
        from steer.isolation import landlock  # costs the import of ctypes

        landlock.restrict(order["write"], order.get("ports"))


def find_breach(order: dict[str, Any]) -> str:
    """What can be done from here that should not; "" for nothing."""
    if order.get("canary") and _can_write(order["canary"]):
        return "what steer keeps can still be written"
    if order.get("outside") and _can_signal(order["outside"]):
        return "steer's processes can still be signalled"
    return ""


def _can_write(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def _can_signal(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _fail(report: int | None, why: str) -> None:
    if report is None:
        os.write(2, f"steer: {why}\n".encode())
    else:
        os.write(report, json.dumps({"why": why}).encode() + b"\n")
    os._exit(FAILED)
