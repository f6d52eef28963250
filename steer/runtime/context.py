"""What interventions work with: one bundle instead of a supervisor that everything hangs on."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from steer.adapters.clock import Clock
from steer.agents.catalog import Catalog, load_catalog
from steer.agents.profile import Profile
from steer.config.load import Loaded
from steer.config.path import RepositoryPath
from steer.config.schema import Config
from steer.engine.fleet import Fleet
from steer.errors import ConfigError, UserError
from steer.model import event as ev
from steer.model.operation import Operation, Progress
from steer.model.session import LIVE, Place, SessionSpec, SessionView
from steer.runtime.clearing import Clearing
from steer.runtime.conversation import Conversations
from steer.runtime.hook_spool import HookSpool
from steer.runtime.journal import Journal
from steer.runtime.live import LiveSession
from steer.runtime.store import Store
from steer.runtime.tree import Trees
from steer.runtime.tripwires import Tripwires

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


@dataclass
class Context:
    """One repository's fleet at work. `emit` folds an event into the fleet and carries out what follows."""

    paths: RepositoryPath
    load_config: Callable[[], Loaded]
    clock: Clock
    fleet: Fleet
    journal: Journal
    store: Store
    trees: Trees
    conversations: Conversations
    emit: Callable[[ev.Event], None]
    attach: Callable[[SessionSpec], Awaitable[LiveSession]]
    session_changed: Callable[[str], None]
    take_checkpoint: Callable[[SessionSpec, str], Awaitable[str | None]]
    mark_restored: Callable[[SessionSpec], None]
    end: Callable[[], None]  # the supervisor
    hooks: HookSpool
    tripwires: Tripwires
    clearing: Clearing
    pane_size: tuple[int, int] = (
        80,
        24,
    )  # of the panes shown last: an agent drawn once is not garbled by a resize
    lives: dict[str, LiveSession] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)  # progress ids the operator gave up on
    busy: dict[str, str] = field(
        default_factory=dict
    )  # session -> what is being done to its process or place
    reserved: set[str] = field(default_factory=set)  # names of sessions that are being made
    flushing: set[str] = field(default_factory=set)  # sessions whose queue is being looked at
    answering: set[str] = field(default_factory=set)  # sessions for which a policy answers just now
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)  # begun by `later`, and not ended
    good_config: Config = field(default_factory=Config)  # as it could last be read; likewise the profiles
    good_catalog: Catalog = field(default_factory=lambda: Catalog({}))
    inject_results: dict[str, dict[str, Any]] = field(default_factory=dict)  # by token: at most once

    def catalog(self) -> Catalog:
        """All profiles. Raises `ConfigError` where a file of the user's cannot be read."""
        return load_catalog(self.load_config().config.agents)

    def settings(self) -> Config:
        """The configuration as it was when it could last be read: a slip in a file must not keep agents alive."""
        with contextlib.suppress(ConfigError):
            self.good_config = self.load_config().config
        return self.good_config

    def profile(self, spec: SessionSpec) -> Profile:
        """What is known of the session's agent, from the profiles as they could last be read; else the generic one."""
        with contextlib.suppress(ConfigError):
            self.good_catalog = self.catalog()
        return self.good_catalog.get(spec.agent)

    def now(self) -> float:
        return self.clock.now()

    def view(self, session: str) -> SessionView:
        """The session with this id or name. Raises `UserError` naming the nearest one."""
        found = self.fleet.session(session)
        if found is not None:
            return found
        views = self.fleet.view().sessions
        for v in reversed(views):
            if v.spec.name == session and v.spec.place is not Place.GONE:
                return v
        names = ", ".join(v.spec.name for v in views if v.spec.place is Place.WORKTREE)
        raise UserError(
            f"there is no session {session!r}", f"sessions: {names}" if names else "start one: steer run"
        )

    def spec(self, session: str) -> SessionSpec:
        return self.view(session).spec

    def live(self, session: str) -> LiveSession:
        """The running session. Raises `UserError` saying how it ended."""
        v = self.view(session)
        live = self.lives.get(v.spec.id)
        if live is None or v.process not in LIVE:
            raise UserError(f"{v.spec.name} is not running ({v.process.value})", "respawn it first")
        return live

    def screen(self, session: str) -> LiveSession:
        """The session's terminal, also after its agent ended. Raises `UserError` where none is held."""
        v = self.view(session)
        live = self.lives.get(v.spec.id)
        if live is None:
            raise UserError(
                f"the screen of {v.spec.name} is no longer held", f"replay it: steer replay {v.spec.name}"
            )
        return live

    def save(self, spec: SessionSpec) -> None:
        self.store.save(spec)
        self.emit(ev.SpecChanged(spec, self.now()))

    def new_id(self) -> str:
        while True:
            name = "s" + "".join(random.SystemRandom().choices(_ALPHABET, k=8))
            if self.fleet.session(name) is None:
                return name

    def free_name(self, wanted: str) -> str:
        """`wanted`, or with -2, -3 ... where a session that is not gone has that name."""
        taken = {v.spec.name for v in self.fleet.view().sessions if v.spec.place is not Place.GONE}
        taken |= self.reserved
        if wanted not in taken:
            return wanted
        number = 2
        while f"{wanted}-{number}" in taken:
            number += 1
        return f"{wanted}-{number}"

    @contextmanager
    def reserve_name(self, wanted: str) -> Iterator[str]:
        """`free_name(wanted)`, which nobody else gets meanwhile."""
        name = self.free_name(wanted)
        self.reserved.add(name)
        try:
            yield name
        finally:
            self.reserved.discard(name)

    @contextmanager
    def claim(self, spec: SessionSpec, what: str) -> Iterator[None]:
        """Only one at a time ends, restarts or moves a session. Raises `UserError` saying what is under way."""
        if under_way := self.busy.get(spec.id):
            raise UserError(f"{spec.name} is {under_way} already", "wait until that is done")
        self.busy[spec.id] = what
        try:
            yield
        finally:
            del self.busy[spec.id]

    def later(self, work: Coroutine[Any, Any, Any]) -> None:
        """Go on with something after the answer is given. What it raises is its own affair."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def checkpoint_before(self, spec: SessionSpec, what: str) -> None:
        """A checkpoint before an intervention; one that fails is noted on the session and stops nothing."""
        await self.take_checkpoint(spec, f"before {what}")

    def mark(self, session: str, text: str) -> None:
        if live := self.lives.get(session):
            live.mark(text)

    def progress(
        self, operation: Operation, title: str
    ) -> tuple[Callable[[int, int], None], Callable[[], bool]]:
        """(report(done, total), is_cancelled()) for long work; both may be called from a worker thread."""
        name = f"op{operation.id}"

        def report(done: int, total: int) -> None:
            progress = Progress(name, title, done, total)
            self.trees.on_loop(lambda: self.emit(ev.ProgressChanged(progress, self.now())))

        return report, lambda: name in self.cancelled

    def end_progress(self, operation: Operation) -> None:
        name = f"op{operation.id}"
        self.cancelled.discard(name)
        self.emit(ev.ProgressChanged(Progress(name, ""), self.now(), is_over=True))
