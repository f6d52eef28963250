"""Whether a process comes from inside a session: has a keeper among its ancestors.

An agent runs as the operator's user, so file modes do not tell them apart; descent does. The keeper is a child
subreaper, so whatever an agent starts, double-forked and with a cleared environment too, keeps it as an ancestor.
A keeper is known by its command line, also one that nobody has connected to yet.
"""

from __future__ import annotations

from collections.abc import Iterator

from steer.runtime.keeper_launch import is_keeper_command


def is_inside_session(pid: int, keepers: frozenset[int] = frozenset()) -> bool:
    """Whether process `pid` descends from a keeper: one of `keepers`, or any other of any repository."""
    return any(p in keepers or is_keeper_command(_command(p)) for p in _ancestors(pid))


def _ancestors(pid: int) -> Iterator[int]:
    seen: set[int] = set()
    while pid > 1 and pid not in seen:
        yield pid
        seen.add(pid)
        pid = _parent(pid)


def _command(pid: int) -> list[bytes]:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:  # noqa: PTH123 - pathlib is ten times slower here
            return f.read().split(b"\0")
    except OSError:
        return []


def _parent(pid: int) -> int:
    """Parent of `pid`, 0 where there is none any more (proc_pid_stat(5); the name may contain anything)."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as f:  # noqa: PTH123 - as above
            return int(f.read().rpartition(b")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0
