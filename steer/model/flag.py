"""A flag: a detector's result, with evidence and the key it proposes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    INFO = "info"
    WARN = "warn"
    URGENT = "urgent"  # the operator is being waited for, or work is being burnt


@dataclass(frozen=True, slots=True)
class Flag:
    rule: str  # stable id: "repeated-failure", "asking", "out-of-scope", ...
    title: str  # at most 60 characters, for the pane's frame
    severity: Severity
    at: float  # seconds since the epoch when it was raised
    evidence: tuple[str, ...] = ()  # lines or paths
    propose: str = ""  # id of the command that helps: "inject", "kill", "answer"
    count: int = 1  # how often the behaviour was seen


@dataclass(frozen=True, slots=True)
class Attention:
    """How much a session needs the operator; sorts descending by `rank`."""

    rank: int
    reason: str
