"""What a keeper is told at its start: the supervisor's launch file, checked, and what can be wrong in it."""

from __future__ import annotations

import json
import os
import stat
from typing import Any, NamedTuple


class LaunchError(Exception):
    """The session cannot start. `kind` is one of `steer.errors.Kind`; the launcher turns it into one."""

    def __init__(self, kind: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.hint = hint

    def to_json(self) -> dict[str, str]:
        return {"kind": self.kind, "message": self.message, "hint": self.hint}


class Launch(NamedTuple):
    session: str
    generation: int
    argv: tuple[str, ...]
    env: dict[str, str]  # the whole environment of the agent
    cwd: str
    cols: int
    rows: int
    recording: str  # path; must not exist
    socket: str  # path in a folder that is private already
    sockets: tuple[str, ...] = ()  # where to listen when the folder of `socket` goes, the best place first
    title: str = ""
    max_recording_bytes: int = 0  # 0: no cap
    thin_bytes_per_s: int = 0  # what is still recorded beyond the cap; 0: nothing
    max_processes: int = 0  # of the whole tree, beyond which it is stopped; 0: no limit
    unattended_bytes_per_s: int = 0  # how fast the pty is read while nobody consumes; 0: no limit
    term: str = "xterm-256color"
    isolation: str = "L0"  # the level that `wrapper` brings about
    wrapper: tuple[str, ...] = ()  # put before the command, which is then an absolute path
    gate: dict[str, Any] = {}  # noqa: RUF012 (never changed) - orders for `steer.isolation.gate`; {}: without one


def read_launch(path: str) -> Launch:
    """The launch described by the JSON file at `path`. Raises `LaunchError`."""
    try:
        with open(path, "rb") as file:
            value = json.load(file)
        return _build(value)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as e:
        raise LaunchError("internal", f"the launch file {path} is unusable: {e!r}") from e


def _build(value: dict[str, Any]) -> Launch:
    known = {k: v for k, v in value.items() if k in Launch._fields}
    known["argv"] = tuple(map(str, value["argv"]))
    known["sockets"] = tuple(map(str, value.get("sockets", ())))
    known["wrapper"] = tuple(map(str, value.get("wrapper", ())))
    known["env"] = {str(k): str(v) for k, v in value["env"].items()}
    for name in (
        "cols",
        "rows",
        "generation",
        *(n for n in known if n.endswith(("_bytes", "_per_s", "_processes"))),
    ):
        known[name] = int(value[name])
    launch = Launch(**known)
    cols, rows = clamp_size(launch.cols, launch.rows)
    env = launch.env if launch.env.get("TERM") else {**launch.env, "TERM": launch.term}
    return launch._replace(cols=cols, rows=rows, env=env)


def clamp_size(cols: int, rows: int) -> tuple[int, int]:
    """2..1000 columns, 1..500 rows: what every emulator behind steer survives."""
    return min(max(cols, 2), 1000), min(max(rows, 1), 500)


def find_command(launch: Launch) -> str:
    """Absolute path of the program in `argv[0]`, looked up as the agent's own environment says.

    Raises `LaunchError` saying which of folder, command and permission is missing.
    """
    if not launch.argv or not launch.argv[0]:
        raise LaunchError("user", "no command was given")
    if not os.path.isdir(launch.cwd):
        raise LaunchError("environment", f"the folder {launch.cwd} does not exist", "was it moved?")
    if not os.access(launch.cwd, os.X_OK):
        raise LaunchError("environment", f"cannot enter the folder {launch.cwd}", "check its permissions")
    name = launch.argv[0]
    places = [""] if "/" in name else launch.env.get("PATH", os.defpath).split(":")
    found = [os.path.join(launch.cwd, place, name) for place in places]
    for path in found:
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    raise _explain(name, found)


def _explain(name: str, tried: list[str]) -> LaunchError:
    for path in tried:
        if os.path.isdir(path) and "/" in name:
            return LaunchError("agent", f"cannot run {name}: it is a folder")
        if os.path.isfile(path) and not stat.S_IMODE(os.stat(path).st_mode) & 0o111:
            return LaunchError("agent", f"{path} is not executable", f"chmod +x {path}")
        if os.path.isfile(path):
            return LaunchError("agent", f"{path} may not be run by you", "check its permissions")
    return LaunchError("agent", f"command not found: {name}", "is it installed and on PATH?")
