"""A session: one agent run, that is a pty, a worktree and a recording."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from steer.model.ask import Ask
from steer.model.flag import Flag
from steer.model.step import Usage


class ProcessState(StrEnum):
    """Life of the agent's process. What the agent is doing is `Activity`."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    EXITED = "exited"  # ended by itself with status 0, or was killed by the operator
    FAILED = "failed"  # ended by itself with another status, or could not be started
    LOST = "lost"  # its keeper is gone without an exit record: crash or reboot


class Activity(StrEnum):
    """What the agent is doing. `UNKNOWN` is honest; nothing defaults to idle."""

    WORKING = "working"
    ASKING = "asking"
    IDLE = "idle"
    ERROR = "error"
    UNKNOWN = "unknown"


LIVE: frozenset[ProcessState] = frozenset(
    {ProcessState.STARTING, ProcessState.RUNNING, ProcessState.STOPPING}
)


class Trend(StrEnum):
    """Where a session's failing checks are heading."""

    NONE = ""  # too little is known, or nothing fails
    CONVERGING = "converging"
    STUCK = "stuck"
    DIVERGING = "diverging"


class Place(StrEnum):
    """Where a session's worktree is."""

    WORKTREE = "worktree"
    TRASH = "trash"  # killed; undo brings it back
    GONE = "gone"  # removed by gc


@dataclass(frozen=True, slots=True)
class SessionSpec:
    """What a session is: fixed at its start, except `generation`, which a respawn raises."""

    id: str  # "s" + 8 lower-case base-32 characters
    name: str  # unique among the fleet's sessions that are not gone
    argv: tuple[str, ...]
    worktree: str  # absolute path
    branch: str  # short name, without refs/heads/
    base: str  # commit id the worktree started from; "" on an unborn HEAD
    base_name: str = ""  # the name the operator gave for it, e.g. "main"
    task: str = ""
    agent: str = "generic"  # profile name
    env: dict[str, str] = field(default_factory=dict)
    scope: tuple[str, ...] = ()  # globs the agent is expected to stay inside
    check: str = ""  # shell command that says whether the work is good
    parent: str = ""  # id of the session this one was forked from
    created_at: float = 0.0  # seconds since the epoch; for showing only
    generation: int = 1
    stopped: int = 0  # the newest generation that the operator ended
    cols: int = 80
    rows: int = 24
    place: Place = Place.WORKTREE


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Outcome of the session's check command on its newest checkpoint."""

    state: str = "none"  # none | running | passed | failed | error
    passed: int = -1  # tests passed; -1 where the output does not say
    failed: int = -1
    text: str = ""  # last line of its output
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class DiffStat:
    """The worktree against its base."""

    files: int = 0
    added: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class SessionView:
    """Everything the board shows of one session. Times are seconds since the epoch; 0 means never."""

    spec: SessionSpec
    process: ProcessState
    activity: Activity = Activity.UNKNOWN
    activity_text: str = ""  # why, in the source's words: "approve Bash: rm -r build"
    activity_source: str = ""  # "osc7501", "exit", "silence", ...
    activity_at: float = 0.0
    is_paused: bool = False
    exit_status: int | None = None  # negative: killed by that signal
    started_at: float = 0.0
    output_at: float = 0.0
    title: str = ""
    diff: DiffStat = DiffStat()
    check: CheckResult = CheckResult()
    flags: tuple[Flag, ...] = ()
    checkpoints: int = 0
    disk_bytes: int = 0
    recording: str = ""  # path of the newest generation's recording
    recording_note: str = ""  # "" or what is wrong with it: "thinned", "disk full: agent paused"
    isolation: str = "L0"
    ask: Ask | None = None  # what the agent waits for, where it could be read
    conversation: str = ""  # the agent's own id of its conversation
    steps: int = 0  # actions of the agent in this conversation
    step_text: str = ""  # the newest action, one line; untrusted
    usage: Usage = field(default_factory=Usage)
    trend: Trend = Trend.NONE
    judge_usd: float = 0.0  # what the judge has cost for this session; not part of `usage`
    queued: int = 0  # texts that wait to be typed when the turn is over
    note: str = ""  # one line the operator should see: a failed delivery, a stuck process
