"""What the supervisor does by itself when something happened: queued texts, standing approvals, known troubles."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from steer.agents.hook import HookEvent
from steer.model import event as ev
from steer.model.session import Activity, SessionSpec
from steer.runtime.context import Context
from steer.runtime.intervention import held, policy
from steer.runtime.trouble import Troubles


class FollowUp:
    """`spawn` runs what takes time."""

    def __init__(self, c: Context, spawn: Callable[[Coroutine[Any, Any, Any]], None]) -> None:
        self._c = c
        self._spawn = spawn
        self._troubles = Troubles(c, spawn)

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
                if held.held(self._c, session):
                    held.give_up(self._c, session)
            case ev.AskChanged(session=session, ask=ask) if ask is not None:
                self._spawn(policy.apply(self._c, session, ask))
