"""Whether a session converges: the trend of its failing checks, and corrections that lead nowhere.

Of 24 real sessions in a loop about four left it by themselves, whatever the operator said: after the fourth
correction in vain a fresh start with a brief is proposed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from steer.detect.command import is_check
from steer.detect.correction import words
from steer.detect.finding import Finding, Kind, Level
from steer.detect.ledger import (
    MAX_IDS,
    OWN_CHECK,
    SIMILAR,
    Cleared,
    Corrected,
    Correction,
    Fact,
    Fate,
    Ledger,
    Measured,
    Raised,
)
from steer.detect.outcome import Outcome
from steer.model.session import Trend
from steer.model.step import Step

LOOP_AFTER = 4  # corrections on one issue
RULE = "correction-loop"
_WINDOW = 6  # results that decide the trend
_STEADY = 3  # results from which a session can be stuck: the last two are no new minimum
_REWRITES = 4  # checkpoints in a row that keep less than half
_TAIL = re.compile(r"\s*(?:2>&1\s*)?\|\s*(?:tail|head|grep|tee|cat)\b[^|]*$|\s*2>&1\s*$")
_SCENE = re.compile(r"^(?:\s*(?:cd|export|source|\.)\s+[^&;]*(?:&&|;))+\s*")
_ASSENT = re.compile(
    r"^(?:y|yes|no|ok|okay|sure|go|go on|go ahead|continue|proceed|thanks?|thank you|good|great|perfect|nice|lgtm|done)"
    r"(?: (?:please|job|work|that'?s? (?:good|fine|right)))?[\s.!,]*$",
    re.I,
)


def trend_of(sizes: Sequence[int]) -> Trend:
    """Of sizes of failing sets, oldest first."""
    row = list(sizes)[-_WINDOW:]
    if len(row) < 2 or not any(row):
        return Trend.NONE
    last, best = row[-1], min(row[:-1])
    if last == 0 or last < best:
        return Trend.CONVERGING
    if len(row) >= _STEADY:
        is_rising = row[-1] >= row[-2] >= row[-3] and row[-1] > row[-3]
        if is_rising and last >= best + max(1, best // 4):
            return Trend.DIVERGING
        if min(row[-_STEADY + 1 :]) >= min(row[: -_STEADY + 1]):
            return Trend.STUCK
    return Trend.CONVERGING if last < row[0] else Trend.NONE


def trend(ledger: Ledger) -> Trend:
    """By the session's own check where there is one, else by the check the agent ran last, else by its rewriting."""
    if row := _row(ledger):
        return trend_of([m.size for m in row])
    shares = list(ledger.kept)[-_REWRITES:]
    return Trend.STUCK if len(shares) == _REWRITES and max(shares) < 0.5 else Trend.NONE


def _row(ledger: Ledger) -> Sequence[Measured]:
    """The results that decide the trend, oldest first; empty where no check ran twice."""
    rows = [ledger.measured.get(OWN_CHECK, ()), *reversed(ledger.measured.values())]
    return next((r for r in rows if len(r) > 1), ())


