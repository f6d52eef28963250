"""Fork: a child session in a new worktree with the parent's files as they are now."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from steer.agents.launch import plan_launch
from steer.config.path import slug
from steer.errors import UserError
from steer.model.operation import OperationState
from steer.model.session import Place, SessionSpec
from steer.runtime.context import Context
from steer.runtime.intervention.start import begin


async def plan_fork(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """What a fork would carry and what not, for the dialog; nothing is changed."""
    spec = _forkable(c, params["session"])
    config = c.load_config().config
    name = c.free_name(f"{_stem(spec.name)}-fork")
    plan = await c.trees.plan_fork(spec, config.worktree.include_max_mb << 20)
    branch = await c.trees.free_branch(f"{config.worktree.branch_prefix}{name}")
    left = [*plan["left"], "the conversation: the agent starts anew with the task (and your instruction)"]
    return {**plan, "left": left, "branch": branch, "name": name}


async def fork(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Start a child of the session. The parent goes on untouched; a moving tree is said in the notes."""
    parent = _forkable(c, params["session"])
    config = c.load_config().config
    await c.checkpoint_before(parent, "fork")
    name = c.free_name(slug(str(params.get("name") or f"{_stem(parent.name)}-fork"), 32))
    operation = c.journal.begin("fork", "", f"fork {parent.name} into {name}", is_undoable=True)
    try:
        branch = await c.trees.free_branch(f"{config.worktree.branch_prefix}{name}")
        child = _child(c, parent, name, branch, params)
        operation = c.journal.update(operation, session=child.id, worktree=child.worktree, branch=branch)
        report, cancelled = c.progress(operation, f"fork of {parent.name}")
        notes = await c.trees.fork(parent, child, report, cancelled, config.worktree.include_max_mb << 20)
        await begin(c, child, dict(params.get("env") or os.environ), config, operation)
    except BaseException as e:
        c.journal.finish(operation, OperationState.FAILED, f"fork {parent.name}: {e}")
        raise
    finally:
        c.end_progress(operation)
    c.mark(parent.id, f"forked into {name}")
    c.journal.finish(replace(operation, session=child.id), OperationState.DONE)
    return {"session": child.id, "notes": notes}


def _child(c: Context, parent: SessionSpec, name: str, branch: str, params: dict[str, Any]) -> SessionSpec:
    task = str(params.get("task") or parent.task)
    child = replace(
        parent,
        id=c.new_id(),
        name=name,
        worktree=str(c.trees.free_path(name)),
        branch=branch,
        parent=parent.id,
        task=task,
        generation=1,
        created_at=c.now(),
    )
    if wanted := str(params.get("agent") or ""):
        plan = plan_launch(wanted, task, c.load_config().config.agents)
        return replace(child, argv=plan.argv, agent=plan.agent)
    if task != parent.task:
        argv = tuple(part.replace(parent.task, task) if parent.task else part for part in parent.argv)
        return replace(child, argv=argv)
    return child


def _forkable(c: Context, session: str) -> SessionSpec:
    spec = c.spec(session)
    if spec.place is not Place.WORKTREE:
        raise UserError(f"{spec.name} is in the trash", "undo its kill first")
    return spec


def _stem(name: str) -> str:
    head, _, tail = name.rpartition("-fork")
    return head if head and (not tail or tail.lstrip("-").isdigit()) else name
