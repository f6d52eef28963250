"""Silence: it is the agent's turn, no tool runs, and nothing comes.

Between two events healthy agents wait up to a minute or two (Claude Code p99 37 s, p99.9 143 s; Codex p99 54 s, p99.9
352 s, measured over real sessions), so the first level is 180 s and the second 300 s.
"""

from __future__ import annotations

from collections.abc import Iterator

from steer.detect.finding import Finding, Kind, Level
from steer.detect.rules import Stall
from steer.model.step import Conversing, Entry, Said, Spent, Step, StepKind, Told, TurnEnded


class StallDetector:
    """Feed every entry, and the time as it passes."""

    def __init__(self, rules: Stall) -> None:
        self._rules = rules
        self._since = 0.0  # when the agent had everything it needs to go on; 0: it is not its turn
        self._running: set[str] = set()
        self._said: Level | None = None
        self._line = ""

    def feed(self, number: int, entry: Entry) -> Iterator[Finding]:
        at = entry.ended_at if isinstance(entry, Step) and entry.is_over else entry.at
        if at:
            yield from self.passed(number, entry.at or at)
        match entry:
            case Conversing() | Spent():
                return
            case Step() if entry.is_over:
                self._running.discard(entry.id)
                is_free = (
                    not self._running and entry.kind is not StepKind.WAIT
                )  # who polls has something running
                self._since = at if is_free else 0.0
                self._line = f"the last thing it did: {entry.action}"
            case Step():
                self._running.add(entry.id)
                self._since = 0.0
            case Told():
                self._since = 0.0 if entry.text.startswith("/") else at  # the CLI itself may answer that
                self._line = f"the last thing it was told: {entry.text}"
            case Said():
                self._since = 0.0  # what follows a message of its own is either at once or for the operator
            case TurnEnded():
                self._since = 0.0
                self._running.clear()
        if self._said:
            yield from self._over(number, at)

    def passed(self, number: int, now: float) -> Iterator[Finding]:
        """Time has passed; nothing else happened until `now`."""
        if not self._since:
            return
        for level, limit in ((Level.AMBER, self._rules.amber_s), (Level.RED, self._rules.red_s)):
            if now - self._since >= limit and (
                self._said is None or (level is Level.RED and self._said is Level.AMBER)
            ):
                self._said = level
                line = " ".join(self._line.split())[:200]
                yield Finding(
                    "silence", Kind.STALLED, level, f"silent for {limit / 60:.0f} minutes, no tool running", number,
                    self._since + limit, number, (line,), "inject", "silence",
                )  # fmt: skip

    def _over(self, number: int, at: float) -> Iterator[Finding]:
        level, self._said = self._said, None
        assert level is not None
        yield Finding(
            "silence", Kind.STALLED, level, "it goes on", number, at, number, key="silence", is_over=True
        )
