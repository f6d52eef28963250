"""Commands that destroy what cannot be had back, or reach past the worktree: worth a look whoever asked for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from steer.detect.command import without_heredocs
from steer.detect.finding import Finding, Kind
from steer.detect.rules import Danger
from steer.model.step import Step, StepKind


class DangerDetector:
    """Feed steps as they begin: the flag should come before the result. The same rule is said once until told.

    A rule that says by which words the operator asks for such a command is silent when the newest message has them.
    """

    def __init__(self, rules: Sequence[Danger], task: str = "") -> None:
        self._rules = rules
        self._said: set[str] = set()
        self._asked = task
        self._inside: re.Pattern[str] | None = None  # beginnings of paths in the agent's folder

    def in_folder(self, path: str) -> None:
        """Where the agent works: an absolute path into it is not outside."""
        if path.count("/") >= 2:
            self._inside = re.compile(rf"(?<![\w./~-]){re.escape(path.rstrip('/'))}/(?!\.\.)(?=[\w.])")

    def feed(self, number: int, step: Step) -> Iterator[Finding]:
        if step.kind is not StepKind.RUN:
            return
        command = without_heredocs(step.action)
        if self._inside:
            command = self._inside.sub("./", command)
        for rule in self._rules:
            is_asked = rule.asked is not None and rule.asked.search(self._asked)
            if rule.id not in self._said and not is_asked and (found := rule.pattern.search(command)):
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

    def told(self, text: str) -> None:
        self._said.clear()
        self._asked = text[:4000]
