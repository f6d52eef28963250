"""What happens to a fleet: past-tense facts, each with the time it happened. The engine folds them."""

from __future__ import annotations

from dataclasses import dataclass

from steer.model.ask import Ask
from steer.model.flag import Flag
from steer.model.operation import Operation, Progress
from steer.model.session import Activity, CheckResult, DiffStat, ProcessState, SessionSpec, Trend
from steer.model.step import Usage


@dataclass(frozen=True, slots=True)
class SessionAdded:
    spec: SessionSpec
    at: float
    process: ProcessState = ProcessState.STARTING
    exit_status: int | None = None
    recording: str = ""


@dataclass(frozen=True, slots=True)
class SpecChanged:
    spec: SessionSpec
    at: float


@dataclass(frozen=True, slots=True)
class ProcessStarted:
    session: str
    at: float
    recording: str
    isolation: str = "L0"  # in force, as its keeper saw it


@dataclass(frozen=True, slots=True)
class ProcessStopping:
    session: str
    at: float


@dataclass(frozen=True, slots=True)
class ProcessExited:
    session: str
    at: float
    status: int
    by_operator: bool = False


@dataclass(frozen=True, slots=True)
class KeeperLost:
    session: str
    at: float
    reason: str


@dataclass(frozen=True, slots=True)
class PauseChanged:
    session: str
    at: float
    is_paused: bool


@dataclass(frozen=True, slots=True)
class OutputSeen:
    session: str
    at: float


@dataclass(frozen=True, slots=True)
class TitleChanged:
    session: str
    at: float
    title: str


@dataclass(frozen=True, slots=True)
class ActivityReported:
    session: str
    at: float
    activity: Activity
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class AskChanged:
    """The dialog the agent shows now; None: it is gone."""

    session: str
    at: float
    ask: Ask | None


@dataclass(frozen=True, slots=True)
class ConversationFound:
    session: str
    at: float
    conversation: str  # the agent's id


@dataclass(frozen=True, slots=True)
class ConversationRead:
    """Where the session's conversation stands, after something was read from its transcript."""

    session: str
    at: float
    steps: int
    step_text: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class QueueChanged:
    session: str
    at: float
    count: int


@dataclass(frozen=True, slots=True)
class TreeChanged:
    """A file in the session's worktree changed."""

    session: str
    at: float


@dataclass(frozen=True, slots=True)
class CheckpointTaken:
    session: str
    at: float
    commit: str
    count: int  # checkpoints the session has now
    diff: DiffStat
    is_new: bool  # the tree differs from the checkpoint before it
    paths: tuple[str, ...] = ()  # changed against the base, for showing


@dataclass(frozen=True, slots=True)
class CheckChanged:
    session: str
    at: float
    result: CheckResult


@dataclass(frozen=True, slots=True)
class FlagsFound:
    """All flags a detector holds up for a session now; replaces what `source` said before."""

    session: str
    at: float
    source: str
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True)
class TrendChanged:
    session: str
    at: float
    trend: Trend


@dataclass(frozen=True, slots=True)
class LinesKept:
    """Share of the lines added up to the checkpoint before that the newest one still has, 0 to 1."""

    session: str
    at: float
    share: float


@dataclass(frozen=True, slots=True)
class JudgePaid:
    """What the judge has cost for a session by now."""

    session: str
    at: float
    usd: float


@dataclass(frozen=True, slots=True)
class DiskMeasured:
    session: str
    at: float
    size_bytes: int


@dataclass(frozen=True, slots=True)
class RecordingNoted:
    session: str
    at: float
    note: str


@dataclass(frozen=True, slots=True)
class SessionNoted:
    session: str
    at: float
    note: str


@dataclass(frozen=True, slots=True)
class OperationLogged:
    operation: Operation
    at: float


@dataclass(frozen=True, slots=True)
class ProgressChanged:
    progress: Progress
    at: float
    is_over: bool = False


Event = (
    SessionAdded
    | SpecChanged
    | ProcessStarted
    | ProcessStopping
    | ProcessExited
    | KeeperLost
    | PauseChanged
    | OutputSeen
    | TitleChanged
    | ActivityReported
    | AskChanged
    | ConversationFound
    | ConversationRead
    | QueueChanged
    | TreeChanged
    | CheckpointTaken
    | CheckChanged
    | FlagsFound
    | TrendChanged
    | LinesKept
    | JudgePaid
    | DiskMeasured
    | RecordingNoted
    | SessionNoted
    | OperationLogged
    | ProgressChanged
)


@dataclass(frozen=True, slots=True)
class TakeCheckpoint:
    """Effect: take a checkpoint of the session's worktree."""

    session: str
    reason: str


@dataclass(frozen=True, slots=True)
class RunCheck:
    """Effect: run the session's check command on that checkpoint."""

    session: str
    commit: str


Effect = TakeCheckpoint | RunCheck
