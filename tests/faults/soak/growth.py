"""What the processes of a soak hold, over time: memory, descriptors, threads; the first quarter against the last."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from tests.benchmarks.process import pss_mb

ALLOWED = 0.05
ENOUGH = 40  # samples; with fewer, how a process comes up is taken for growth
# On top of that share, because a process that was killed meanwhile begins anew and fills its caches again.
SLACK = {"MB": 12.0, "descriptors": 8.0, "threads": 4.0}


class Growth:
    """Samples per kind of process and figure, in the order they were taken."""

    def __init__(self) -> None:
        self._samples: dict[tuple[str, str], list[float]] = defaultdict(list)

    def take(self, kinds: dict[str, list[int]]) -> None:
        """Process ids by kind; of several processes of a kind it is their mean that counts."""
        for kind, pids in kinds.items():
            alive = [pid for pid in pids if Path(f"/proc/{pid}/fd").exists()]
            if not alive:
                continue
            self._samples[kind, "MB"].append(pss_mb(alive) / len(alive))
            self._samples[kind, "descriptors"].append(_mean(_entries(pid, "fd") for pid in alive))
            self._samples[kind, "threads"].append(_mean(_entries(pid, "task") for pid in alive))

    def lines(self) -> tuple[list[str], list[str]]:
        """(what each figure was, what grew beyond what is allowed)."""
        told, grown = [], []
        for (kind, what), values in self._samples.items():
            quarter = max(1, len(values) // 4)
            first, last = statistics.median(values[:quarter]), statistics.median(values[-quarter:])
            line = f"{kind}: {what} {first:.1f} -> {last:.1f} (median of the first and last quarter of {len(values)})"
            told.append(line)
            if len(values) >= ENOUGH and last > first * (1 + ALLOWED) + SLACK[what]:
                grown.append(line)
        return told, grown


def _mean(values: Iterable[int]) -> float:
    return statistics.fmean(values)


def _entries(pid: int, what: str) -> int:
    try:
        return sum(1 for _ in Path(f"/proc/{pid}/{what}").iterdir())
    except OSError:
        return 0


def disk_mb(folder: Path) -> float:
    """What all files below `folder` take."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_blocks * 512
        except OSError:
            continue
    return total / 1e6
