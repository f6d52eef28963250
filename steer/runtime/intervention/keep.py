"""Housekeeping: names, disk space, giving up on long work."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from steer.config.path import slug
from steer.errors import UserError
from steer.model.operation import OperationState
from steer.model.session import Place
from steer.runtime.context import Context
from steer.runtime.intervention.stop import stop_processes


async def rename(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Give the session another name; worktree and branch keep theirs."""
    spec = c.spec(params["session"])
    wanted = slug(str(params["name"]), 32)
    name = c.free_name(wanted) if wanted != spec.name else wanted
    operation = c.journal.begin("rename", spec.id, f"rename {spec.name} to {name}", old=spec.name)
    c.save(replace(spec, name=name))
    c.journal.finish(operation, OperationState.DONE)
    return {"name": name}


async def cancel(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Give up on long work under way; it rolls back what it began."""
    progress = str(params["progress"])
    if progress not in {p.id for p in c.fleet.view().progress}:
        raise UserError("that work has ended already")
    c.cancelled.add(progress)
    return {}


async def gc_plan(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """What could be removed for good, what it would free, and what is refused and why. Removes nothing."""
    items = await c.trees.gc_plan(c.fleet.view().sessions)
    return {
        "items": [
            {"path": i.path, "bytes": i.size_bytes, "reason": i.reason, "is_safe": i.is_safe} for i in items
        ]
    }


async def gc(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Remove exactly the planned paths named here; if one is no longer safe, nothing is removed."""
    wanted = {str(p) for p in params["paths"]}
    plan = await c.trees.gc_plan(c.fleet.view().sessions)
    chosen = [item for item in plan if item.path in wanted and item.is_safe]
    if missing := wanted - {item.path for item in chosen}:
        raise UserError(f"{sorted(missing)[0]} is not (or no longer) safe to remove; nothing was removed")
    operation = c.journal.begin("gc", "", f"gc: {len(chosen)} folders", paths=sorted(wanted))
    freed = await c.trees.gc_apply(chosen)
    for v in c.fleet.view().sessions:
        if v.spec.place is Place.TRASH and not c.trees.is_in_trash(v.spec.id):
            c.save(replace(v.spec, place=Place.GONE))
            c.fleet.forget(v.spec.id)
    c.journal.finish(operation, OperationState.DONE)
    return {"freed_bytes": freed}


async def shut_down(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """End every agent and then the supervisor; nothing is moved or removed. While an agent remains, so does it."""
    lives = [live for live in c.lives.values() if live.is_attached]
    for live in lives:
        c.save(replace(live.spec, stopped=live.spec.generation))
    results = await asyncio.gather(*(stop_processes(c, live.spec) for live in lives), return_exceptions=True)
    remain = {}
    for live, result in zip(lives, results, strict=True):
        if isinstance(result, BaseException):
            remain[live.spec.name] = str(result)
        elif result:
            remain[live.spec.name] = ", ".join(f"{p.get('name')} ({p.get('pid')})" for p in result)
    if remain:
        return {"remain": remain}
    await asyncio.gather(*(live.detach(forget=True) for live in lives), return_exceptions=True)
    c.lives.clear()
    asyncio.get_running_loop().call_later(0.05, c.end)  # after the answer is out
    return {"remain": {}}
