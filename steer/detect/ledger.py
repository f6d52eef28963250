"""The ledger of one session's corrections: what the operator said, what was failing then, and whether it held.

Facts come in the order they happened and are all that has to be kept; everything else follows from them.
A correction answers for what comes between it and the next one; one that held can still turn out to come back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from steer.detect.correction import words

MAX_CORRECTIONS = 200
MAX_MEASURED = 50  # results kept of one check
MAX_SOURCES = 40
MAX_IDS = 40  # ids of a failing set that are kept
SIMILAR = 0.5  # share of words two texts have in common from which they say the same
OWN_CHECK = "check"  # the session's check command, run by steer


@dataclass(frozen=True, slots=True)
class Corrected:
    at: float
    text: str
    how: str = ""  # how it was delivered: "steer", "queue", "interrupt"; "": typed in the terminal
    step: int = 0  # number of the step it came after


@dataclass(frozen=True, slots=True)
class Measured:
    """A check ran: `size` findings fail, those in `ids` by name. Results of one `source` can be compared."""

    at: float
    source: str
    size: int
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Raised:
    """A flag was held up, or its behaviour was seen again."""

    at: float
    flag: str


@dataclass(frozen=True, slots=True)
class Cleared:
    at: float
    flag: str


@dataclass(frozen=True, slots=True)
class Kept:
    """Share of the lines added up to one checkpoint that the next one still has, 0 to 1."""

    at: float
    share: float


Fact = Corrected | Measured | Raised | Cleared | Kept


class Fate(StrEnum):
    """What became of a correction, by evidence."""

    OPEN = "not known yet"
    HELD = "held"
    HELPED = "helped: fewer fail"
    FAILED = "did not hold"
    BACK = "came back"
    UNTRIED = "nothing was failing that steer knows of"


@dataclass(slots=True)
class Correction:
    said: Corrected
    source: str = ""  # of the check that failed then
    size: int = 0
    ids: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()
    fate: Fate = Fate.OPEN
    left: set[str] = field(default_factory=set)  # of its flags, those still held up

    @property
    def trouble(self) -> frozenset[str]:
        """What it was about, as far as there is evidence."""
        return self.ids | self.flags | (frozenset({f"fails: {self.source}"}) if self.size else frozenset())


class Ledger:
    """Fold of facts. `since`: the time of the newest one, 0 for none."""

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self.corrections: deque[Correction] = deque(maxlen=MAX_CORRECTIONS)
        self.measured: dict[str, deque[Measured]] = {}  # by source, the one measured last at the end
        self.flags: set[str] = set()
        self.kept: deque[float] = deque(maxlen=8)
        self.since = 0.0
        for fact in facts:
            self.take(fact)

    def take(self, fact: Fact) -> None:
        self.since = max(self.since, fact.at)
        match fact:
            case Corrected():
                self._correct(fact)
            case Measured():
                self._measure(fact)
            case Raised(flag=flag):
                self.flags.add(flag)
                for c in self.corrections:
                    _see_again(c, flag, is_newest=c is self.corrections[-1])
            case Cleared(flag=flag):
                self.flags.discard(flag)
                if self.corrections:
                    _see_gone(self.corrections[-1], flag)
            case Kept(share=share):
                self.kept.append(share)

    def chain(self) -> list[Correction]:
        """The corrections on what the newest one is about, none of which helped; oldest first."""
        if not self.corrections or not _is_in_vain(self.corrections[-1]):
            return []
        newest = self.corrections[-1]
        found = [newest]
        for c in list(self.corrections)[-2::-1]:
            if not _is_in_vain(c) or not _is_same(c, newest):
                break
            found.append(c)
        return found[::-1]

    def _correct(self, said: Corrected) -> None:
        for c in self.corrections:
            if c.fate is Fate.OPEN and c.left:
                c.fate = Fate.FAILED  # its flags stood until the operator spoke again
        newest = next(reversed(self.measured.values()), None)
        made = Correction(said, flags=frozenset(self.flags), left=set(self.flags))
        if newest and newest[-1].size > 0:
            made.source, made.size = newest[-1].source, newest[-1].size
            made.ids = frozenset(newest[-1].ids)
        if not made.trouble:
            made.fate = Fate.UNTRIED
        self.corrections.append(made)

    def _measure(self, m: Measured) -> None:
        row = self.measured.pop(m.source, None) or deque(maxlen=MAX_MEASURED)
        row.append(m)
        self.measured[m.source] = row
        if len(self.measured) > MAX_SOURCES:
            del self.measured[next(iter(self.measured))]
        for c in self.corrections:
            if c.source == m.source and c.size:
                _weigh(c, m, is_newest=c is self.corrections[-1])


def _weigh(c: Correction, m: Measured, *, is_newest: bool) -> None:
    """What a result says about a correction that was given while this check failed."""
    remain = c.ids & frozenset(m.ids)
    is_gone = m.size == 0 or (bool(c.ids) and bool(m.ids) and not remain)
    if not is_newest:
        if c.fate is Fate.HELD and remain:
            c.fate = Fate.BACK
        return
    if is_gone:
        c.fate = Fate.HELD
    elif c.fate is Fate.HELD:
        c.fate = Fate.BACK
    else:
        c.fate = Fate.HELPED if m.size < c.size else Fate.FAILED


def _see_again(c: Correction, flag: str, *, is_newest: bool) -> None:
    if flag not in c.flags or c.size:
        return  # a failing set says more than a flag
    if c.fate is Fate.HELD:
        c.fate = Fate.BACK
    elif is_newest:
        c.fate = Fate.FAILED


def _see_gone(c: Correction, flag: str) -> None:
    c.left.discard(flag)
    if c.flags and not c.left and not c.size:
        c.fate = Fate.HELD


def _is_in_vain(c: Correction) -> bool:
    return c.fate in (Fate.FAILED, Fate.BACK, Fate.UNTRIED)


def _is_same(a: Correction, b: Correction) -> bool:
    """Whether two corrections are about one thing: what failed then, or else what was said."""
    if a.trouble and b.trouble:
        return bool(a.ids & b.ids or a.flags & b.flags) or (
            bool(a.size and b.size) and a.source == b.source and not (a.ids and b.ids)
        )
    one, other = words(a.said.text), words(b.said.text)
    return bool(one and other) and len(one & other) >= SIMILAR * len(one | other)
