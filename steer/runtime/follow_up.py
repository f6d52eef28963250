"""What the supervisor does by itself when something happened: detection, queued texts, standing approvals, known
troubles, budgets.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from steer.agents.hook import HookEvent
from steer.agents.profile import Profile
from steer.detect.ledger import Kept
from steer.errors import SteerError
from steer.model import event as ev
from steer.model.operation import OperationState
from steer.model.session import LIVE, Activity, CheckResult, SessionSpec
from steer.model.step import Entry, Told, Usage
from steer.runtime.budget import BudgetWatch
from steer.runtime.context import Context
from steer.runtime.convergence import delivered_how, measured
from steer.runtime.detection import Detection
from steer.runtime.intervention import held, policy
from steer.runtime.intervention.stop import budget_pauses, pause_over_budget
from steer.runtime.judging import Judging
from steer.runtime.live import LiveSession
from steer.runtime.trouble import Troubles

LOOK_S = 5.0  # between looks at silence and at what sessions have taken
log = logging.getLogger("steer.follow_up")


class FollowUp:
    """`spawn` runs what takes time. `cost`: of tokens, in USD; None for a model whose price is not known."""

    def __init__(
        self,
        c: Context,
        spawn: Callable[[Coroutine[Any, Any, Any]], object],
        cost: Callable[[Usage], float | None],
    ) -> None:
        self._c = c
        self._spawn = spawn
        self._troubles = Troubles(c, spawn)
        self._trouble_said = ""
        self._detection = Detection(
            c.fleet.session,
            c.emit,
            c.now,
            c.store.folder,
            lambda session, text: delivered_how(c.fleet.operations(), session, text),
            lambda session, finding: self._judging.unsure(session, finding.rule, finding.at),
        )
        self._judging = Judging(
            c.paths.state,
            c.fleet.session,
            c.conversations.entries,
            lambda: c.settings().judge,
            cost,
            c.emit,
            c.now,
            spawn,
        )
        self._budget = BudgetWatch(
            lambda: c.fleet.view().sessions,
            lambda: c.load_config().config.budget,
            c.emit,
            c.now,
            lambda session, limits, why: pause_over_budget(c, session, limits, why),
            lambda: budget_pauses(c),
        )
        c.conversations.listen(self._read)

    async def run(self) -> None:
        """Until cancelled: what only the passing of time brings about."""
        while True:
            await asyncio.sleep(LOOK_S)
            self._detection.look()
            self._judging.passed()
            try:
                await self._budget.look()
            except SteerError as e:  # a configuration that cannot be read, an agent that just ended
                log.warning("the budget was not looked at: %s", e.message)
            if any(v.process in LIVE for v in self._c.fleet.view().sessions):
                await self._look_at_repository()

    async def _look_at_repository(self) -> None:
        try:
            for event in await self._c.tripwires.look():
                self._c.emit(event)
        except SteerError as e:
            if e.message != self._trouble_said:
                log.warning("the repository was not looked at: %s", e.message)
            self._trouble_said = e.message

    def attaching(self, live: LiveSession, profile: Profile) -> None:
        """Before a session's output is read."""
        session, reads_terminal = live.spec.id, not profile.conversation.format
        self._judging.begin(session)
        self._detection.begin(live.spec, reads_terminal=reads_terminal)
        if reads_terminal:
            live.on_output = lambda data, at: self._detection.output(session, data, at)

    def _read(self, session: str, entry: Entry) -> None:
        """An entry of a session's transcript."""
        self._detection.entry(session, entry)
        self._judging.entry(session, entry)
        if isinstance(entry, Told) and (live := self._c.lives.get(session)):
            live.observer.told(entry)

    async def _checked(self, session: str, result: CheckResult) -> None:
        check_log = self._c.store.folder(session) / "check.log"
        fact = await asyncio.to_thread(measured, result, check_log, result.at or self._c.now())
        self._detection.took(session, fact)

    async def _end_detection(self, session: str) -> None:
        """After what the transcript still says."""
        await self._c.conversations.catch_up(session)
        view = self._c.fleet.session(session)
        if view is None or view.process not in LIVE:
            self._detection.end(session)
        await self._look_at_repository()

    def attached(self, spec: SessionSpec) -> None:
        self._troubles.check_version(spec)

    def hooked(self, session: str, event: HookEvent) -> None:
        """A hook of the session's agent has reported something."""
        live = self._c.lives.get(session)
        if live is None:
            return
        live.observer.hooked(event)
        if event.name == "SessionStart" and event.conversation:
            reason = event.why or "hook"
            self._c.conversations.point_to(session, event.conversation, event.transcript, reason)

    def heard(self, event: ev.Event) -> None:
        self._troubles.heard(event)
        match event:
            case (
                ev.ActivityReported(session=session, activity=Activity.IDLE)
                | ev.QueueChanged(session=session)
            ):
                if held.held(self._c, session):
                    self._spawn(held.flush(self._c, session))
            case ev.ProcessExited(session=session) | ev.KeeperLost(session=session):
                self._spawn(self._end_detection(session))
                if held.held(self._c, session):
                    held.give_up(self._c, session)
            case ev.CheckChanged(session=session, result=result) if result.state == "passed":
                self._detection.passed_check(session)
            case ev.OperationLogged(operation):
                if operation.kind == "inject" and operation.state is OperationState.DONE:
                    self._detection.told(operation.session, str(operation.detail.get("text", "")))
            case ev.CheckChanged(session=session, result=result):
                self._spawn(self._checked(session, result))
            case ev.FlagsFound(session=session, source=source, flags=flags):
                self._detection.flagged(session, source, flags)
            case ev.LinesKept(session=session, at=at, share=share):
                self._detection.took(session, Kept(at, share))
            case ev.AskChanged(session=session, ask=ask) if ask is not None:
                self._spawn(policy.apply(self._c, session, ask))
