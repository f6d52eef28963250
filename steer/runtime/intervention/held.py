"""Texts that steer itself holds until an agent's turn is over: on disk, in order, typed once, never into a dialog."""

from __future__ import annotations

import asyncio
from typing import Any

from steer.errors import SteerError, UserError
from steer.model import event as ev
from steer.model.operation import Delivery, Operation, OperationState
from steer.model.session import LIVE, Activity
from steer.runtime.context import Context
from steer.runtime.intervention.delivery import Fate, deliver
from steer.term.paste import make_paste

QUIET_S = 0.7  # some agents say "idle" for a moment between two steps


def is_held(operation: Operation) -> bool:
    """Whether this text still waits: a supervisor that finds it may type it, since nobody has begun to."""
    return (
        operation.kind == "inject"
        and operation.state is OperationState.BEGUN
        and bool(operation.detail.get("is_held"))
        and not operation.detail.get("is_typing")
    )


def held(c: Context, session: str) -> list[Operation]:
    return [o for o in c.fleet.operations() if o.session == session and is_held(o)]


def tell(c: Context, session: str) -> None:
    """How many wait, for the board."""
    view = c.fleet.session(session)
    if view is not None and view.queued != (count := len(held(c, session))):
        c.emit(ev.QueueChanged(session, c.now(), count))


async def flush(c: Context, session: str) -> None:
    """Type the oldest text that waits, if the agent is still idle after a moment. One at a time."""
    live = c.lives.get(session)
    if live is None or session in c.flushing or not held(c, session):
        return
    c.flushing.add(session)
    try:
        await asyncio.sleep(QUIET_S)
        live.observer.look()
        waiting = held(c, session)
        if waiting and live.observer.activity is Activity.IDLE and c.lives.get(session) is live:
            await _type(c, waiting[0])
    except SteerError as e:
        c.emit(ev.SessionNoted(session, c.now(), f"the queued text was not typed: {e.message}"))
    finally:
        c.flushing.discard(session)
        tell(c, session)


async def _type(c: Context, operation: Operation) -> None:
    live = c.lives[operation.session]
    profile = c.profile(live.spec)
    operation = c.journal.update(operation, is_typing=True)
    paste = make_paste(
        str(operation.detail["text"]),
        is_bracketed=live.emulator.has_paste,
        max_lines=profile.paste_lines,
    )
    live.mark(f"inject {paste.digest[:12]}: queued text")
    try:
        fate = await deliver(live, profile, paste, "queue", submit=True)
    except SteerError as e:
        fate = Fate(Delivery.NOT_DELIVERED, e.message)
    if fate.delivery is Delivery.REFUSED:  # nothing was typed: it goes on waiting
        c.journal.update(operation, is_typing=False)
        return
    finish(c, operation, fate)


def finish(c: Context, operation: Operation, fate: Fate) -> None:
    """Write down what became of a text."""
    is_done = fate.delivery in (Delivery.SUBMITTED, Delivery.QUEUED, Delivery.UNVERIFIED, Delivery.TYPED)
    try:
        operation = c.journal.update(operation, delivery=fate.delivery.value, note=fate.detail)
    except SteerError:
        pass  # a full disk: the outcome below is told all the same
    c.journal.finish(operation, OperationState.DONE if is_done else OperationState.FAILED)


def give_up(c: Context, session: str) -> None:
    """The agent has ended: what waited for it will not be typed."""
    for operation in held(c, session):
        c.journal.finish(
            operation, OperationState.FAILED, f"{operation.summary} (it ended before its turn was over)"
        )
    tell(c, session)


async def withdraw(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Take back a text that still waits."""
    number = int(params["operation"])
    for operation in c.fleet.operations():
        if operation.id == number and is_held(operation):
            c.journal.finish(operation, OperationState.UNDONE)
            tell(c, operation.session)
            return {"text": operation.detail["text"]}
    raise UserError("that text does not wait (any more)", "`steer log` says what became of it")


async def queue(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """The texts that wait, oldest first."""
    spec = c.spec(params["session"])
    return {"texts": [{"operation": o.id, "at": o.at, "text": o.detail["text"]} for o in held(c, spec.id)]}


def must_wait(c: Context, session: str, mode: str) -> bool:
    """Whether steer holds a text for this session: by mode, by its profile, and because others wait before it."""
    live = c.live(session)
    message = c.profile(live.spec).message
    live.observer.look()
    activity = live.observer.activity
    if activity in (Activity.UNKNOWN, Activity.ERROR) or c.view(session).process not in LIVE:
        return False
    own = message.queue if mode == "queue" else message.steer
    if mode == "interrupt" or (own and activity is Activity.WORKING):
        return False
    if activity is Activity.IDLE:
        return mode == "queue" and bool(held(c, live.spec.id))
    return activity is Activity.WORKING or mode == "queue"
