"""One session's stream of entries through all detectors; the same live, on recordings and on transcripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from steer.detect.finding import Finding
from steer.detect.outcome import outcome
from steer.detect.repeat import RepeatDetector
from steer.detect.rules import Rules
from steer.model.step import Entry, Step, Told


class Pipeline:
    """`task` and `scope` are what the operator asked for. Every method returns what is news, knowing only the past."""

    def __init__(self, task: str = "", scope: Sequence[str] = (), rules: Rules | None = None) -> None:
        self._rules = rules or Rules()
        self._repeat = RepeatDetector(self._rules.repeat)
        self._number = 0
        self._begun: dict[str, int] = {}

    @property
    def steps(self) -> int:
        return self._number

    def feed(self, entry: Entry) -> list[Finding]:
        found = list(self._feed(entry))
        return [f for f in found if f.rule not in self._rules.off]

    def _feed(self, entry: Entry) -> Iterator[Finding]:
        match entry:
            case Step():
                yield from self._step(entry)
            case Told():
                self._repeat.told()

    def _step(self, step: Step) -> Iterator[Finding]:
        if step.id not in self._begun:
            self._number += 1
            self._begun[step.id] = self._number
        if not step.is_over:
            return
        number = self._begun.pop(step.id)
        yield from self._repeat.feed(number, step, outcome(step))
