"""Interrupt, pause, kill, and undo of what can be undone. Nothing here deletes anything."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from steer.agents.message import read_box
from steer.errors import EnvironmentFault, SteerError, UserError
from steer.model import event as ev
from steer.model.operation import Delivery, Operation, OperationState
from steer.model.session import LIVE, Activity, Place, ProcessState, SessionSpec
from steer.runtime.context import Context
from steer.runtime.crash_point import crash_point
from steer.runtime.intervention.delivery import STOP_S
from steer.runtime.intervention.key import press
from steer.runtime.left_over import end_left_over
from steer.runtime.live import LiveSession
from steer.runtime.outsider import names, outsiders


async def interrupt(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Press the key that stops the agent's turn (its profile says which; ctrl+c unless told)."""
    live = c.live(params["session"])
    spec = live.spec
    keys = c.profile(spec).interrupt
    key = " ".join(keys)
    await c.checkpoint_before(spec, "interrupt")
    operation = c.journal.begin("interrupt", spec.id, f"interrupt {spec.name} ({key})")
    was_working = live.observer.activity is Activity.WORKING
    try:
        await press(live, keys)
    except SteerError as e:
        c.journal.finish(operation, OperationState.FAILED)
        return {"delivery": Delivery.NOT_DELIVERED.value, "detail": e.message}
    live.mark(f"interrupt {key}")
    c.journal.finish(operation, OperationState.DONE)
    if not was_working:
        return {
            "delivery": Delivery.UNVERIFIED.value,
            "detail": f"{key} was typed; it did not say that it works",
        }
    if await live.observer.wait(lambda: live.observer.activity is not Activity.WORKING, STOP_S):
        return {"delivery": Delivery.SUBMITTED.value, "detail": f"{key} was typed and its turn ended"}
    return {"delivery": Delivery.UNVERIFIED.value, "detail": f"{key} was typed, but it still works"}


