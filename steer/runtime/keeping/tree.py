"""All descendants of the keeper: find, stop, continue, kill and reap them.

The keeper is a child subreaper (prctl(2)): whatever the agent starts, however it detaches itself, has the
keeper as an ancestor, and "no child left" (ECHILD) proves that nothing is left. Signals go through pidfds
after a second look at the start time, so that a process id that was used again is never hit.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from typing import NamedTuple

_PR_SET_DUMPABLE = 4  # linux/prctl.h
_PR_SET_CHILD_SUBREAPER = 36
_FREEZE_ROUNDS = 100


class Process(NamedTuple):
    pid: int
    parent: int
    state: str  # R S D T t Z X I, proc(5)
    started: int  # clock ticks since boot; with the pid it names a process
    name: str


def become_subreaper() -> str:
    """Adopt orphaned descendants and close this process's memory to others. Returns what failed, or ""."""
    if not sys.platform.startswith("linux"):
        return "orphans of the agent cannot be adopted on this system"
    import ctypes  # here, because only Linux needs it

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        return f"cannot adopt orphans: {os.strerror(ctypes.get_errno())}"
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    return ""


def read_process(pid: int) -> Process | None:
    """The process with this id now; None when there is none."""
    try:
        fd = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        text = os.read(fd, 1024)
    except OSError:
        return None
    finally:
        os.close(fd)
    head, _, tail = text.rpartition(b")")  # the name may hold spaces and parentheses
    fields = tail.split()
    name = head.partition(b"(")[2].decode("utf-8", "replace")
    return Process(pid, int(fields[1]), fields[0].decode(), int(fields[19]), name)


def descendants(root: int) -> list[Process]:
    """Every living process below `root`, parents before children. Empty where there is no /proc."""
    try:
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []
    children: dict[int, list[Process]] = {}
    for pid in pids:
        process = read_process(pid)
        if process:
            children.setdefault(process.parent, []).append(process)
    found: list[Process] = []
    level = children.get(root, [])
    while level:
        found += level
        level = [child for parent in level for child in children.get(parent.pid, [])]
    return [p for p in found if p.state not in "ZX"]


def is_inside_session(pid: int, keeper: int) -> bool:
    """Whether `pid` is below `keeper` or below another process that was started like it: a keeper of any session.

    One that has ended counts as inside, since it may have passed its connection on. Where an ancestor ends while
    we look, we look again: its children have another parent now. Bounded all the same.
    """
    how, at = _started_as(keeper), pid
    for _ in range(1000):
        process = read_process(at)
        if process is None and at == pid:
            return True
        at = process.parent if process else pid
        if process and at <= 1:
            return False
        if process and (at == keeper or (how and _started_as(at) == how)):
            return True
    return True


def _started_as(pid: int) -> list[bytes]:
    """The options and the program of a Python's command line, without their arguments; [] where it is none."""
    try:
        fd = os.open(f"/proc/{pid}/cmdline", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return []
    try:
        words = os.read(fd, 4096).split(b"\0")
    except OSError:
        return []
    finally:
        os.close(fd)
    return words[1:5] if words[1:4] == [b"-I", b"-S", b"-c"] else []


def send(process: Process, signum: int) -> bool:
    """Signal exactly this process. False when it is gone or may not be signalled."""
    try:
        fd = os.pidfd_open(process.pid)
    except OSError:
        return False
    try:
        again = read_process(process.pid)
        if again is None or again.started != process.started:
            return False
        signal.pidfd_send_signal(fd, signum)
    except OSError:
        return False
    finally:
        os.close(fd)
    return True


def freeze(root: int) -> list[Process]:
    """SIGSTOP everything below `root` until nothing runs there and nothing new appears.

    A process goes on, and may fork, until its signal is delivered; so being sent is not enough. One in
    uninterruptible sleep (D) is not waited for. Returns those that ran before, parents first: they stop
    first, so that no shell sees its job stopped.
    """
    seen: set[tuple[int, int]] = set()
    stopped: list[Process] = []
    was_still = False  # one more look then: what was forked after a list was made is not in it
    for _ in range(_FREEZE_ROUNDS):
        found = descendants(root)
        fresh = [p for p in found if (p.pid, p.started) not in seen]
        is_still = not fresh and not any(p.state in "RS" for p in found)
        if is_still and was_still:
            break
        was_still = is_still
        for process in fresh:
            seen.add((process.pid, process.started))
            if send(process, signal.SIGSTOP) and process.state != "T":
                stopped.append(process)
        os.sched_yield()
    return stopped


def thaw(processes: Iterable[Process]) -> None:
    """SIGCONT, children first: a shell that wakes up finds its job running."""
    for process in reversed(list(processes)):
        send(process, signal.SIGCONT)


def kill(root: int) -> None:
    """One sweep: stop everything below `root` so that nothing can fork away, then kill it."""
    freeze(root)
    for process in descendants(root):
        send(process, signal.SIGKILL)


def reap(limit: int = 1000) -> list[tuple[int, int]]:
    """(pid, status) of children that ended, at most `limit`; a negative status is a signal."""
    ended: list[tuple[int, int]] = []
    while len(ended) < limit:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if not pid:
            break
        ended.append((pid, os.waitstatus_to_exitcode(status)))
    return ended


def has_children() -> bool:
    """Whether any descendant exists, zombies included: orphans become children of the subreaper."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True
