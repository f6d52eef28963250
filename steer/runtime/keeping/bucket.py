"""A token bucket: a sustained rate with a burst, without a clock of its own."""

from __future__ import annotations


class Bucket:
    """`rate` bytes a second on average, `burst` at once. A rate of 0 or less never limits."""

    def __init__(self, rate: float, burst: float, at: float) -> None:
        self.rate = rate
        self.burst = burst
        self._level = burst
        self._at = at

    def take(self, at: float, size: int) -> None:
        """Spend `size`, into debt if need be."""
        self._refill(at)
        self._level -= size

    def has(self, at: float, size: int) -> bool:
        self._refill(at)
        return self.rate <= 0 or self._level >= size

    def wait_s(self, at: float, size: int) -> float:
        """Seconds until `size` is there; 0 when it is. Sizes over the burst count as the burst."""
        self._refill(at)
        missing = min(size, self.burst) - self._level
        return missing / self.rate if self.rate > 0 and missing > 0 else 0.0

    def _refill(self, at: float) -> None:
        if at > self._at:
            self._level = min(self.burst, self._level + (at - self._at) * self.rate)
            self._at = at
