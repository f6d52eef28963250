"""How long the machine slept: one of the system's clocks goes on meanwhile, the other stands still."""

from __future__ import annotations

import time
from collections.abc import Callable

MIN_S = 10.0  # shorter ones are no gap that anybody would wonder about


def lag() -> float:
    """Seconds by which sleeping kept the monotonic clock back (clock_gettime(2)); 0 where the system does not tell."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.clock_gettime(clock) - time.monotonic() if clock is not None else 0.0


class Nap:
    def __init__(self, lag: Callable[[], float] = lag) -> None:
        self._lag = lag
        self._known = lag()

    def take(self) -> float:
        """Seconds slept since the last call that told of any; 0.0 for none worth telling."""
        slept = self._lag() - self._known
        if slept < MIN_S:
            return 0.0
        self._known += slept
        return slept


def words(seconds: float) -> str:
    """ "42 s", "17 min", "9 h 58 min" """
    minutes = round(seconds / 60)
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
