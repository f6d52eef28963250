"""One session's stream of entries through all detectors; the same live, on recordings and on transcripts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from steer.detect.convergence import ConvergenceDetector
from steer.detect.danger import DangerDetector
from steer.detect.drift import DriftDetector
from steer.detect.finding import Finding
from steer.detect.ledger import Fact
from steer.detect.outcome import outcome
from steer.detect.repeat import RepeatDetector
from steer.detect.reversal import ReversalDetector
from steer.detect.rules import Rules, default_rules
from steer.detect.scope import ScopeDetector
from steer.detect.stall import StallDetector
from steer.detect.weaken import WeakenDetector
from steer.detect.write import writes
from steer.model.step import Arrival, Conversing, Entry, Said, Step, StepKind, Told, TurnEnded


class Pipeline:
    """`task` and `scope` are what the operator asked for. Every method returns what is news, knowing only the past."""

    def __init__(
        self,
        task: str = "",
        scope: Sequence[str] = (),
        rules: Rules | None = None,
        convergence: ConvergenceDetector | None = None,
    ) -> None:
        self._rules = rules or default_rules()
        self._repeat = RepeatDetector(self._rules.repeat)
        self._drift = DriftDetector(self._rules.drift, task)
        self._weaken = WeakenDetector(self._rules.drift, task)
        self._reversal = ReversalDetector(self._rules.drift)
        self._scope = ScopeDetector(scope)
        self._danger = DangerDetector(self._rules.danger, task)
        self._stall = StallDetector(self._rules.stall)
        self.convergence = convergence or ConvergenceDetector(task)
        self.convergence.loop_after = self._rules.correction.messages
        self._number = 0
        self._begun: dict[str, int] = {}

    @property
    def steps(self) -> int:
        return self._number

    def feed(self, entry: Entry) -> list[Finding]:
        return self._judged([*self._stall.feed(self._number, entry), *self._feed(entry)])

    def passed(self, now: float) -> list[Finding]:
        """Time has passed without an entry; `now` on the entries' clock."""
        return self._judged(self._stall.passed(self._number, now))

    def took(self, fact: Fact) -> list[Finding]:
        """Steer itself knows something: its own check ran, a flag from elsewhere, a checkpoint."""
        return self._wanted(self.convergence.take(fact, is_live=True))

    def _judged(self, found: Iterable[Finding]) -> list[Finding]:
        """What is wanted of it, and what follows from that for the session's corrections."""
        wanted = self._wanted(found)
        return wanted + self._wanted(g for f in wanted for g in self.convergence.found(f))

    def _wanted(self, found: Iterable[Finding]) -> list[Finding]:
        return [f for f in found if f.rule not in self._rules.off and f.kind.value not in self._rules.off]

    def _feed(self, entry: Entry) -> Iterator[Finding]:
        match entry:
            case Step():
                yield from self._step(entry)
            case Said(at, text):
                yield from self._drift.said(self._number, at, text)
            case Told(at=at, text=text, arrival=Arrival.SUBMITTED):
                yield from self._drift.turn_ended(self._number, at)
                yield from self.convergence.told(self._number, at, text)
                self._tell(text)
            case Conversing(cwd=cwd) if cwd:
                self._danger.in_folder(cwd)
                self._scope.in_folder(cwd)
            case TurnEnded(at):
                yield from self._drift.turn_ended(self._number, at)

    def _tell(self, text: str) -> None:
        self._repeat.told()
        self._drift.told(text)
        self._danger.told(text)
        self._weaken.told(text)
        self._reversal.told()
        self._scope.told()

    def _step(self, step: Step) -> Iterator[Finding]:
        if step.id not in self._begun:
            self._number += 1
            self._begun[step.id] = self._number
            yield from self._danger.feed(self._number, step)
        if not step.is_over:
            return
        number = self._begun.pop(step.id)
        how = outcome(step)
        made = writes(step) if not how.is_failure or step.kind is StepKind.RUN else []
        yield from self._repeat.feed(number, step, how)
        yield from self.convergence.step(number, step, how)
        yield from self._drift.feed(number, step, how, made)
        yield from self._weaken.feed(number, step, how, made)
        yield from self._reversal.feed(number, step, made)
        yield from self._scope.feed(number, step, made)
