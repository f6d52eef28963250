"""A correction loop: the operator says it again and again, and the same check fails as before.

Four messages on the same failing result without improvement: starting over with what was learnt is cheaper than a
fifth. What counts is the failing result after the message, not its words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from steer.detect.finding import Finding, Kind, Level
from steer.detect.outcome import Outcome
from steer.detect.rules import Correction
from steer.model.step import Step

MAX_MESSAGES = 6  # kept as evidence


@dataclass(slots=True)
class _Failure:
    first: int  # step
    size: int  # of the failing set; 0: not known
    families: set[str]
    heard: int = 0  # messages of the operator that were counted for it
    corrections: list[str] = field(default_factory=list)
    is_said: bool = False


class CorrectionDetector:
    """Feed steps that are over, and what the operator says."""

    def __init__(self, rules: Correction) -> None:
        self._rules = rules
        self._told: list[str] = []
        self._failures: dict[str, _Failure] = {}

    def told(self, text: str) -> None:
        self._told.append(" ".join(text.split())[:120])

    def feed(self, number: int, step: Step, outcome: Outcome) -> Iterator[Finding]:
        if outcome.is_success:
            done = set(outcome.families)
            self._failures = {k: f for k, f in self._failures.items() if not f.families & done}
        if not outcome.is_failure:
            return
        size = outcome.failing.size if outcome.failing else 0
        for signature in outcome.signatures:
            failure = self._failures.get(signature)
            if failure is None or 0 < size < failure.size:
                failure = self._failures[signature] = _Failure(number, size, set(), len(self._told))
            failure.families |= set(outcome.families[-1:])
            failure.corrections += self._told[failure.heard :]
            failure.heard = len(self._told)
            count = len(failure.corrections)
            if count >= self._rules.messages and not failure.is_said:
                failure.is_said = True
                yield Finding(
                    "correction-loop", Kind.CORRECTION_LOOP, Level.RED, f"told ×{count}, fails as before", number,
                    step.ended_at or step.at, number, (outcome.line, *failure.corrections[-MAX_MESSAGES:]), "restart",
                    f"correction:{signature}", count,
                )  # fmt: skip
