"""Whether a process comes from inside a session: has a keeper among its ancestors.

An agent runs as the operator's user, so file modes do not tell them apart; descent does. The keeper is a child
subreaper, so whatever an agent starts, double-forked and with a cleared environment too, keeps it as an ancestor.
A keeper is known by its command line, also one that nobody has connected to yet.
"""

from __future__ import annotations

from steer.runtime.keeper_launch import is_keeper_command

_LOOKS = 20  # where an ancestor ends while we look, its children have another parent, and we look again


def is_inside_session(pid: int, keepers: frozenset[int] = frozenset()) -> bool:
    """Whether process `pid` descends from a keeper: one of `keepers`, or any other of any repository.

    One that has ended counts as inside: whoever connects, passes the connection on and ends would otherwise have
    hidden where it came from. 0 stands for a process that cannot be seen from here.
    """
    for _ in range(_LOOKS):
        chain = _ancestors(pid)
        if chain is not None:
            return any(p in keepers or is_keeper_command(_command(p)) for p in chain)
    return True


def _ancestors(pid: int) -> list[int] | None:
    """`pid` and all above it but init; None where one of them has ended."""
    chain: list[int] = []
    parent: int | None = pid or None
    while parent is not None and parent > 1 and parent not in chain:
        chain.append(parent)
        parent = _parent(parent)
    return None if parent is None else chain


def _command(pid: int) -> list[bytes]:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:  # noqa: PTH123 - pathlib is ten times slower here
            return f.read().split(b"\0")
    except OSError:
        return []


def _parent(pid: int) -> int | None:
    """Parent of `pid`, None where there is no such process (proc_pid_stat(5); the name may contain anything)."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as f:  # noqa: PTH123 - as above
            return int(f.read().rpartition(b")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return None
