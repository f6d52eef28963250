"""What a new supervisor does about operations that the one before it did not finish."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from steer.errors import SteerError
from steer.model.operation import Operation, OperationState
from steer.model.session import LIVE, Place, ProcessState
from steer.runtime.context import Context
from steer.runtime.intervention.held import give_up, held, is_held, tell
from steer.runtime.intervention.opening import drop_copies
from steer.runtime.intervention.stop import finish_kill


async def recover(c: Context) -> list[str]:
    """Finish, roll back, or mark as unknown; one sentence for each operation it touched."""
    notes = await c.trees.recover()
    begun = [o for o in c.fleet.operations() if o.state is OperationState.BEGUN and not is_held(o)]
    for operation in sorted(
        begun, key=lambda o: o.kind == "undo"
    ):  # an undo may have begun a kill of its own
        notes.append(await _settle(c, operation))
    for view in c.fleet.view().sessions:
        if held(c, view.spec.id) and view.process not in LIVE:
            give_up(c, view.spec.id)
        tell(c, view.spec.id)
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
    await finish_kill(c, c.spec(operation.session), record)
    return OperationState.DONE


async def _settle_start(c: Context, operation: Operation) -> OperationState:
    """A start or fork whose agent came to run is done; otherwise what exists of it goes to the trash."""
    session = operation.session
    view = c.fleet.session(session)
    if view is not None:
        if view.process is not ProcessState.LOST or c.store.recording(view.spec).exists():
            return OperationState.DONE
        c.store.save(replace(view.spec, place=Place.GONE))
        c.fleet.forget(session)
    drop_copies(operation)
    if os.path.lexists(str(operation.detail.get("worktree", ""))):
        await c.trees.discard_path(operation.detail["worktree"], operation.detail["branch"], session)
    return OperationState.FAILED


async def _settle_undo(c: Context, operation: Operation) -> OperationState:
    """Finish an undo whose effect can be seen or brought about once more; give up one that had no effect."""
    undone = next((o for o in c.fleet.operations() if o.id == operation.detail.get("undoes")), None)
    if undone is None or (undone.kind == "kill" and not await _settle_return(c, undone, operation)):
        return OperationState.FAILED
    view = c.fleet.session(undone.session)
    is_pause = undone.kind in ("pause", "continue")
    if is_pause and (view is None or view.is_paused is not (undone.kind == "continue")):
        return OperationState.FAILED
    if undone.kind in ("start", "fork", "restart") and view is not None and view.spec.place is Place.WORKTREE:
        return OperationState.FAILED
    c.journal.finish(undone, OperationState.UNDONE)
    return OperationState.DONE


async def _settle_return(c: Context, kill: Operation, undo: Operation) -> bool:
    """Whether the killed session's worktree is back, by what was done before or by what is done now."""
    spec, wanted = c.spec(kill.session), str(undo.detail.get("worktree", ""))
    if spec.place is Place.WORKTREE:
        return True
    if c.trees.has_entry(kill.detail["trash"]):
        made = await c.trees.restore(kill.detail["trash"])
        spec = replace(spec, branch=made.branch, worktree=made.worktree)
    elif wanted and Path(wanted).is_dir():
        now = c.trees.checked_out(Path(wanted))
        spec = replace(spec, branch=now if now.startswith(spec.branch) else spec.branch, worktree=wanted)
    else:
        return False
    c.save(replace(spec, place=Place.WORKTREE))
    c.mark_restored(replace(spec, place=Place.WORKTREE))
    return True


_SETTLE = {
    "kill": _settle_kill,
    "start": _settle_start,
    "fork": _settle_start,
    "restart": _settle_start,
    "undo": _settle_undo,
}
