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
    key: str = ""  # what it is about, where one rule can hold up several: an error, a file
    since: float = 0.0  # when the trouble began, seconds since the epoch; 0: not known
    suggestion: str = ""  # a correction to begin with; untrusted

    @property
    def name(self) -> str:
        """The same for the same trouble, seen again."""
        return f"{self.rule} {self.key}".strip()


@dataclass(frozen=True, slots=True)
class Mute:
    """A flag that the operator put away. It comes back when it gets more severe, or when its time is over."""

    name: str
    severity: Severity  # it had when it was put away
    until: float = 0.0  # seconds since the epoch; 0: for good

    def hides(self, flag: Flag, now: float) -> bool:
        is_worse = flag.severity is Severity.URGENT and self.severity is not Severity.URGENT
        return flag.name == self.name and not is_worse and (not self.until or now < self.until)


@dataclass(frozen=True, slots=True)
class Attention:
    """How much a session needs the operator; sorts descending by `rank`."""

    rank: int
    reason: str
