"""Fork: a child session in a new worktree with the parent's files as they are now, or as they were at a moment."""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from typing import Any

from steer.agents.launch import plan_launch
from steer.config.path import slug
from steer.config.schema import Config
from steer.errors import UserError
from steer.model.operation import OperationState
from steer.model.session import Place, SessionSpec
from steer.runtime.context import Context
from steer.runtime.crash_point import crash_point
from steer.runtime.intervention.memory import choose, memory_of, remember, say_when_idle
from steer.runtime.intervention.moment import Moment, find_moment
from steer.runtime.intervention.opening import Opening
from steer.runtime.intervention.start import begin


async def plan_fork(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """What a fork would carry and what not, for the dialog; nothing is changed."""
    at = params.get("at") or None
    spec = _forkable(c, params["session"], is_past=at is not None)
    moment = await find_moment(c, spec, at) if at is not None else None
    config = c.load_config().config
    name = c.free_name(f"{stem(spec.name)}-fork")
    if moment is None:
        plan = await c.trees.plan_fork(spec, config.worktree.include_max_mb << 20)
    else:
        plan = _plan_past(moment)
    branch = await c.trees.free_branch(f"{config.worktree.branch_prefix}{name}")
    memory = await memory_of(c, spec, moment.at if moment else 0.0)
    carried, left = list(plan["carried"]), list(plan["left"])
    (left if memory.mode == "none" else carried).append(memory.text)
    told = {"mode": memory.mode, "text": memory.text, "turns": memory.turns}
    made = {**plan, "carried": carried, "left": left, "branch": branch, "name": name, "conversation": told}
    return {
        **made,
        "moment": {"at": moment.at, "text": moment.text, "checkpoint": moment.commit} if moment else {},
    }


def _plan_past(moment: Moment) -> dict[str, Any]:
    """{carried, left, bytes} of a fork from that moment."""
    left = ["the index, and ignored files except those that .worktreeinclude names"]
    if not moment.checkpoint:
        return {
            "carried": ["the files of the base: there is no earlier checkpoint"],
            "left": left,
            "bytes": 0,
        }
    record = moment.checkpoint
    age = max(0, round(moment.at - float(record["at"])))
    files = f"{record['files']} file{'' if record['files'] == 1 else 's'}"
    stat = f"{files} changed, +{record['added']} −{record['removed']}"
    when = f"taken {age} s before that moment" if age else "taken at that moment"
    carried = [f"the files of checkpoint {record['number']} ({stat}), {when}; commits become changes"]
    return {"carried": carried, "left": left + [str(p) for p in record.get("problems", ())], "bytes": 0}


async def fork(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Start a child of the session. The parent goes on untouched; a moving tree is said in the notes.

    `at`: from that moment of its past (see `find_moment`); the parent may have ended or lie in the trash then.
    """
    at = params.get("at") or None
    parent = _forkable(c, params["session"], is_past=at is not None)
    moment = await find_moment(c, parent, at) if at is not None else None
    config = c.load_config().config
    if moment is None:
        await c.checkpoint_before(parent, "fork")
    wanted = slug(str(params.get("name") or f"{stem(parent.name)}-fork"), 32)
    with c.reserve_name(wanted) as name:
        return await _fork(c, parent, name, config, params, moment)


async def _fork(
    c: Context, parent: SessionSpec, name: str, config: Config, params: dict[str, Any], moment: Moment | None
) -> dict[str, Any]:
    summary = f"fork {parent.name} into {name}" + (f" from {moment.text}" if moment else "")
    operation = c.journal.begin("fork", "", summary, is_undoable=True)
    env = dict(params.get("env") or os.environ)
    try:
        branch = await c.trees.free_branch(f"{config.worktree.branch_prefix}{name}")
        child = _child(c, parent, name, branch, params)
        choice = await choose(c, parent, child, params, moment.at if moment else 0.0)
        operation = c.journal.update(
            replace(operation, session=child.id),
            worktree=child.worktree,
            branch=branch,
            conversation=choice.mode,
            turn=choice.turn,
            at=moment.at if moment else 0.0,
            checkpoint=moment.commit if moment else "",
        )
        crash_point("fork.planned")
        report, cancelled = c.progress(operation, f"fork of {parent.name}")
        cap = config.worktree.include_max_mb << 20
        if moment is None:
            notes = await c.trees.fork(parent, child, report, cancelled, cap)
        else:
            notes = await c.trees.add_as_of(child, moment.commit, report, cancelled, cap)
        found = operation  # as it is now; the copies are added to its newest state

        async def open_conversation() -> Opening:
            opening = await remember(c, parent, child, choice, found, env)
            if opening.typed:
                c.later(say_when_idle(c, child, opening.typed))
            return opening

        await begin(c, child, env, config, operation, open_conversation)
    except BaseException as e:
        c.journal.finish(c.journal.newest(operation), OperationState.FAILED, f"{summary}: {e}")
        raise
    finally:
        c.end_progress(operation)
    c.mark(parent.id, f"forked into {name}" + (f" from {moment.text}" if moment else ""))
    c.journal.finish(c.journal.newest(operation), OperationState.DONE)
    return {"session": child.id, "notes": [*notes, choice.text]}


def child_of(c: Context, parent: SessionSpec, name: str, branch: str, task: str) -> SessionSpec:
    """A new session like its parent, whatever became of that one, in a worktree that does not exist yet."""
    cols, rows = c.pane_size
    return replace(
        parent,
        id=c.new_id(),
        name=name,
        worktree=str(c.trees.free_path(name)),
        branch=branch,
        parent=parent.id,
        task=task,
        cols=cols,
        rows=rows,
        generation=1,
        stopped=0,
        place=Place.WORKTREE,
        created_at=c.now(),
    )


def _child(c: Context, parent: SessionSpec, name: str, branch: str, params: dict[str, Any]) -> SessionSpec:
    task = str(params.get("task") or parent.task)
    child = child_of(c, parent, name, branch, task)
    if argv := tuple(map(str, params.get("argv") or ())):
        return replace(child, argv=argv, agent=str(params.get("agent") or parent.agent))
    if wanted := str(params.get("agent") or ""):
        plan = plan_launch(wanted, task, c.catalog(), dict(params.get("env") or os.environ).get("PATH"))
        return replace(child, argv=plan.argv, agent=plan.agent)
    if task != parent.task:
        return replace(child, argv=with_task(parent.argv, parent.task, task))
    return child


def with_task(argv: tuple[str, ...], old: str, new: str) -> tuple[str, ...]:
    """The command with another task: where the old one is an argument, an option's value, or quoted for a shell.

    Nothing else is touched: a task like "a" occurs in every command.
    """
    if not old:
        return argv
    if argv[:2] == ("/bin/sh", "-c"):
        return (*argv[:2], *(part.replace(shlex.quote(old), shlex.quote(new)) for part in argv[2:]))
    return tuple(_swap(part, old, new) for part in argv)


def _swap(part: str, old: str, new: str) -> str:
    if part == old:
        return new
    return part.removesuffix(old) + new if part.endswith(f"={old}") else part


def _forkable(c: Context, session: str, *, is_past: bool = False) -> SessionSpec:
    spec = c.spec(session)
    if is_past:
        return spec  # its checkpoints are there whatever became of it
    if spec.place is not Place.WORKTREE:
        raise UserError(f"{spec.name} is in the trash", "undo its kill first")
    if spec.id in c.busy:
        raise UserError(f"{spec.name} is {c.busy[spec.id]}", "wait until that is done")
    return spec


def stem(name: str) -> str:
    head, _, tail = name.rpartition("-fork")
    return head if head and (not tail or tail.lstrip("-").isdigit()) else name
