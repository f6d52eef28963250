"""One headless process per repository: engine, git, operation log, and the door for UIs and command lines.

It holds nothing that cannot be made again from disk and from the keepers: killed at any moment, the next one
adopts every running session and finishes or rolls back what was half done.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import traceback
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from steer.adapters.clock import Clock
from steer.agents.price import CurrentPrices
from steer.config.load import Loaded, load
from steer.config.path import RepositoryPath, private_dir
from steer.engine.fleet import Fleet
from steer.errors import SteerError, UserError
from steer.model import event as ev
from steer.model.fleet import FleetView
from steer.model.session import LIVE, Place, ProcessState, SessionSpec
from steer.runtime.checkpoints import Checkpoints
from steer.runtime.clearing import Clearing
from steer.runtime.context import Context
from steer.runtime.conversation import Conversations
from steer.runtime.follow_up import FollowUp
from steer.runtime.hook_spool import HookSpool
from steer.runtime.hub import Hub
from steer.runtime.intervention import METHODS
from steer.runtime.journal import Journal
from steer.runtime.keeper_watch import KeeperWatch
from steer.runtime.live import LiveSession
from steer.runtime.pace import Pace
from steer.runtime.recording_file import began_at
from steer.runtime.recovery import recover
from steer.runtime.store import Store
from steer.runtime.tree import Trees
from steer.runtime.tripwires import Tripwires
from steer.term.emulator import clamp_size

MAX_CRASH_LOG_BYTES = 1 << 20
IDLE_EXIT_S = 600.0  # with no running session and no client, there is nothing to supervise
SOCKET_CHECK_S = 2.0  # how long nobody finds the supervisor after its runtime folder was wiped
QUICK_BYTES = 1024 * 1024  # of a recording that is read before its session is shown: some 10 ms
log = logging.getLogger("steer.supervisor")


class Supervisor:
    """Wires the parts together; what can be done to sessions is in `steer.runtime.intervention`."""

    def __init__(self, trees: Trees, paths: RepositoryPath) -> None:
        self._trees = trees
        self._paths = paths
        self._clock = Clock()
        self._fleet = Fleet(str(trees.info.main_worktree))
        self._store = Store(paths)
        self._hub = Hub(self, report_crash(paths.state))
        self._tasks: set[asyncio.Task[Any]] = set()
        self._due_timer: asyncio.TimerHandle | None = None
        self._keepers: dict[str, int] = {}  # session -> keeper's pid
        self._loading: set[str] = set()
        self._pace = Pace()
        self._stop = asyncio.Event()
        self._hooks = HookSpool(paths.hooks, lambda session, event: self._follow_up.hooked(session, event))
        self._prices = CurrentPrices(lambda: self._load_config().config.prices)
        self._conversations = Conversations(
            self._store, self._clock.now, self.emit, lambda spec: self._c.profile(spec), self._prices.cost
        )
        self._c = Context(
            paths=paths,
            load_config=self._load_config,
            clock=self._clock,
            fleet=self._fleet,
            journal=Journal(paths.operations, self._clock.now, self._log_operation),
            store=self._store,
            trees=trees,
            conversations=self._conversations,
            emit=self.emit,
            attach=self.attach,
            session_changed=self._hub.session_changed,
            take_checkpoint=lambda spec, reason: self._checkpoints.take(spec, reason),
            mark_restored=self._mark_restored,
            end=self._stop.set,
            hooks=self._hooks,
            clearing=Clearing(self.emit, self._clock.now, self._reattach),
            tripwires=Tripwires(trees, paths.state, lambda: self._fleet.view().sessions, self._clock.now),
        )
        self._checkpoints = Checkpoints(self._c, self._spawn)
        self._follow_up = FollowUp(self._c, self._spawn, self._prices.cost)

    def _load_config(self) -> Loaded:
        return load(self._trees.info.main_worktree)

    # -- life -----------------------------------------------------------------------------------------

    async def run(self, ready: Callable[[], None]) -> None:
        """Adopt, say `ready`, serve until told to stop or idle. The caller holds the lock."""
        self._trees.start(asyncio.get_running_loop())
        for signum in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(signum, self._stop.set)
        await self._adopt_all()
        await self._hub.open(str(self._paths.socket))
        self._spawn(self._checkpoints.watch(self._stop))
        following = [self._spawn(self._conversations.run()), self._spawn(self._follow_up.run())]
        following.append(self._spawn(self._keep_socket()))
        keepers = KeeperWatch(lambda: self._c.lives.values(), self.emit, self._clock.now)
        following.append(self._spawn(keepers.run()))
        self._hooks.read_all()
        self._spawn(self._hooks.watch(self._stop, lambda why: log.warning("hooks are not read: %s", why)))
        log.info("serving %s", self._paths.socket)
        ready()
        await self._serve()
        for task in following:
            task.cancel()
        await self._conversations.close()
        await self._hub.close()
        for live in list(self._c.lives.values()):
            await live.detach()

    async def _serve(self) -> None:
        while True:
            try:
                await asyncio.wait_for(self._stop.wait(), IDLE_EXIT_S)
            except TimeoutError:
                if self._hub.has_clients or any(v.process in LIVE for v in self._fleet.view().sessions):
                    continue
            return

    async def _keep_socket(self) -> None:
        """A logout may wipe the folder for sockets while agents go on, and take the one above it along: the door is
        put where everybody looks for it now. The lock is elsewhere.
        """
        while True:
            await asyncio.sleep(SOCKET_CHECK_S)
            paths = self._paths.at_present()
            if not paths.socket.exists():
                with contextlib.suppress(OSError, SteerError):
                    private_dir(paths.runtime.parent)
                    private_dir(paths.runtime)
                    await self._hub.open_again(str(paths.socket))
                    log.info("serving again %s", paths.socket)

    async def _adopt_all(self) -> None:
        self._c.journal.load()
        self._store.remove_orders()
        specs, problems = self._store.load_all()
        for problem in problems:
            log.warning("%s", problem)
        for spec in specs:
            await self._adopt(spec)
        for note in await recover(self._c):
            log.info("%s", note)

    async def _adopt(self, spec: SessionSpec) -> None:
        if spec.place is Place.GONE:
            return
        recording = self._store.recording(spec)
        began = began_at(recording) or spec.created_at
        self.emit(ev.SessionAdded(spec, began, ProcessState.LOST, recording=str(recording)))
        for record in self._store.checkpoints(spec.id)[-1:]:
            self.emit(self._trees.checkpoint_event(spec.id, record, self._clock.now(), is_new=False))
        self.emit(ev.CheckChanged(spec.id, self._clock.now(), self._store.check_result(spec.id)))
        if spec.place is Place.WORKTREE:
            try:
                await self.attach(spec)
                return
            except SteerError:
                pass
        self._settle_ended(spec)

    def _settle_ended(self, spec: SessionSpec) -> None:
        """No keeper: what it wrote down when its agent ended, else lost."""
        self._conversations.show_ended(spec)
        status = self._store.exit_status(spec)
        now = self._clock.now()
        if spec.place is Place.TRASH:
            self.emit(ev.ProcessExited(spec.id, now, status or 0, by_operator=True))
        elif status is not None:
            self.emit(ev.ProcessExited(spec.id, now, status, spec.stopped == spec.generation))
        else:
            why = "its processes are gone: a crash or a reboot; the worktree is intact"
            self.emit(ev.KeeperLost(spec.id, now, why))

    def _mark_restored(self, spec: SessionSpec) -> None:
        self._settle_ended(spec)
        self._hub.session_changed(spec.id)

    async def attach(self, spec: SessionSpec) -> LiveSession:
        """Follow the session's keeper. Raises `SteerError` where there is none."""
        self._checkpoints.forget(spec.id)
        profile = self._c.profile(spec)
        recording = self._store.recording(spec)
        live = LiveSession(spec, recording, self.emit, self._clock.now, profile, self._pace)
        hello = await live.connect(self._paths.at_present().keeper_socket(spec.id))
        self._follow_up.attaching(live, profile)
        self._c.lives[spec.id] = live
        self._keepers[spec.id] = int(hello["pid"])
        began, level = began_at(recording) or self._clock.now(), str(hello.get("isolation") or "L0")
        self.emit(ev.ProcessStarted(spec.id, began, str(recording), level))
        self._follow_up.attached(spec)
        if int(hello["offset"]) <= QUICK_BYTES:
            await live.follow()
        else:
            self._spawn(live.follow())  # a long recording is read while the others are served
        if hello.get("paused"):
            self.emit(ev.PauseChanged(spec.id, self._clock.now(), True))
        if hello.get("exit") is not None:
            self.emit(ev.ProcessExited(spec.id, self._clock.now(), int(hello["exit"])))
        self._conversations.follow(spec)
        self._hub.session_changed(spec.id)
        return live

    async def _reattach(self, session: str) -> bool:
        """Whether a keeper that was missed is followed again, or nobody waits for that any more."""
        view = self._fleet.session(session)
        if view is None or view.process is not ProcessState.LOST or view.spec.place is not Place.WORKTREE:
            return True
        with contextlib.suppress(SteerError), self._c.claim(view.spec, "being found again"):
            await self.attach(view.spec)
            return True
        return False

    # -- what the hub asks ----------------------------------------------------------------------------

    def fleet_view(self) -> FleetView:
        return self._fleet.view()

    def note_pane_size(self, cols: int, rows: int) -> None:
        self._c.pane_size = clamp_size(cols, rows)

    def keeper_pids(self) -> frozenset[int]:
        return frozenset(self._keepers[s] for s, live in self._c.lives.items() if live.is_attached)

    def live(self, session: str) -> LiveSession | None:
        """The session's terminal; that of an ended one is read from its recording, and arrives later."""
        live = self._c.lives.get(session)
        view = self._fleet.session(session)
        if live is None and view is not None and session not in self._loading:
            self._loading.add(session)
            self._spawn(self._load_ended(view.spec))
        return live

    async def _load_ended(self, spec: SessionSpec) -> None:
        live = LiveSession(spec, self._store.recording(spec), lambda _: None, self._clock.now)
        await live.load()
        self._loading.discard(spec.id)
        if self._c.lives.setdefault(spec.id, live) is live:
            self._hub.session_changed(spec.id)

    async def handle(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        handler = METHODS.get(method)
        if handler is None:
            raise UserError(
                f"the supervisor knows no method {method!r}", "is it older than this command? `steer doctor`"
            )
        try:
            return await handler(self._c, params)
        except KeyError as e:
            raise UserError(f"{method} needs the parameter {e}") from e

    # -- events and effects ---------------------------------------------------------------------------

    def emit(self, event: ev.Event) -> None:
        if isinstance(event, ev.ProcessExited | ev.KeeperLost):
            self._conversations.end(event.session)
        known = self._flags_of(event.session) if isinstance(event, ev.FlagsFound) else {}
        for effect in self._fleet.receive(event):
            self._perform(effect)
        if isinstance(event, ev.FlagsFound):
            self._mark_news(event.session, known)
        self._hub.fleet_changed()
        self._plan_due()
        self._follow_up.heard(event)
        if isinstance(event, ev.KeeperLost):
            self._c.clearing.lost(event.session)
        if isinstance(event, ev.ProcessExited | ev.KeeperLost | ev.SpecChanged):
            for found in self._checkpoints.evidence.overlaps.news(self._clock.now()):
                self.emit(found)

    def _flags_of(self, session: str) -> dict[str, str]:
        view = self._fleet.session(session)
        return {f.name: f.title for f in view.flags} if view else {}

    def _mark_news(self, session: str, known: dict[str, str]) -> None:
        """Flags stand in the recording where they were raised; one that only counts on is no news."""
        for name, title in self._flags_of(session).items():
            if name not in known:
                self._c.mark(session, f"flag {title}")

    def _log_operation(self, operation: Any) -> None:
        self.emit(ev.OperationLogged(operation, self._clock.now()))

    def _plan_due(self) -> None:
        due = self._fleet.next_due()
        if due is None or self._due_timer is not None:
            return
        wait = max(0.0, due - self._clock.now())
        self._due_timer = asyncio.get_running_loop().call_later(wait, self._on_due)

    def _on_due(self) -> None:
        self._due_timer = None
        for effect in self._fleet.due(self._clock.now()):
            self._perform(effect)
        self._hub.fleet_changed()
        self._plan_due()

    def _perform(self, effect: ev.Effect) -> None:
        match effect:
            case ev.TakeCheckpoint(session, reason):
                if view := self._fleet.session(session):
                    self._spawn(self._checkpoints.take_quickly(view.spec, reason))
            case ev.RunCheck(session, commit):
                if view := self._fleet.session(session):
                    self._spawn(self._checkpoints.check(view.spec, commit))

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finish_task)
        return task

    def _finish_task(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (e := task.exception()):
            log.error("%s", report_crash(self._paths.state)(e))


def report_crash(state: Path) -> Callable[[BaseException], str]:
    """A function that writes an exception to a crash file and says where it is. The file's size is bounded."""

    def report(e: BaseException) -> str:
        path = state / "crash.log"
        with contextlib.suppress(OSError), path.open("a") as f:
            path.chmod(0o600)
            if f.tell() < MAX_CRASH_LOG_BYTES:
                f.write("".join(traceback.format_exception(e)) + "\n")
        return f"the details are in {path}"

    return report
