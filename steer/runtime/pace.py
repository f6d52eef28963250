"""How much of the supervisor's time floods may take: what is left is for keys, frames and interventions."""

from __future__ import annotations

SHARE = 0.4  # of wall-clock time that goes into interpreting output while more is waiting
BURST_S = 0.02  # of interpreting that is never delayed: redraws, build logs, everything but floods


class Pace:
    """One for all sessions of a supervisor. Credit for output is given back only as fast as this allows.

    Programs that flood are slowed down by their ptys then, which leaves processor time also to everybody else:
    without it eight floods keep every core busy, and a key waits for the scheduler at each of its five hops.
    Time is charged, not bytes: it adapts to the machine, to its other load, and to how hard the output is.
    """

    def __init__(self) -> None:
        self._free_at = 0.0

    def delay_s(self, now: float, spent_s: float) -> float:
        """How long to wait with the credit for output whose interpretation took `spent_s`."""
        self._free_at = max(self._free_at, now - BURST_S / SHARE) + spent_s / SHARE
        return max(0.0, self._free_at - now)
