"""The one place that reads a clock."""

from __future__ import annotations

import time


class Clock:
    """Seconds since the epoch that never jump: wall time at the start plus monotonic time since.

    A wall clock that is set back, or summer time, changes neither order nor durations (faults B14, B15).
    """

    def __init__(self) -> None:
        self._anchor = time.time() - time.monotonic()

    def now(self) -> float:
        return self._anchor + time.monotonic()
