"""Limits on what sessions may take: a flag, and where the configuration says so, one pause.

A session is paused once for each limit it passes; the operator who continues it has decided.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from steer.config.schema import Budget
from steer.model import event as ev
from steer.model.flag import Flag, Severity
from steer.model.session import LIVE, SessionView

SOURCE = "budget"
_MINUTE_S = 60.0


def passed(view: SessionView, fleet_usd: float, budget: Budget, now: float) -> dict[str, str]:
    """The limits that the session has passed, each with a sentence of evidence."""
    found = {}
    cost, tokens = view.usage.cost_usd, view.usage.tokens
    if budget.session_usd > 0 and cost is not None and cost >= budget.session_usd:
        found["session_usd"] = f"${cost:.2f} of ${budget.session_usd:.2f} for one session"
    if 0 < budget.session_tokens <= tokens:
        found["session_tokens"] = f"{tokens:,} of {budget.session_tokens:,} tokens for one session"
    if budget.fleet_usd > 0 and fleet_usd >= budget.fleet_usd:
        found["fleet_usd"] = f"${fleet_usd:.2f} of ${budget.fleet_usd:.2f} for all running sessions"
    ran_s = now - view.started_at if view.started_at else 0.0
    if 0 < budget.minutes * _MINUTE_S <= ran_s:
        found["minutes"] = f"{ran_s / _MINUTE_S:.0f} of {budget.minutes:g} minutes"
    return found


def fleet_cost(views: Sequence[SessionView]) -> float:
    """Of the running sessions, as far as it is known."""
    return sum((v.usage.cost_usd or 0.0) + v.judge_usd for v in views if v.process in LIVE)


class BudgetWatch:
    """`pause(session, limits, why)` pauses a session and writes it into the operation log, from which `paused` tells
    what was paused before, as (session, generation, limit).
    """

    def __init__(
        self,
        views: Callable[[], Sequence[SessionView]],
        budget: Callable[[], Budget],
        emit: Callable[[ev.Event], None],
        now: Callable[[], float],
        pause: Callable[[str, list[str], str], Awaitable[object]],
        paused: Callable[[], set[tuple[str, int, str]]],
    ) -> None:
        self._views = views
        self._budget = budget
        self._emit = emit
        self._now = now
        self._pause = pause
        self._flagged: dict[str, tuple[Flag, frozenset[str]]] = {}
        self._paused = paused

    async def look(self) -> None:
        """Compare every running session with the budget as it is configured now."""
        budget = self._budget()
        views = self._views()
        total = fleet_cost(views)
        for view in views:
            is_live = view.process in LIVE
            found = passed(view, total, budget, self._now()) if is_live else {}
            self._flag(view, found)
            if found and budget.action == "pause":
                await self._pause_once(view, found)

    def _flag(self, view: SessionView, found: dict[str, str]) -> None:
        session = view.spec.id
        before = self._flagged.get(session)
        limits = frozenset(found)
        if (before is None and not found) or (before is not None and before[1] == limits):
            return
        flags: tuple[Flag, ...] = ()
        if found:
            title = f"over budget: {next(iter(found.values()))}"[:60]
            flag = Flag("budget", title, Severity.WARN, self._now(), tuple(found.values()), propose="pause")
            self._flagged[session] = (flag, limits)
            flags = (flag,)
        else:
            del self._flagged[session]
        self._emit(ev.FlagsFound(session, self._now(), SOURCE, flags))

    async def _pause_once(self, view: SessionView, found: dict[str, str]) -> None:
        known = self._paused()
        new = [limit for limit in found if (view.spec.id, view.spec.generation, limit) not in known]
        if new and not view.is_paused:
            await self._pause(view.spec.id, new, "; ".join(found[limit] for limit in new))
