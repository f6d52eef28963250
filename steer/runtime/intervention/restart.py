"""Starting afresh: a new session with a brief of what another one tried, from its base or from before it went wrong."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from steer.agents.continuing import with_conversation
from steer.config.path import slug
from steer.config.schema import Config
from steer.detect.convergence import RULE
from steer.detect.ledger import Correction
from steer.errors import SteerError, UserError
from steer.model.operation import OperationState
from steer.model.session import SessionSpec, SessionView
from steer.runtime.context import Context
from steer.runtime.convergence import load_ledger
from steer.runtime.crash_point import crash_point
from steer.runtime.intervention.fork import child_of, stem, with_task
from steer.runtime.intervention.memory import injected, say_when_idle
from steer.runtime.intervention.moment import checkpoint_named, newest_checkpoint
from steer.runtime.intervention.opening import Opening, fresh
from steer.runtime.intervention.start import begin, consented
from steer.runtime.intervention.stop import kill
from steer.transcript.brief import make_restart_brief

MAX_BRIEF = 32 * 1024  # characters; it becomes an argument of the agent's command
_EVIDENCE = 6  # lines of what fails


async def plan_restart(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """A brief to start afresh with, and from where; nothing is changed."""
    view = c.view(params["session"])
    return {
        "brief": await _brief(c, view),
        "name": c.free_name(f"{stem(view.spec.name)}-again"),
        "base": view.spec.base_name or view.spec.base[:12],
        "before": _before_trouble(c, view),
    }


async def restart(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """A new session in a worktree of its own. The old one goes on, unless `kill`: then it is killed, undoably."""
    view = c.view(params["session"])
    brief = str(params.get("brief") or "").strip() or await _brief(c, view)
    if len(brief) > MAX_BRIEF or "\0" in brief:
        raise UserError(f"a brief is text of at most {MAX_BRIEF} characters", "shorten it")
    wanted = str(params.get("checkpoint") or "")
    checkpoint = str(checkpoint_named(c, view.spec, wanted)["id"]) if wanted else ""
    config = consented(c)
    with c.reserve_name(slug(str(params.get("name") or f"{stem(view.spec.name)}-again"), 32)) as name:
        child, notes = await _restart(c, view.spec, name, brief, checkpoint, config, params)
    if params.get("kill"):
        try:
            await kill(c, {"session": view.spec.id})
        except SteerError as e:
            notes.append(f"{view.spec.name} was not killed: {e.message}")
    return {"session": child.id, "notes": notes}


async def _restart(
    c: Context,
    old: SessionSpec,
    name: str,
    brief: str,
    checkpoint: str,
    config: Config,
    params: dict[str, Any],
) -> tuple[SessionSpec, list[str]]:
    summary = f"restart {old.name} afresh as {name}"
    operation = c.journal.begin("restart", "", summary, is_undoable=True, task=_task_of(c, old))
    try:
        branch = await c.trees.free_branch(f"{config.worktree.branch_prefix}{name}")
        child = _child(c, old, name, branch, brief)
        operation = c.journal.update(
            replace(operation, session=child.id),
            worktree=child.worktree,
            branch=branch,
            checkpoint=checkpoint,
            instead_of=old.id,
        )
        crash_point("restart.planned")
        report, cancelled = c.progress(operation, f"worktree for {name}")
        cap = config.worktree.include_max_mb << 20
        notes = await c.trees.add_as_of(child, checkpoint, report, cancelled, cap)

        async def open_conversation() -> Opening:
            if not old.task and child.argv == old.argv:
                c.later(say_when_idle(c, child, brief))  # the old one was told by typing, too
            return fresh(c, child)

        env = dict(params.get("env") or os.environ)
        await begin(c, child, env, config, operation, open_conversation)
    except BaseException as e:
        c.journal.finish(c.journal.newest(operation), OperationState.FAILED, f"{summary}: {e}")
        raise
    finally:
        c.end_progress(operation)
    c.mark(old.id, f"restarted as {name}")
    c.journal.finish(c.journal.newest(operation), OperationState.DONE)
    return child, notes


def _child(c: Context, old: SessionSpec, name: str, branch: str, brief: str) -> SessionSpec:
    argv = with_task(old.argv, old.task, brief)
    profile = c.profile(old)
    if not old.task and profile.task:
        argv = with_conversation(old.argv, profile, "", (), brief) or old.argv
    return replace(child_of(c, old, name, branch, brief), argv=argv)


# -- the brief ----------------------------------------------------------------------------------------


async def _brief(c: Context, view: SessionView) -> str:
    spec = view.spec
    await c.conversations.catch_up(spec.id)
    entries = await c.conversations.entries(spec.id) or injected(c, spec)
    corrections = load_ledger(c.store.folder(spec.id)).corrections
    return make_restart_brief(
        _task_of(c, spec),
        entries,
        [_told(x) for x in corrections],
        _failing(view, corrections[-1] if corrections else None),
        _decisions(c, spec.id),
        spec.worktree,
    )


def _told(correction: Correction) -> str:
    return f"{correction.said.text} ({correction.fate.value})"


def _failing(view: SessionView, newest: Correction | None) -> list[str]:
    """What the own check says, what was failing when the operator spoke last, and what the flags show."""
    lines = [f"`{view.spec.check}`: {view.check.text}"] if view.check.state == "failed" else []
    lines += sorted(newest.ids)[:_EVIDENCE] if newest else []
    for flag in view.flags:
        if flag.rule not in (RULE, "asking", "budget"):
            seen = [line for line in flag.evidence if not line.startswith("step ")]
            lines.append(f"{flag.title}: {'; '.join(seen[:2])}" if seen else flag.title)
    return list(dict.fromkeys(lines))[:_EVIDENCE]


def _decisions(c: Context, session: str) -> list[str]:
    """What the operator answered when the agent asked."""
    answers = (o for o in c.fleet.operations() if o.kind == "answer" and o.session == session)
    done = (o.detail for o in answers if o.state is OperationState.DONE)
    return [f"{d.get('subject') or d.get('asked', '')}: {d.get('choice', '')}" for d in done]


def _task_of(c: Context, spec: SessionSpec) -> str:
    """What the operator wanted in the first place.

    The task of a restarted session is a brief; that of a fork is often only what to do otherwise.
    """
    for o in c.fleet.operations():
        if o.kind == "restart" and o.session == spec.id:
            return str(o.detail.get("task", spec.task))
        if o.kind == "fork" and o.session == spec.id and (parent := c.fleet.session(spec.parent)):
            first = _task_of(c, parent.spec)
            return first if spec.task in first else f"{first}\n\n{spec.task}"
    return spec.task


# -- where from ---------------------------------------------------------------------------------------


def _before_trouble(c: Context, view: SessionView) -> dict[str, Any]:
    """The newest checkpoint from before the flag that matters most began: {id, at, flag}; empty where none is."""
    known = [f for f in view.flags if f.since]
    flag = next((f for f in known if f.rule == RULE), known[0] if known else None)
    if flag is None:
        return {}
    record = newest_checkpoint(c, view.spec, flag.since)
    return {"id": record["id"], "at": record["at"], "flag": flag.title} if record else {}
