"""What a program and all that it starts inherit from the moment it is run.

They ask to be killed first when memory runs out. And they carry their session's mark in a place that no program cleans:
the limit of file locks, which Linux has not looked at since 2.4.25 (getrlimit(2)) but hands on through every fork and
exec, whatever becomes of environment, terminal, process group and parent. Without privileges it cannot be raised again.
"""

from __future__ import annotations

OOM_RAISE = 300  # as browsers ask for their tabs: before the keeper and the desktop, after what has run wild
_RLIMIT_LOCKS = 10  # asm-generic/resource.h; Python has no name for it
_MARK_BYTES = 8  # of a session's id, its last ones; a letter is below 0x80, so the number is below infinity


def set_inherited(session: str) -> None:
    """For the child, between fork and exec. As far as the system lets it: nothing may keep a program from starting."""
    _raise_oom_score()
    _set_mark(session)


def _raise_oom_score() -> None:
    """See proc_pid_oom_score_adj(5): -1000 to 1000, more is killed earlier; anybody may raise their own."""
    try:
        with open("/proc/self/oom_score_adj", "r+b", buffering=0) as file:
            raised = min(1000, int(file.read()) + OOM_RAISE)
            file.write(b"%d" % raised)
    except (OSError, ValueError):
        pass  # not Linux


def _set_mark(session: str) -> None:
    try:
        import resource

        resource.setrlimit(_RLIMIT_LOCKS, (mark_of(session),) * 2)
    except (ImportError, OSError, ValueError, OverflowError):
        pass  # not Linux, or it runs inside something that has lowered this before


def mark_of(session: str) -> int:
    """The number that processes of the session carry."""
    return int.from_bytes(session.encode("ascii", "replace")[-_MARK_BYTES:], "big")


def read_mark(pid: int) -> int:
    """What the process carries; 0 for nothing, or where that cannot be seen (proc_pid_limits(5))."""
    try:
        with open(f"/proc/{pid}/limits", "rb") as file:
            text = file.read(4096)
    except OSError:
        return 0
    _, _, rest = text.partition(b"Max file locks")
    words = rest.split(None, 2)
    return int(words[1]) if len(words) > 2 and words[1].isdigit() else 0
