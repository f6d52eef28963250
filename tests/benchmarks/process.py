"""What processes cost, from /proc (Linux): processor seconds and memory."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path


def cpu_s(pids: Iterable[int]) -> float:
    """Seconds that all threads of `pids` have run, to the nanosecond (schedstat; `stat` counts ticks of 10 ms)."""
    return (
        sum(_run_ns(path) for pid in set(pids) for path in Path(f"/proc/{pid}/task").glob("*/schedstat"))
        / 1e9
    )


def _run_ns(path: Path) -> int:
    with contextlib.suppress(OSError, ValueError):
        return int(path.read_text().split()[0])
    return 0


def pss_mb(pids: Iterable[int]) -> float:
    """Proportional memory of `pids` together, shared pages divided among those who share them."""
    return sum(_pss_kb(pid) for pid in set(pids)) / 1024


def _pss_kb(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def parent(pid: int) -> int:
    with contextlib.suppress(OSError, IndexError, ValueError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def tree(pid: int) -> list[int]:
    """`pid` and all its descendants."""
    return [pid, *(n for child in children(pid) for n in tree(child))]
