"""What an agent did, said and was told, whichever source it was read from: the vocabulary of detectors.

Texts are the agent's or its tools' and untrusted. Times are seconds since the epoch, 0 where not known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

BECOMES = "\n=======\n"  # in the action of an edit: path, line break, old text, this, new text
MAX_TEXT = 16 * 1024  # characters of an action or a result that are kept: its head and its tail


class StepKind(StrEnum):
    """What kind of action it was, whatever the agent calls its tool."""

    RUN = "run"  # a shell command
    EDIT = "edit"  # writes files
    READ = "read"
    SEARCH = "search"
    FETCH = "fetch"  # something from the network
    WAIT = "wait"  # polls or sleeps, nothing new is done
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Step:
    """One action of the agent with its result. Reported again, with the same id, when the result arrives."""

    id: str  # the source's id of the action; unique in its conversation
    at: float
    tool: str  # as the agent calls it: "Bash", "exec_command", "replace"
    kind: StepKind
    action: str  # the command line, the path and text of an edit, the pattern searched
    result: str = ""
    exit: int | None = None  # status of a shell command, where the source says it
    is_error: bool = False  # the source itself says that it failed
    files: tuple[str, ...] = ()  # paths it names, as the agent wrote them
    ended_at: float = 0.0  # 0: no result yet

    @property
    def is_over(self) -> bool:
        return bool(self.ended_at)


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the agent."""

    at: float
    text: str


class Arrival(StrEnum):
    """How far a message of the operator got."""

    QUEUED = "queued"  # the agent has it and will read it later
    SUBMITTED = "submitted"  # it is part of the conversation


@dataclass(frozen=True, slots=True)
class Told:
    """A message of the operator, as the agent took it."""

    at: float
    text: str
    arrival: Arrival = Arrival.SUBMITTED


class TurnEnd(StrEnum):
    DONE = "done"
    INTERRUPTED = "interrupted"
    FAILED = "failed"  # API error, context full, ...


@dataclass(frozen=True, slots=True)
class TurnEnded:
    at: float
    end: TurnEnd
    text: str = ""  # of the error


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and money, of one answer of a model or summed. `cost_usd` None: not known."""

    model: str = ""  # the newest one's name
    input: int = 0  # tokens read, those from a cache not counted
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cost_usd: float | None = None
    context: int = 0  # tokens of the newest request: how full the context is

    @property
    def tokens(self) -> int:
        return self.input + self.output + self.cache_read + self.cache_write


@dataclass(frozen=True, slots=True)
class Spent:
    """What one answer of the model took."""

    at: float
    usage: Usage


@dataclass(frozen=True, slots=True)
class Conversing:
    """The conversation that what follows belongs to: at the beginning, and when its id changes (/clear)."""

    at: float
    id: str
    cwd: str = ""
    version: str = ""  # of the agent
    model: str = ""


def total(usages: Iterable[Usage]) -> Usage:
    """The sum of tokens and of known costs; `cost_usd` None where none is known."""
    known = list(usages)
    costs = [u.cost_usd for u in known if u.cost_usd is not None]
    return Usage(
        input=sum(u.input for u in known),
        output=sum(u.output for u in known),
        cache_read=sum(u.cache_read for u in known),
        cache_write=sum(u.cache_write for u in known),
        cost_usd=sum(costs) if costs else None,
    )


Entry = Step | Said | Told | TurnEnded | Spent | Conversing
