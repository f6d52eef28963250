"""Precision, recall and delay on sessions, with intervals; false flags per hour."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass
class Score:
    """Sessions counted by whether they have the trouble and whether it was flagged; delays in steps after the onset."""

    hits: int = 0
    misses: int = 0
    false: int = 0
    delays: list[int] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.hits / max(1, self.hits + self.false)

    @property
    def recall(self) -> float:
        return self.hits / max(1, self.hits + self.misses)

    @property
    def f1(self) -> float:
        return 2 * self.hits / max(1, 2 * self.hits + self.misses + self.false)

    def line(self) -> str:
        p, r = wilson(self.hits, self.hits + self.false), wilson(self.hits, self.hits + self.misses)
        late = "-"
        if self.delays:
            late = f"{statistics.median(self.delays):.0f} / {quantile(self.delays, 0.9)}"
        return (
            f"P {self.precision:.2f} [{p[0]:.2f}-{p[1]:.2f}]  R {self.recall:.2f} [{r[0]:.2f}-{r[1]:.2f}]  "
            f"F1 {self.f1:.2f}  delay {late}  ({self.hits} hit, {self.misses} missed, {self.false} false)"
        )


def score(onsets: Mapping[str, int | None], flagged: Mapping[str, Sequence[int]]) -> Score:
    """`onsets`: of every judged session, None where it has not the trouble; `flagged`: steps of its flags in order.

    A delay is that of the first flag not more than three steps before the onset, and never less than 0; a session
    whose flags are all earlier counts as hit, without a delay.
    """
    result = Score()
    for id, onset in onsets.items():
        steps = flagged.get(id, ())
        if onset is None:
            result.false += bool(steps)
        elif not steps:
            result.misses += 1
        else:
            result.hits += 1
            result.delays += [max(0, s - onset) for s in steps if s >= onset - 3][:1]
    return result


def wilson(hits: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a share."""
    if not of:
        return 0.0, 1.0
    share = hits / of
    middle = share + z * z / (2 * of)
    spread = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return max(0.0, (middle - spread) / (1 + z * z / of)), min(1.0, (middle + spread) / (1 + z * z / of))


def quantile(values: Sequence[int], share: float) -> int:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]