async def pause(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """SIGSTOP to the whole process tree."""
    return await _set_paused(c, params["session"], True)


async def resume(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """SIGCONT to the whole process tree."""
    return await _set_paused(c, params["session"], False)


async def _set_paused(
    c: Context, session: str, is_paused: bool, *, is_undoable: bool = True, why: str = "", **detail: Any
) -> dict[str, Any]:
    live = c.live(session)
    verb = "pause" if is_paused else "continue"
    summary = f"{verb} {live.spec.name}{why}"
    operation = c.journal.begin(verb, live.spec.id, summary, is_undoable=is_undoable, **detail)
    try:
        await live.request(verb)
    except SteerError:
        c.journal.finish(operation, OperationState.FAILED)
        raise
    live.mark(verb)
    c.emit(ev.PauseChanged(live.spec.id, c.now(), is_paused))
    c.journal.finish(operation, OperationState.DONE)
    return {}


async def pause_over_budget(c: Context, session: str, limits: list[str], why: str) -> None:
    """What steer does by itself, once, where the operator's budget says so."""
    generation = c.spec(session).generation
    reason = f" by steer: over budget, {why}"
    await _set_paused(c, session, True, why=reason, limits=limits, generation=generation)


def budget_pauses(c: Context) -> set[tuple[str, int, str]]:
    """(session, generation, limit) of every pause for a budget; a supervisor before this one may have made it."""
    pauses = (o for o in c.fleet.operations() if o.kind == "pause")
    return {
        (o.session, int(o.detail.get("generation", 0)), str(limit))
        for o in pauses
        for limit in o.detail.get("limits", ())
    }


async def kill(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """End the session softly: whole process tree, checkpoint, worktree to the trash, branch kept. Undoable."""
    view = c.view(params["session"])
    spec = view.spec
    if spec.place is not Place.WORKTREE:
        raise UserError(f"{spec.name} was killed already", "`steer undo` brings it back")
    with c.claim(spec, "being killed"):
        operation = _unfinished(c, spec) or c.journal.begin(
            "kill", spec.id, f"kill {spec.name}", is_undoable=True
        )
        try:
            return await _kill(c, spec, operation)
        except BaseException as e:
            operation = c.journal.newest(operation)
            if await _is_as_before(c, operation):
                c.journal.finish(operation, OperationState.FAILED, f"kill {spec.name}: {e}")
            raise


def _unfinished(c: Context, spec: SessionSpec) -> Operation | None:
    """A kill of this session that has moved its worktree and could neither be finished nor taken back."""
    kills = (o for o in c.fleet.operations() if o.kind == "kill" and o.session == spec.id)
    return next((o for o in kills if o.state is OperationState.BEGUN and "trash" in o.detail), None)


async def _is_as_before(c: Context, operation: Operation) -> bool:
    """Take back a kill that failed, so that the fleet and the disk agree; whether they do."""
    record = operation.detail.get("trash")
    if record is None or Path(record["worktree"]).exists():
        return True
    try:
        await c.trees.restore(record)
    except SteerError:
        return False  # left as begun: killing again, or the next supervisor, finishes it
    return True


async def _kill(c: Context, spec: SessionSpec, operation: Operation) -> dict[str, Any]:
    if "trash" not in operation.detail:
        operation = await _plan_kill(c, spec, operation)
    others = await asyncio.to_thread(outsiders, spec.worktree)
    await finish_kill(c, spec, operation.detail["trash"])
    c.journal.finish(operation, OperationState.DONE)
    if others:
        note = f"processes outside of it still work in its worktree: {names(others)}"
        c.emit(ev.SessionNoted(spec.id, c.now(), note))
    return {"operation": operation.id, "survivors": [], "outsiders": others}


async def _plan_kill(c: Context, spec: SessionSpec, operation: Operation) -> Operation:
    """The first half: no process is left, the work is saved, and where the worktree goes is on disk."""
    crash_point("kill.begun")
    survivors = await stop_processes(c, spec)
    crash_point("kill.stopped")
    if survivors:
        note = f"{len(survivors)} processes are still there: {names(survivors)}"
        c.emit(ev.SessionNoted(spec.id, c.now(), note))
        raise EnvironmentFault(
            f"{spec.name} was not moved to the trash: {note}", "end them, then kill it again"
        )
    checkpoint = await c.take_checkpoint(spec, "before kill")
    crash_point("kill.checkpointed")
    record = await c.trees.plan_trash(spec, checkpoint or "")
    operation = c.journal.update(operation, trash=record)
    crash_point("kill.planned")
    return operation


async def finish_kill(c: Context, spec: SessionSpec, record: dict[str, Any]) -> None:
    """The second half of a kill, after its plan is on disk; done again after a crash it does what is left."""
    if live := c.lives.pop(spec.id, None):
        await live.detach(forget=True)
    c.hooks.forget(spec.id)
    await c.trees.trash(record)
    crash_point("kill.moved")
    c.save(replace(spec, place=Place.TRASH, stopped=spec.generation))
    crash_point("kill.saved")
    c.session_changed(spec.id)


async def stop_processes(c: Context, spec: SessionSpec) -> list[dict[str, Any]]:
    """End everything the session's keeper is an ancestor of, or was; the processes that remain."""
    live = c.lives.get(spec.id)
    if live is None or not live.is_attached:
        await c.clearing.settled(spec.id)
        return await asyncio.to_thread(end_left_over, spec.id)
    live.mark("kill")
    await _ask_to_leave(c, live)
    soft = [signal.SIGHUP, signal.SIGTERM] if c.view(spec.id).process in LIVE else []
    return await live.stop([int(s) for s in soft], c.settings().stop.grace_s)


async def clear_lost(c: Context, spec: SessionSpec) -> None:
    """Before an agent starts where a keeper was lost: what that one's agent left behind may still work there."""
    if c.view(spec.id).process is not ProcessState.LOST:
        return
    await c.clearing.settled(spec.id)
    if left := await asyncio.to_thread(end_left_over, spec.id):
        raise EnvironmentFault(f"processes of {spec.name} are still there: {names(left)}", "end them first")


async def _ask_to_leave(c: Context, live: LiveSession) -> None:
    """Type the keys that end an idle agent cleanly, where its profile knows them, and give it the grace time."""
    keys = c.profile(live.spec).leave
    if not keys or live.observer.activity is not Activity.IDLE or c.view(live.spec.id).process not in LIVE:
        return
    look = live.observer.look()
    if read_box(c.profile(live.spec).message, look.lines, look.styled):
        return  # the keys would only empty the box of what is half typed there
    live.expect_end()
    with contextlib.suppress(SteerError, TimeoutError):
        await press(live, keys)
        await asyncio.wait_for(live.wait_ended(), c.settings().stop.grace_s)


async def undo(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Undo the newest operation that can be undone (see `FleetView.undo`)."""
    operation = c.fleet.next_undo()
    if operation is None:
        raise UserError("there is nothing to undo")
    undoing = c.journal.begin("undo", operation.session, f"undo: {operation.summary}", undoes=operation.id)
    crash_point("undo.begun")
    try:
        summary = await _UNDO[operation.kind](c, operation, undoing)
    except BaseException as e:
        c.journal.finish(c.journal.newest(undoing), OperationState.FAILED, f"undo: {operation.summary}: {e}")
        raise
    c.journal.finish(c.journal.newest(operation), OperationState.UNDONE)
    crash_point("undo.marked")
    c.journal.finish(c.journal.newest(undoing), OperationState.DONE, summary)
    return {"operation": operation.id, "summary": summary}


async def _undo_kill(c: Context, operation: Operation, undoing: Operation) -> str:
    with c.claim(c.spec(operation.session), "being brought back"):
        return await _bring_back(c, operation, undoing)


async def _bring_back(c: Context, operation: Operation, undoing: Operation) -> str:
    spec = c.spec(operation.session)
    c.journal.update(undoing, worktree=str(c.trees.free_place(Path(spec.worktree))))
    made = await c.trees.restore(operation.detail["trash"])
    crash_point("undo.restored")
    restored = replace(spec, place=Place.WORKTREE, branch=made.branch, worktree=made.worktree)
    c.save(restored)
    crash_point("undo.saved")
    c.mark_restored(restored)
    notes = f" ({'; '.join(made.notes)})" if made.notes else ""
    return f"{spec.name} is back as it was{notes}; respawn runs its agent again"


async def _undo_start(c: Context, operation: Operation, undoing: Operation) -> str:
    await kill(c, {"session": operation.session})
    return f"{c.spec(operation.session).name} was killed; its worktree is in the trash"


async def _undo_pause(c: Context, operation: Operation, undoing: Operation) -> str:
    await _set_paused(c, operation.session, operation.kind == "continue", is_undoable=False)
    return f"undid: {operation.summary}"


_UNDO: dict[str, Callable[[Context, Operation, Operation], Awaitable[str]]] = {
    "kill": _undo_kill,
    "start": _undo_start,
    "fork": _undo_start,
    "restart": _undo_start,
    "pause": _undo_pause,
    "continue": _undo_pause,
}
