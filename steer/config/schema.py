"""What can be configured, with defaults. Field comments become the text of `steer config keys`."""

from __future__ import annotations

from dataclasses import dataclass, field

from steer.config.approve import Approve


@dataclass(frozen=True, slots=True)
class Ui:
    theme: str = "harbor"  # name of a file in themes/ without .toml
    layout: str = "grid"  # grid | main | single
    sidebar: bool = True
    leave_keys: tuple[str, ...] = (
        "ctrl+q",
        "ctrl+right_square_bracket",
    )  # chords that leave an agent's terminal
    notify: bool = True  # desktop notice when an agent begins to need you while the board has not the focus
    copy_on_release: bool = False  # copy a selection as soon as the mouse button is released


@dataclass(frozen=True, slots=True)
class Worktree:
    root: str = ""  # folder for worktrees; empty: the data folder of this user
    branch_prefix: str = "steer/"
    include_max_mb: int = 64  # cap on what .worktreeinclude carries into one new worktree


@dataclass(frozen=True, slots=True)
class Recording:
    max_mb: int = 1024  # per session; beyond it the recording thins (0: no limit)
    thin_kb_per_s: int = 16  # output still recorded per second beyond the limit
    unattended_mb_per_s: int = 8  # how fast a session may flood while no supervisor follows it


@dataclass(frozen=True, slots=True)
class Terminal:
    scrollback_lines: int = 10_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What one session may take of the machine. A repository may only lower it."""

    processes: int = 2000  # beyond this its tree is stopped and you are asked (0: no limit)


@dataclass(frozen=True, slots=True)
class Stop:
    grace_s: float = 3.0  # between asking a session's processes to end and killing them


@dataclass(frozen=True, slots=True)
class Check:
    timeout_s: float = 300.0
    on_quiet: bool = True  # run the check command whenever the worktree changed and fell quiet


@dataclass(frozen=True, slots=True)
class Setup:
    command: str = (
        ""  # run in every new worktree before the agent starts; needs your consent when a repository sets it
    )
    timeout_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Fleet:
    """What `steer run` starts when it is given no task."""

    task: str = ""
    agents: tuple[str, ...] = ()
    n: int = 1
    base: str = ""
    scope: tuple[str, ...] = ()
    check: str = ""


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent by name: `argv` with `{task}` where the task goes (also in $STEER_TASK)."""

    argv: tuple[str, ...] = ()  # empty: as the profile of that name says
    title: str = ""
    interrupt: tuple[
        str, ...
    ] = ()  # keys that stop a turn; empty: as the profile of that name says, or ctrl+c
    submit: tuple[str, ...] = ()  # keys that send a typed message; empty: as the profile says, or enter
    isolation: str = ""  # its level, as in [isolation]; empty: as that says
    write: tuple[str, ...] = ()  # what it may write beside what its profile says
    hooks: bool = True  # load hooks into its sessions that report what it does, where it can


@dataclass(frozen=True, slots=True)
class Isolation:
    """What keeps agents inside their worktrees: L0 nothing, L1 Landlock, L2 bubblewrap, L3 your own command."""

    level: str = (
        "auto"  # auto (the strongest known to work with that agent on this machine) | L0 | L1 | L2 | L3
    )
    at_least: str = (
        "L0"  # a session that cannot have this is not started; a repository's `level` ends up here
    )
    on_failure: str = ""  # refuse | lower: where the level cannot be had; empty: lower for auto, else refuse
    wrapper: tuple[str, ...] = ()  # L3: the command that is put before an agent's own
    write: tuple[str, ...] = ()  # folders (with a final slash) and files that every agent may write
    caches: bool = True  # those of common toolchains may be written, too (steer/isolation/caches.py)
    hide: tuple[str, ...] = ("~/.ssh", "~/.gnupg")  # from L2 on: what no agent sees
    tcp_ports: tuple[int, ...] = ()  # L1 and L2: the only ports to connect to; empty: all


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits after which steer warns or pauses; 0: none. A repository may only tighten them."""

    session_usd: float = 0.0
    session_tokens: int = 0
    fleet_usd: float = 0.0  # of all running sessions together
    minutes: float = 0.0  # since the session's agent started
    action: str = "warn"  # warn | pause


@dataclass(frozen=True, slots=True)
class Price:
    """USD per million tokens of a model: `[prices."gpt-9"]`, matching names that begin so."""

    input: float
    output: float
    cache_read: float = 0.0
    cache_write: float = 0.0


@dataclass(frozen=True, slots=True)
class Judge:
    """A language model's second opinion on drift. Needs a key in $ANTHROPIC_API_KEY; sends parts of transcripts."""

    enabled: bool = False
    model: str = "claude-haiku-4-5"
    budget_usd: float = 1.0  # per repository in 24 hours
    every_minutes: float = (
        15.0  # between questions about an agent that works; 0: only when a detector is unsure
    )
    timeout_s: float = 60.0
    base_url: str = ""  # of a service that speaks the same API; empty: Anthropic's


@dataclass(frozen=True, slots=True)
class Config:
    ui: Ui = Ui()
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)  # command id -> keys
    worktree: Worktree = Worktree()
    recording: Recording = Recording()
    terminal: Terminal = Terminal()
    limits: Limits = Limits()
    stop: Stop = Stop()
    check: Check = Check()
    setup: Setup = Setup()
    fleet: Fleet = Fleet()
    agents: dict[str, Agent] = field(default_factory=dict)
    budget: Budget = Budget()
    isolation: Isolation = Isolation()
    judge: Judge = Judge()
    prices: dict[str, Price] = field(default_factory=dict)
    approve: tuple[Approve, ...] = ()  # answered "yes, this time" without asking you (see `approve.py`)


BUDGET_ACTIONS = ("warn", "pause")
LEVELS = ("L0", "L1", "L2", "L3")

# A repository's own .steer/config.toml may say only this: what to start and how to check it. Commands in it
# run only after consent to exactly these bytes (see `consent.py`). Its budget and limits can only tighten the
# user's, its isolation.level only raise what a session gets at least.
REPOSITORY_MAY_SET = frozenset({"fleet", "setup", "check", "budget", "isolation", "limits"})
COMMANDS_IN_REPOSITORY = (("setup", "command"), ("fleet", "check"), ("fleet", "agents"))
