"""What a new supervisor does about operations that the one before it did not finish."""

from __future__ import annotations

import os
from dataclasses import replace

from steer.errors import SteerError
from steer.model.operation import Operation, OperationState
from steer.model.session import Place
from steer.runtime.context import Context


async def recover(c: Context) -> list[str]:
    """Finish, roll back, or mark as unknown; one sentence for each operation it touched."""
    notes = await c.trees.recover()
    for operation in c.fleet.operations():
        if operation.state is OperationState.BEGUN:
            notes.append(await _settle(c, operation))
    return notes


async def _settle(c: Context, operation: Operation) -> str:
    try:
        state = await _SETTLE.get(operation.kind, _unknown)(c, operation)
    except SteerError as e:
        state = OperationState.FAILED
        c.journal.finish(operation, state, f"{operation.summary}: {e.message}")
        return f"{operation.summary}: could not be settled: {e.message}"
    c.journal.finish(operation, state)
    return f"{operation.summary}: was interrupted; now {state.value}"


async def _unknown(c: Context, operation: Operation) -> OperationState:
    """Whether the text or signal arrived cannot be known; it is never sent again by itself."""
    return OperationState.UNKNOWN


async def _settle_kill(c: Context, operation: Operation) -> OperationState:
    """A kill that knew where to move the worktree is finished; one that did not yet is given up."""
    record = operation.detail.get("trash")
    if record is None:
        return OperationState.FAILED
    await c.trees.trash(record)
    spec = c.spec(operation.session)
    c.save(replace(spec, place=Place.TRASH, stopped=spec.generation))
    return OperationState.DONE


async def _settle_start(c: Context, operation: Operation) -> OperationState:
    """A start or fork that has its session is done; otherwise what exists of its worktree goes to the trash."""
    session = str(operation.detail.get("session") or operation.session)
    if session and c.fleet.session(session) is not None:
        return OperationState.DONE
    if not os.path.lexists(str(operation.detail.get("worktree", ""))):
        return OperationState.FAILED
    await c.trees.discard_path(operation.detail["worktree"], operation.detail["branch"], session)
    return OperationState.FAILED


_SETTLE = {"kill": _settle_kill, "start": _settle_start, "fork": _settle_start}
