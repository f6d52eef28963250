"""From a moment of a replayed session back to work: what its files were then, and a fork from there."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from steer.errors import SteerError
from steer.model.port import FleetPort
from steer.ui.replay.state import ReplayState


class TravelContext(Protocol):
    state: ReplayState

    @property
    def port(self) -> FleetPort: ...

    def say(self, text: str, severity: str = "information") -> None: ...

    async def ask(self, dialog: Any) -> Any: ...

    def go_to(self, session: str) -> None:
        """Show that session on the board, where the replay was opened there."""


Travel = Callable[[TravelContext, str, float], Awaitable[None]]


async def travelled(context: TravelContext, act: Travel) -> None:
    """Do `act` with the selected recording's session and the moment at the playhead; says why where it cannot be."""
    state = context.state
    if not state.show.session:
        context.say("this is a recording of no session here: it has no files to go back to")
        return
    if not state.moment:
        context.say("this recording does not tell when it was made", "warning")
        return
    state.playhead.is_playing = False
    try:
        await act(context, state.show.session, state.moment)
    except SteerError as e:
        context.say(f"{e.message}; {e.hint}" if e.hint else e.message, "error")


async def fork_from(context: TravelContext, session: str, at: float) -> None:
    from steer.ui.dialog.fork import ForkDialog

    plan = await context.port.call("plan_fork", session=session, at=at)
    wish = await context.ask(ForkDialog(context.state.show.name, plan))
    if not wish:
        return
    made = await context.port.call("fork", session=session, at=at, env=dict(os.environ), **wish)
    for note in made["notes"]:
        context.say(note, "warning")
    context.go_to(made["session"])


async def diff_as_of(context: TravelContext, session: str, at: float) -> None:
    from steer.ui.dialog.diff import DiffDialog

    made = await context.port.call("diff", session=session, at=at)
    await context.ask(DiffDialog(context.state.show.name, made))
