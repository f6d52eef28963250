"""What a detector found: the kind of trouble, since which step, and the evidence for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    REPEATED_FAILURE = "repeated_failure"
    DRIFT = "drift"
    STALLED = "stalled"
    ASKING = "asking"
    ERROR = "error"
    DIVERGING = "diverging"
    CORRECTION_LOOP = "correction_loop"
    DANGER = "danger"
    OVERLAP = "overlap"
    BUDGET = "budget"


class Level(StrEnum):
    AMBER = "amber"  # worth a look when there is time
    RED = "red"  # work is being burnt, or about to be lost


@dataclass(frozen=True, slots=True)
class Finding:
    """`key` names the trouble itself: a finding with the same rule and key is the same trouble, seen again."""

    rule: str  # id of the rule in `rules.toml`
    kind: Kind
    level: Level
    title: str  # at most 60 characters
    step: int  # 1-based number of the step at which it was found
    at: float  # seconds: the stream's own clock
    onset_step: int  # at which it began
    evidence: tuple[str, ...] = ()
    propose: str = "inject"  # inject | fork | restart | answer | kill | interrupt
    key: str = ""
    count: int = 1  # how often the behaviour was seen
    is_over: bool = False  # the trouble of this rule and key is gone
