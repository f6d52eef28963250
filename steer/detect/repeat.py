"""Repeated failure: the same failing result, edit, fruitless search or cycle again, with no progress between.

What sets this apart from comparing calls: results are compared, not commands; a family that succeeds, a failing set
that shrinks or a word of the operator clears what was counted; waiting is never a loop.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from steer.detect.command import is_quiet_status
from steer.detect.finding import Finding, Kind, Level
from steer.detect.outcome import Outcome, normal
from steer.detect.rules import Repeat
from steer.model.step import Step, StepKind

_LONG_MEMORY = ("no such command", "no such module")  # a missing tool is met again much later


@dataclass(slots=True)
class _Trouble:
    steps: list[int] = field(default_factory=list)  # at which it was seen since it was last cleared
    families: set[str] = field(default_factory=set)
    said: Level | None = None


@dataclass(frozen=True, slots=True)
class _Sight:
    number: int
    at: float
    step: Step
    outcome: Outcome


class RepeatDetector:
    """Feed every step that is over, in order, with its outcome."""

    def __init__(self, rules: Repeat) -> None:
        self._rules = rules
        self._troubles: dict[str, _Trouble] = {}
        self._said_before: set[str] = set()  # troubles that were shown and then answered by the operator
        self._sizes: dict[str, int] = {}  # family -> size of its newest failing set
        self._recent: deque[tuple[str, str]] = deque(maxlen=3 * rules.longest_cycle)
        self._cycle: tuple[int, int] = (0, 0)  # length and newest step of the cycle that was said
        self._chrome: set[str] = set()

    def told(self) -> None:
        """The operator spoke: what was counted belongs to the time before. Shown trouble that comes back is red."""
        self._said_before |= {key for key, t in self._troubles.items() if t.said}
        self._troubles.clear()
        self._recent.clear()

    def feed(self, number: int, step: Step, outcome: Outcome) -> Iterator[Finding]:
        if step.kind is StepKind.WAIT:
            return
        if outcome.chrome:
            self._chrome.add(outcome.chrome)
        if outcome.is_failure and normal(outcome.line) in self._chrome:
            return
        sight = _Sight(number, step.ended_at or step.at, step, outcome)
        yield from self._clear(sight)
        if outcome.is_failure:
            for signature in outcome.signatures:
                yield from self._seen(sight, "same-error", signature, outcome.line)
        if outcome.is_empty:
            yield from self._seen(sight, "empty-search", "a search that finds nothing", _short(step.action))
        if (
            step.kind is StepKind.EDIT
            and not outcome.is_failure
            and len(step.action) >= self._rules.edit_chars
        ):
            yield from self._seen(sight, "same-edit", f"edit {hash(step.action)}", _short(step.action))
        yield from self._in_cycle(sight)

    # -- one trouble ----------------------------------------------------------------------------------

    def _seen(self, sight: _Sight, rule: str, signature: str, line: str) -> Iterator[Finding]:
        key = f"{rule}:{signature}"
        trouble = self._troubles.setdefault(key, _Trouble())
        window = self._window(rule, signature)
        trouble.steps = [n for n in trouble.steps if sight.number - n < window] + [sight.number]
        trouble.families |= set(sight.outcome.families[-1:])
        amber = self._rules.empty_amber if rule == "empty-search" else self._rules.amber
        count = len(trouble.steps)
        if count < amber:
            return
        level = Level.RED if count >= amber + 2 or key in self._said_before else Level.AMBER
        if trouble.said is level or trouble.said is Level.RED:
            return
        trouble.said = level
        yield Finding(
            rule, Kind.REPEATED_FAILURE, level, _TITLES[rule], sight.number, sight.at,
            trouble.steps[amber - 1], (line, *(f"step {n}" for n in trouble.steps[-5:])),
            "inject" if level is Level.AMBER else "fork", key, count,
        )  # fmt: skip

    def _window(self, rule: str, signature: str) -> int:
        if rule == "empty-search":
            return self._rules.empty_window
        return self._rules.long_window if signature.startswith(_LONG_MEMORY) else self._rules.window

    # -- progress -------------------------------------------------------------------------------------

    def _clear(self, sight: _Sight) -> Iterator[Finding]:
        outcome = sight.outcome
        if (
            not outcome.is_empty
            and sight.step.kind in (StepKind.EDIT, StepKind.RUN)
            and not is_search(sight.step)
        ):
            yield from self._forget(sight, [k for k in self._troubles if k.startswith("empty-search")])
        if outcome.is_failure:
            yield from self._clear_converging(sight)
            return
        if sight.step.kind is StepKind.EDIT and not outcome.is_failure:
            return  # writing is not yet success; what it was for is
        if outcome.is_success:
            done = set(outcome.families)
            keys = [k for k, t in self._troubles.items() if k.startswith("same-error") and t.families & done]
            yield from self._forget(sight, keys)

    def _clear_converging(self, sight: _Sight) -> Iterator[Finding]:
        found = sight.outcome.failing
        if found is None or not found.size:
            return
        for family in sight.outcome.families[-1:]:
            before = self._sizes.get(family, 0)
            self._sizes[family] = found.size
            if 0 < found.size < before:
                keys = [k for k, t in self._troubles.items() if family in t.families]
                yield from self._forget(sight, keys)

    def _forget(self, sight: _Sight, keys: list[str]) -> Iterator[Finding]:
        for key in keys:
            trouble = self._troubles.pop(key)
            if trouble.said:
                yield Finding(
                    key.partition(":")[0], Kind.REPEATED_FAILURE, trouble.said, "progress again", sight.number,
                    sight.at, sight.number, (), "", key, is_over=True,
                )  # fmt: skip

    # -- cycles ---------------------------------------------------------------------------------------

    def _in_cycle(self, sight: _Sight) -> Iterator[Finding]:
        """The same actions with the same results, round after round, whatever they say of their success.

        Said once, until a step breaks it.
        """
        self._recent.append((f"{sight.step.tool} {sight.step.action}", sight.step.result[:2000]))
        seen = list(self._recent)
        for length in range(1, self._rules.longest_cycle + 1):
            rounds = self._rules.cycle_rounds if length > 1 else self._rules.cycle_rounds + 1
            if len(seen) < rounds * length:
                continue
            tail = seen[-length:]
            if all(seen[-(r + 1) * length : len(seen) - r * length] == tail for r in range(1, rounds)):
                known, newest = self._cycle
                self._cycle = (length, sight.number)
                if length == known and newest == sight.number - 1:
                    return
                steps = "the same step" if length == 1 else f"the same {length} steps"
                yield Finding(
                    "cycle", Kind.REPEATED_FAILURE, Level.RED, f"{steps}, {rounds} times over",
                    sight.number, sight.at, sight.number - (rounds - 3) * length if rounds > 3 else sight.number,
                    tuple(_short(action) for action, _ in tail[:5]), "interrupt", f"cycle:{length}", rounds,
                )  # fmt: skip
                return


def is_search(step: Step) -> bool:
    return step.kind is StepKind.SEARCH or (step.kind is StepKind.RUN and is_quiet_status(step.action))


_TITLES = {
    "same-error": "same error, no progress",
    "empty-search": "searches that find nothing",
    "same-edit": "the same edit applied again",
}


def _short(text: str) -> str:
    return " ".join(text.split())[:160]
