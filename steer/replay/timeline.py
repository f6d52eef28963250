"""What a recording holds over time, made event by event: how long, how busy, and what stands out.

Memory is bounded whatever the recording is: activity is counted in a fixed number of buckets that double in
width when time runs over, and lists stop at a limit and say so.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from steer.record.reader import Event, Kind
from steer.replay.idle import IDLE_S
from steer.replay.mark import Mark, MarkKind, exit_label, kind_of

BUCKETS = 2048
_FIRST_BUCKET_S = 1 / 64
MAX_MARKS = 10_000
MAX_GAPS = 50_000
MAX_INPUTS = 20_000
_INPUT_APART_S = 0.5  # keys typed closer together are one input
_MAX_LABEL = 500
_PLAIN = ("duration", "events", "output_bytes", "inputs", "resizes", "gaps", "is_overfull")


class Timeline:
    """Feed it events with `take`, in order. All times are seconds since the recording began."""

    def __init__(self) -> None:
        self.duration = 0.0
        self.events = 0
        self.output_bytes = 0
        self.marks: list[Mark] = []
        self.inputs: list[float] = []  # when typing began
        self.resizes = 0
        self.gaps: list[tuple[float, float]] = []  # silences longer than `idle.IDLE_S`
        self.exit: Mark | None = None
        self.is_overfull = False  # there were more marks, inputs or gaps than are kept
        self._buckets = [0] * BUCKETS
        self._bucket_s = _FIRST_BUCKET_S
        self._active_at = 0.0
        self._input_at = -1e9

    def state(self) -> dict[str, Any]:
        """What it knows, as JSON can hold it; `restored` is the inverse. No more events can be taken after that."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            "marks": [[m.at, m.kind.value, m.label] for m in self.marks],
            "exit": [self.exit.at, self.exit.kind.value, self.exit.label] if self.exit else None,
            "buckets": self._buckets,
            "bucket_s": self._bucket_s,
        }

    @classmethod
    def restored(cls, state: dict[str, Any]) -> Timeline:
        """Raises KeyError, TypeError or ValueError for what is no such state."""
        made = cls()
        for name in _PLAIN:
            setattr(made, name, state[name])
        made.gaps = [(float(a), float(b)) for a, b in state["gaps"]]
        made.marks = [_restored_mark(m) for m in state["marks"]]
        made.exit = _restored_mark(state["exit"]) if state["exit"] else None
        made._buckets = [int(n) for n in state["buckets"]]
        made._bucket_s = float(state["bucket_s"])
        if len(made._buckets) != BUCKETS:
            raise ValueError("a timeline has other buckets")
        return made

    def take(self, event: Event) -> None:
        self.events += 1
        self.duration = max(self.duration, event.at)
        if event.kind is Kind.OUTPUT:
            self._output(event.at, len(event.data))
        elif event.kind is Kind.INPUT:
            self._input(event.at)
        elif event.kind is Kind.RESIZE:
            self.resizes += 1
        elif event.kind is Kind.MARKER:
            self._mark(Mark(event.at, kind_of(event.text), event.text[:_MAX_LABEL]))
        else:
            self.exit = Mark(event.at, MarkKind.EXIT, exit_label(event.status))
            self._mark(self.exit)

    def _output(self, at: float, size: int) -> None:
        self.output_bytes += size
        while at >= self._bucket_s * BUCKETS:
            pairs = zip(self._buckets[::2], self._buckets[1::2], strict=True)
            self._buckets = [a + b for a, b in pairs] + [0] * (BUCKETS // 2)
            self._bucket_s *= 2
        self._buckets[int(at / self._bucket_s)] += size
        self._end_gap(at)

    def _input(self, at: float) -> None:
        if at - self._input_at > _INPUT_APART_S:
            if len(self.inputs) < MAX_INPUTS:
                self.inputs.append(at)
            else:
                self.is_overfull = True
        self._input_at = at
        self._end_gap(at)

    def _mark(self, mark: Mark) -> None:
        if len(self.marks) < MAX_MARKS or mark.kind is MarkKind.EXIT:
            self.marks.append(mark)
        else:
            self.is_overfull = True

    def _end_gap(self, at: float) -> None:
        if at - self._active_at > IDLE_S:
            if len(self.gaps) < MAX_GAPS:
                self.gaps.append((self._active_at, at))
            else:
                self.is_overfull = True
        self._active_at = at

    def density(self, edges: list[float]) -> list[float]:
        """Bytes of output between each two neighbours of `edges` (rising; may reach outside the recording)."""
        return [self._bytes_between(start, end) for start, end in pairwise(edges)]

    def _bytes_between(self, start: float, end: float) -> float:
        """Buckets cut by an edge count by the share inside."""
        if start > self.duration:
            return 0.0
        width = self._bucket_s
        end = end if end < self.duration else width * BUCKETS  # the newest bucket is not over yet
        first, last = max(start / width, 0.0), min(end / width, float(BUCKETS))
        if last <= first:
            return 0.0
        i, j = int(first), min(int(last), BUCKETS - 1)
        if i == j:
            return self._buckets[i] * (last - first)
        inner = sum(self._buckets[i + 1 : j])
        return inner + self._buckets[i] * (i + 1 - first) + self._buckets[j] * (last - j)


def _restored_mark(value: list[Any]) -> Mark:
    at, kind, label = value
    return Mark(float(at), MarkKind(kind), str(label))
