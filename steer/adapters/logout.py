"""Whether the system ends this user's processes at logout, agents and all: systemd's logind and user manager.

Sources: logind.conf(5) on KillUserProcesses, KillOnlyUsers and KillExcludeUsers; loginctl(1) on lingering;
systemd-run(1) for the way out of a session's scope.
"""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_LIMIT_S = 5.0
LINGER = "`loginctl enable-linger` keeps them"
MOVE = "`loginctl enable-linger` once, and starting with `systemd-run --user --scope steer`, keeps them"


@dataclass(frozen=True, slots=True)
class Logout:
    """`why` agents end at logout, and the `cure`; both empty where they stay, or where nobody can say."""

    why: str = ""
    cure: str = ""


def look_at_logout(pid: int | None = None, proc: Path = Path("/proc")) -> Logout:
    """What a logout does to process `pid`, this one by default, and to what it starts. Asks `loginctl`."""
    if shutil.which("loginctl") is None:
        return Logout()
    kind = _kind(pid or os.getpid(), proc)
    user = _ask(str(os.getuid()), "Linger")
    if not user or kind == "service":
        return Logout()  # it knows no such user: then none of their processes are its concern
    if kind == "manager":
        if user.get("Linger") == "yes":
            return Logout()
        return Logout("this system ends what your desktop started when you log out", LINGER)
    if _kills_sessions(_ask("", "KillUserProcesses", "KillOnlyUsers", "KillExcludeUsers")):
        return Logout("this system ends all your processes when you log out (KillUserProcesses)", MOVE)
    return Logout()


def _kind(pid: int, proc: Path) -> str:
    """By whom a process is held together: a login's "session", the user "manager", or a "service" of the system's."""
    try:
        text = (proc / str(pid) / "cgroup").read_text()
    except OSError:
        return "session"
    groups = [line.split(":", 2)[-1] for line in text.splitlines()]
    if any("/user@" in group for group in groups):
        return "manager"
    return "service" if any("/system.slice/" in group for group in groups) else "session"


def _kills_sessions(manager: dict[str, str]) -> bool:
    me, only = getpass.getuser(), manager.get("KillOnlyUsers", "").split()
    is_meant = (not only or me in only) and me not in manager.get("KillExcludeUsers", "").split()
    return manager.get("KillUserProcesses") == "yes" and is_meant


def _ask(user: str, *names: str) -> dict[str, str]:
    """Properties of a user, or of logind itself for ""; {} where it does not say."""
    words = ["loginctl", "show-user", *([user] if user else []), *(f"--property={name}" for name in names)]
    try:
        done = subprocess.run(words, capture_output=True, timeout=_LIMIT_S, check=True, text=True)
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return {}
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
