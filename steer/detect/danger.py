"""Commands that destroy what cannot be had back, or reach past the worktree: worth a look whoever asked for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from steer.detect.command import without_heredocs
from steer.detect.finding import Finding, Kind
from steer.detect.rules import Danger
from steer.model.step import Step, StepKind


class DangerDetector:
    """Feed steps as they begin: the flag should come before the result. The same rule is said once until told."""

    def __init__(self, rules: Sequence[Danger]) -> None:
        self._rules = rules
        self._said: set[str] = set()

    def feed(self, number: int, step: Step) -> Iterator[Finding]:
        if step.kind is not StepKind.RUN:
            return
        command = without_heredocs(step.action)
        for rule in self._rules:
            if rule.id not in self._said and (found := rule.pattern.search(command)):
                self._said.add(rule.id)
                line = " ".join(command[max(0, found.start() - 40) : found.end() + 80].split())
                yield Finding(
                    rule.id,
                    Kind.DANGER,
                    rule.level,
                    rule.title,
                    number,
                    step.at,
                    number,
                    (line,),
                    "interrupt",
                    f"danger:{rule.id}",
                )

    def told(self) -> None:
        self._said.clear()
