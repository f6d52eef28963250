"""Idle compression: recorded time to shown time and back, with long silences cut short.

Recorded time is seconds since the recording began; shown time is what playing takes at normal speed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

IDLE_S = 1.0  # how long a silence lasts in shown time, and from when on it is one


class IdleMap:
    """`gaps` are silences (start, end) in recorded seconds, in order and apart; each counts as `limit_s`."""

    def __init__(self, gaps: Iterable[tuple[float, float]] = (), limit_s: float = IDLE_S) -> None:
        self.limit_s = limit_s
        self._starts: list[float] = []
        self._ends: list[float] = []
        self._saved = [0.0]  # seconds cut by the gaps before the one of the same index
        for start, end in gaps:
            if end - start > limit_s:
                self._starts.append(start)
                self._ends.append(end)
                self._saved.append(self._saved[-1] + end - start - limit_s)

    @property
    def saved_s(self) -> float:
        return self._saved[-1]

    def shown(self, at: float) -> float:
        """Shown time of the recorded time `at`; a gap runs faster so that it lasts `limit_s`."""
        i = bisect_right(self._starts, at) - 1
        if i < 0:
            return at
        start, end = self._starts[i], self._ends[i]
        if at >= end:
            return at - self._saved[i + 1]
        return start - self._saved[i] + (at - start) * self.limit_s / (end - start)

    def recorded(self, shown: float) -> float:
        """The inverse of `shown`."""
        i = self._gap_before(shown)
        if i < 0:
            return shown
        start, end = self._starts[i], self._ends[i]
        inside = shown - (start - self._saved[i])
        if inside >= self.limit_s:
            return shown + self._saved[i + 1]
        return start + inside * (end - start) / self.limit_s

    def _gap_before(self, shown: float) -> int:
        """The last gap that begins at or before a shown time; -1 for none."""
        low, high = 0, len(self._starts)
        while low < high:
            middle = (low + high) // 2
            if self._starts[middle] - self._saved[middle] <= shown:
                low = middle + 1
            else:
                high = middle
        return low - 1


def common_gaps(
    tracks: list[tuple[float, float, list[tuple[float, float]]]], total: float
) -> list[tuple[float, float]]:
    """Silences that several recordings share.

    A track is (when it begins, how long it lasts, its gaps in its own time); it is silent before and after.
    `total` is where the last one ends.
    """
    shared = [(0.0, total)]
    for begin, length, gaps in tracks:
        silent = [(0.0, begin), *((begin + a, begin + b) for a, b in gaps), (begin + length, total)]
        shared = _intersection(shared, [(a, b) for a, b in silent if b > a])
    return shared


def _intersection(
    one: list[tuple[float, float]], other: list[tuple[float, float]]
) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    i = j = 0
    while i < len(one) and j < len(other):
        start, end = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if end > start:
            found.append((start, end))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return found
