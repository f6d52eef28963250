"""Edits that go back and forth: a place in a file gets a text, loses it, gets it again.

One edit that is taken back is how agents correct themselves, or was asked for (10 % of real Claude Code sessions have
one); so it takes two, a word of the operator clears, and what was added to look at something (prints, logging) does
not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from steer.detect.finding import Finding, Kind, Level
from steer.detect.rules import Drift
from steer.detect.write import Write
from steer.model.step import Step

_LOOKING = re.compile(
    r"\bprint\w*\(|console\.\w+\(|\blog(?:ger|ging)?\.|\bdebug|dbg!|fmt\.Print|breakpoint", re.I
)
MAX_EDITS = 60  # remembered of one file


class ReversalDetector:
    """Feed what each step that is over wrote."""

    def __init__(self, rules: Drift) -> None:
        self._rules = rules
        self._edits: dict[str, list[tuple[int, str, str]]] = {}  # path -> step, old, new
        self._reversals: dict[str, list[int]] = {}

    def told(self) -> None:
        self._edits.clear()
        self._reversals.clear()

    def feed(self, number: int, step: Step, made: Sequence[Write]) -> Iterator[Finding]:
        for write in made:
            old, new = write.old.strip(), write.new.strip()
            if not write.path or write.is_document or len(old) < self._rules.reversal_chars or old == new:
                continue
            edits = self._edits.setdefault(write.path, [])
            if any((o, n) == (new, old) for _, o, n in edits) and not _LOOKING.search(old + new):
                yield from self._reversed(number, step, write)
            edits.append((number, old, new))
            del edits[:-MAX_EDITS]

    def _reversed(self, number: int, step: Step, write: Write) -> Iterator[Finding]:
        at = self._reversals.setdefault(write.path, [])
        at.append(number)
        if len(at) not in (self._rules.reversals, self._rules.reversals + 1):
            return
        name = write.path.rsplit("/", 1)[-1]
        level = Level.AMBER if len(at) == self._rules.reversals else Level.RED
        yield Finding(
            "reversal", Kind.DRIFT, level, f"edits {name} there and back, ×{len(at)}"[:60], number,
            step.ended_at or step.at, at[0],
            (write.path, " ".join(write.new.split())[:160], *(f"step {n}" for n in at)), "inject",
            f"reversal:{write.path}", len(at),
        )  # fmt: skip
