"""The timeline bar's axis: which moment stands in which of its columns. With silences cut, the bar cuts them too."""

from __future__ import annotations

from dataclasses import dataclass

from steer.replay.idle import IdleMap


@dataclass(frozen=True, slots=True)
class Axis:
    """`duration` is recorded time; `idle` None shows it as it was."""

    width: int
    duration: float
    idle: IdleMap | None = None

    @property
    def length(self) -> float:
        """What the whole bar stands for, in shown seconds."""
        return self.idle.shown(self.duration) if self.idle else self.duration

    def column(self, at: float) -> int:
        if self.length <= 0:
            return 0
        shown = self.idle.shown(at) if self.idle else at
        return min(max(int(self.width * shown / self.length), 0), self.width - 1)

    def at(self, fraction: float) -> float:
        """Recorded time at a share of the bar, 0 to 1."""
        shown = self.length * min(max(fraction, 0.0), 1.0)
        return min(self.idle.recorded(shown) if self.idle else shown, self.duration)

    def moved(self, at: float, shown_s: float) -> float:
        """Recorded time that lies `shown_s` shown seconds after `at` (before it, where negative)."""
        if self.idle is None:
            return at + shown_s
        return self.idle.recorded(max(0.0, self.idle.shown(at) + shown_s))

    def edges(self) -> list[float]:
        """Recorded times at which columns begin, and where the last one ends."""
        return [self.at(i / self.width) for i in range(self.width + 1)]
