"""Budgets: what is over them, flagged while it is, paused once."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from steer.config.schema import Budget
from steer.model import event as ev
from steer.model.session import ProcessState, SessionSpec, SessionView
from steer.model.step import Usage
from steer.runtime.budget import BudgetWatch, passed


def view(session: str = "s1", cost: float | None = 1.0, tokens: int = 100, **more: object) -> SessionView:
    spec = SessionSpec(id=session, name=session, argv=("x",), worktree="/w", branch="b", base="")
    usage = Usage("m", input=tokens, cost_usd=cost)
    made = SessionView(spec, ProcessState.RUNNING, started_at=1000.0, usage=usage)
    return replace(made, **more)  # type: ignore[arg-type] # any field


def test_nothing_is_over_where_nothing_is_limited() -> None:
    assert passed(view(), 1e9, Budget(), 1e9) == {}


def test_each_limit_by_itself() -> None:
    now = 1000.0 + 600
    assert set(passed(view(), 5.0, Budget(session_usd=1.0), now)) == {"session_usd"}
    assert set(passed(view(), 5.0, Budget(session_tokens=100), now)) == {"session_tokens"}
    assert set(passed(view(), 5.0, Budget(fleet_usd=5.0), now)) == {"fleet_usd"}
    assert set(passed(view(), 5.0, Budget(minutes=10), now)) == {"minutes"}
    assert passed(view(cost=None), 0.0, Budget(session_usd=0.01), now) == {}  # not known is not over


class World:
    def __init__(self, budget: Budget) -> None:
        self.views = [view()]
        self.budget = budget
        self.events: list[ev.Event] = []
        self.paused: list[tuple[str, list[str], str]] = []
        self.known: set[tuple[str, int, str]] = set()
        self.watch = BudgetWatch(
            lambda: self.views,
            lambda: self.budget,
            self.events.append,
            lambda: 2000.0,
            self._pause,
            lambda: self.known,
        )

    async def _pause(self, session: str, limits: list[str], why: str) -> None:
        self.paused.append((session, limits, why))
        self.known |= {(session, 1, limit) for limit in limits}

    def look(self) -> list[ev.Event]:
        self.events.clear()
        asyncio.run(self.watch.look())
        return list(self.events)


def test_a_flag_is_raised_once_and_taken_down() -> None:
    world = World(Budget(session_tokens=50))
    (found,) = world.look()
    assert isinstance(found, ev.FlagsFound) and found.flags[0].rule == "budget"
    assert "100 of 50 tokens" in found.flags[0].evidence[0]
    assert world.look() == [] and world.paused == []
    world.budget = Budget()
    (gone,) = world.look()
    assert isinstance(gone, ev.FlagsFound) and gone.flags == ()


def test_a_pause_happens_once_for_each_limit() -> None:
    world = World(Budget(session_tokens=50, action="pause"))
    world.look()
    world.look()
    assert [limits for _, limits, _ in world.paused] == [["session_tokens"]]
    world.budget = Budget(session_tokens=50, session_usd=0.5, action="pause")
    world.look()
    assert [limits for _, limits, _ in world.paused] == [["session_tokens"], ["session_usd"]]


def test_what_has_ended_or_is_paused_is_left_alone() -> None:
    world = World(Budget(session_tokens=50, action="pause"))
    world.views = [view(process=ProcessState.EXITED), view("s2", is_paused=True)]
    world.look()
    assert world.paused == []
