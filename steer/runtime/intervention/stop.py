"""Interrupt, pause, kill, and undo of what can be undone. Nothing here deletes anything."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from steer.errors import EnvironmentFault, SteerError, UserError
from steer.model import event as ev
from steer.model.operation import Operation, OperationState
from steer.model.session import LIVE, Place, SessionSpec
from steer.runtime.context import Context


async def interrupt(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Press the key that stops the agent's turn (its profile says which; ctrl+c unless told)."""
    live = c.live(params["session"])
    spec = live.spec
    agent = c.load_config().config.agents.get(spec.agent)
    key = agent.interrupt if agent else "ctrl+c"
    await c.checkpoint_before(spec, "interrupt")
    operation = c.journal.begin("interrupt", spec.id, f"interrupt {spec.name} ({key})")
    try:
        await live.send(live.emulator.encode_key(key, None))
    except SteerError as e:
        c.journal.finish(operation, OperationState.FAILED)
        return {"delivery": "not delivered", "detail": e.message}
    live.mark(f"interrupt {key}")
    c.journal.finish(operation, OperationState.DONE)
    return {"delivery": "delivered", "detail": f"{key} was typed"}


async def pause(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """SIGSTOP to the whole process tree."""
    return await _set_paused(c, params["session"], True)


async def resume(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """SIGCONT to the whole process tree."""
    return await _set_paused(c, params["session"], False)


async def _set_paused(c: Context, session: str, is_paused: bool) -> dict[str, Any]:
    live = c.live(session)
    verb = "pause" if is_paused else "continue"
    operation = c.journal.begin(verb, live.spec.id, f"{verb} {live.spec.name}", is_undoable=True)
    try:
        await live.request(verb)
    except SteerError:
        c.journal.finish(operation, OperationState.FAILED)
        raise
    live.mark(verb)
    c.emit(ev.PauseChanged(live.spec.id, c.now(), is_paused))
    c.journal.finish(operation, OperationState.DONE)
    return {}


async def kill(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """End the session softly: whole process tree, checkpoint, worktree to the trash, branch kept. Undoable."""
    view = c.view(params["session"])
    spec = view.spec
    if spec.place is not Place.WORKTREE:
        raise UserError(f"{spec.name} was killed already", "`steer undo` brings it back")
    if spec.id in c.busy:
        raise UserError(f"{spec.name} is being killed already")
    c.busy.add(spec.id)
    operation = c.journal.begin("kill", spec.id, f"kill {spec.name}", is_undoable=True)
    try:
        return await _kill(c, spec, operation)
    except BaseException as e:
        c.journal.finish(c.journal.newest(operation), OperationState.FAILED, f"kill {spec.name}: {e}")
        raise
    finally:
        c.busy.discard(spec.id)


async def _kill(c: Context, spec: SessionSpec, operation: Operation) -> dict[str, Any]:
    survivors = await stop_processes(c, spec)
    if survivors:
        names = ", ".join(f"{s['pid']} {s['name']}" for s in survivors)
        note = f"{len(survivors)} processes are still there: {names}"
        c.emit(ev.SessionNoted(spec.id, c.now(), note))
        raise EnvironmentFault(
            f"{spec.name} was not moved to the trash: {note}", "end them, then kill it again"
        )
    checkpoint = await c.take_checkpoint(spec, "before kill")
    live = c.lives.pop(spec.id, None)
    if live:
        await live.detach(forget=True)
    record = await c.trees.plan_trash(spec, checkpoint or "")
    operation = c.journal.update(operation, trash=record)
    await c.trees.trash(record)
    c.save(replace(spec, place=Place.TRASH, stopped=spec.generation))
    c.session_changed(spec.id)
    c.journal.finish(operation, OperationState.DONE)
    return {"operation": operation.id, "survivors": []}


async def stop_processes(c: Context, spec: SessionSpec) -> list[dict[str, Any]]:
    """End everything the session's keeper is an ancestor of; the processes that remain."""
    live = c.lives.get(spec.id)
    if live is None or not live.is_attached:
        return []
    live.mark("kill")
    soft = [signal.SIGHUP, signal.SIGTERM] if c.view(spec.id).process in LIVE else []
    return await live.stop([int(s) for s in soft], c.load_config().config.stop.grace_s)


async def undo(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Undo the newest operation that can be undone (see `FleetView.undo`)."""
    operation = c.fleet.next_undo()
    if operation is None:
        raise UserError("there is nothing to undo")
    undoing = c.journal.begin("undo", operation.session, f"undo: {operation.summary}", undoes=operation.id)
    try:
        summary = await _UNDO[operation.kind](c, operation)
    except BaseException as e:
        c.journal.finish(undoing, OperationState.FAILED, f"undo: {operation.summary}: {e}")
        raise
    c.journal.finish(c.journal.newest(operation), OperationState.UNDONE)
    c.journal.finish(undoing, OperationState.DONE, summary)
    return {"operation": operation.id, "summary": summary}


async def _undo_kill(c: Context, operation: Operation) -> str:
    spec = c.spec(operation.session)
    made = await c.trees.restore(operation.detail["trash"])
    restored = replace(spec, place=Place.WORKTREE, branch=made.branch, worktree=made.worktree)
    c.save(restored)
    c.mark_restored(restored)
    notes = f" ({'; '.join(made.notes)})" if made.notes else ""
    return f"{spec.name} is back as it was{notes}; respawn runs its agent again"


async def _undo_start(c: Context, operation: Operation) -> str:
    await kill(c, {"session": operation.session})
    return f"{c.spec(operation.session).name} was killed; its worktree is in the trash"


async def _undo_pause(c: Context, operation: Operation) -> str:
    await _set_paused(c, operation.session, operation.kind == "continue")
    return f"undid: {operation.summary}"


_UNDO: dict[str, Callable[[Context, Operation], Awaitable[str]]] = {
    "kill": _undo_kill,
    "start": _undo_start,
    "fork": _undo_start,
    "pause": _undo_pause,
    "continue": _undo_pause,
}
