"""What stands on a timeline: markers of the recording, sorted by what they mean.

steer writes the markers of its own sessions (`runtime/intervention`, `runtime/supervisor.py`), and their first
word says what happened. Markers of other recorders are notes. Labels are untrusted text.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class MarkKind(StrEnum):
    INTERVENTION = "intervention"  # what the operator did
    FORK = "fork"
    FLAG = "flag"
    CHECKPOINT = "checkpoint"
    STEP = "step"  # what the agent did
    NOTE = "note"
    EXIT = "exit"


# First words of steer's own markers.
_FIRST_WORD = {
    "inject": MarkKind.INTERVENTION,
    "interrupt": MarkKind.INTERVENTION,
    "pause": MarkKind.INTERVENTION,
    "continue": MarkKind.INTERVENTION,
    "kill": MarkKind.INTERVENTION,
    "told": MarkKind.INTERVENTION,  # of a transcript (`conversation.py`)
    "forked": MarkKind.FORK,
    "restarted": MarkKind.FORK,
    "flag": MarkKind.FLAG,
    "checkpoint": MarkKind.CHECKPOINT,
    "step": MarkKind.STEP,
}


@dataclass(frozen=True, slots=True)
class Mark:
    """`at`: seconds since the recording began. `label` is untrusted."""

    at: float
    kind: MarkKind
    label: str


def kind_of(label: str) -> MarkKind:
    first, _, _ = label.partition(" ")
    return _FIRST_WORD.get(first.rstrip(":"), MarkKind.NOTE)


_DIGEST = re.compile(r"(inject|checkpoint) [0-9a-f]{6,64}\b")


def wording(mark: Mark) -> str:
    """The label for people: without the digests that steer's own markers carry."""
    return _DIGEST.sub(r"\1", mark.label, count=1)


def exit_label(status: int | None) -> str:
    """What an exit event says; `status` is negative for a signal, None when the recording does not tell."""
    if status is None:
        return "ended"
    return f"ended by signal {-status}" if status < 0 else f"ended with status {status}"


def last_mark(marks: Sequence[Mark], at: float) -> Mark | None:
    """The newest of `marks` (in order) at or before `at`, steps left out: they stand on the screen."""
    for i in range(bisect_right(marks, at, key=lambda mark: mark.at) - 1, -1, -1):
        if marks[i].kind is not MarkKind.STEP:
            return marks[i]
    return None


def neighbour(marks: Sequence[Mark], at: float, by: int) -> Mark | None:
    """The first of `marks` (in order) after `at` (by 1) or the last one before it (by -1)."""
    if by > 0:
        i = bisect_right(marks, at, key=lambda mark: mark.at)
    else:
        i = bisect_left(marks, at, key=lambda mark: mark.at) - 1
    return marks[i] if 0 <= i < len(marks) else None