class ConvergenceDetector:
    """Facts out of a session's entries into its `ledger`; each fact kept is also given to `wrote`.

    Entries that are not newer than the ledger was at the beginning are in it already; those up to `since` are not
    this session's own. `how` says how a text was delivered.
    """

    def __init__(
        self,
        task: str = "",
        ledger: Ledger | None = None,
        wrote: Callable[[Fact], None] = lambda fact: None,
        how: Callable[[str], str] = lambda text: "",
        since: float = 0.0,
    ) -> None:
        self.ledger = ledger or Ledger()
        self._task = task.strip()
        self._since = since
        self._known_until = max(self.ledger.since, since)
        self._wrote = wrote
        self._how = how
        self._has_task = False
        self.loop_after = LOOP_AFTER
        self._number = 0
        self._shown = ("", 0)  # the flag held up now: what it is about, corrections
        self._is_diverging = False

    def told(self, number: int, at: float, text: str) -> Iterator[Finding]:
        self._number = number
        if at and at <= self._since:
            return  # said to the session that this one was forked from
        is_first, self._has_task = not self._has_task, True
        if (is_first and self._is_task(text)) or text.strip() == self._task or not is_correction(text):
            return
        yield from self.take(Corrected(at, text[:2000], self._how(text), number))

    def step(self, number: int, step: Step, outcome: Outcome) -> Iterator[Finding]:
        """A step that is over."""
        self._number = number
        found = outcome.failing
        if found is None or not is_check(outcome.families):
            return
        size = found.size if outcome.is_failure else 0
        if size < 0 or (outcome.is_failure and size == 0):
            size = 1
        ids = tuple(sorted(found.ids)[:MAX_IDS]) if outcome.is_failure else ()
        yield from self.take(Measured(step.ended_at or step.at, comparable(step.action), size, ids))

    def found(self, finding: Finding) -> Iterator[Finding]:
        """Another detector of this session found something."""
        name = f"{finding.rule} {finding.key}".strip()
        if finding.rule != RULE:
            yield from self.take(Cleared(finding.at, name) if finding.is_over else Raised(finding.at, name))

    def take(self, fact: Fact, *, is_live: bool = False) -> Iterator[Finding]:
        """`is_live`: from steer itself, so never in the ledger already."""
        if not is_live and fact.at and fact.at <= self._known_until:
            return
        self.ledger.take(fact)
        self._wrote(fact)
        yield from self.now(fact.at)

    def now(self, at: float) -> Iterator[Finding]:
        """Flags that hold by the ledger, where that is news."""
        yield from self._loop(at)
        is_diverging = OWN_CHECK in self.ledger.measured and trend(self.ledger) is Trend.DIVERGING
        if is_diverging != self._is_diverging:
            self._is_diverging = is_diverging
            sizes = " → ".join(str(m.size) for m in list(_row(self.ledger))[-_WINDOW:])
            yield Finding(
                "diverging", Kind.DIVERGING, Level.AMBER, "more and more checks fail", self._number, at,
                self._number, (f"failing: {sizes}",), is_over=not is_diverging,
            )  # fmt: skip

    def _loop(self, at: float) -> Iterator[Finding]:
        chain = self.ledger.chain()
        shown = (f"{chain[0].said.at:.3f}", len(chain)) if len(chain) >= self.loop_after else ("", 0)
        newest = self.ledger.corrections[-1] if self.ledger.corrections else None
        if shown == self._shown or (newest is not None and newest.fate is Fate.OPEN):
            return
        if self._shown[0] and self._shown[0] != shown[0]:
            yield _finding(self._shown[0], chain, self._number, at, is_over=True)
        if shown[0]:
            yield _finding(shown[0], chain, self._number, at)
        self._shown = shown

    def _is_task(self, text: str) -> bool:
        if not self._task or self._task in text or text.strip() in self._task:
            return True
        one, other = words(text), words(self._task)
        return bool(one and other) and len(one & other) >= SIMILAR * min(len(one), len(other))


def is_correction(text: str) -> bool:
    """Neither a command to the agent's program nor mere assent."""
    text = text.strip()
    return bool(text) and text[0] not in "/!" and not _ASSENT.match(text)


def comparable(command: str) -> str:
    """A check's command without what does not change its result: where it is run from, how its output is cut."""
    line = " ".join(_SCENE.sub("", command).split())
    while (cut := _TAIL.sub("", line)) != line:
        line = cut
    return line[:160]


def _finding(key: str, chain: list[Correction], number: int, at: float, *, is_over: bool = False) -> Finding:
    said = [f"{c.fate.value}: {' '.join(c.said.text.split())[:100]}" for c in chain]
    failing = sorted(chain[-1].ids)[:4] if chain else []
    onset = max(1, chain[0].said.step) if chain else number
    title = f"{len(chain)} corrections on one issue, none held"
    return Finding(
        RULE, Kind.CORRECTION_LOOP, Level.RED if len(chain) > LOOP_AFTER else Level.AMBER, title, number, at,
        onset, (*said, *failing), "restart", key, len(chain), is_over,
    )  # fmt: skip


_MEANS = {Trend.CONVERGING: "fewer fail", Trend.STUCK: "no progress", Trend.DIVERGING: "more fail"}


def explain(ledger: Ledger) -> list[str]:
    """The trend with the figures behind it, and the newest corrections with what became of each."""
    lines = []
    now, row = trend(ledger), _row(ledger)
    if now is not Trend.NONE:
        sizes = " → ".join(str(m.size) for m in list(row)[-_WINDOW:])
        by = f"{sizes} failing in {row[-1].source}" if row else "it rewrites what it wrote"
        lines.append(f"trend {now.value}, {_MEANS[now]}: {by}")
    if ledger.kept:
        share = sum(ledger.kept) / len(ledger.kept)
        lines.append(f"of its changed lines {share:.0%} are kept from checkpoint to checkpoint")
    return lines + [_told(c) for c in list(ledger.corrections)[-10:]]


def _told(c: Correction) -> str:
    failing = f"{c.size} failing" if c.size else ", ".join(sorted(f.split(" ")[0] for f in c.flags)[:3])
    then = f" (then: {failing})" if failing else ""
    how = f", {c.said.how}" if c.said.how else ""
    return f"correction{how}: {' '.join(c.said.text.split())[:100]}{then}: {c.fate.value}"
