"""Looking: diffs, checkpoints, the log, search, text for the clipboard, explanations. Changes nothing."""

from __future__ import annotations

import os
import shutil
from typing import Any

from steer.detect.convergence import explain as explain_ledger
from steer.errors import UserError
from steer.model.codec import to_json
from steer.model.session import LIVE, Place, SessionView
from steer.runtime import judging
from steer.runtime.context import Context
from steer.runtime.convergence import load_ledger

MAX_MATCHES = 2000
MAX_OPERATIONS = 1000
MAX_ENTRIES = 2000


async def view(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """The whole fleet, as the board sees it."""
    return {"fleet": to_json(c.fleet.view())}


async def diff(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """The worktree as it is now against its base, by file."""
    spec = c.spec(params["session"])
    commit = None
    if spec.place is Place.WORKTREE:
        commit = await c.take_checkpoint(spec, "diff")
    commit = commit or _last_checkpoint(c, spec.id)
    if commit is None:
        raise UserError(f"{spec.name} has no checkpoint to compare")
    files = await c.trees.diff(spec.base, commit)
    return {"files": files, "base": spec.base_name or spec.base[:12], "checkpoint": commit}


def _last_checkpoint(c: Context, session: str) -> str | None:
    records = c.store.checkpoints(session)
    return str(records[-1]["id"]) if records else None


async def checkpoints(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """The session's timeline of trees, oldest first."""
    return {"checkpoints": c.store.checkpoints(c.spec(params["session"]).id)}


async def log(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Operations, newest last."""
    limit = min(int(params.get("limit") or 100), MAX_OPERATIONS)
    return {"operations": [to_json(o) for o in c.fleet.operations()[-limit:]]}


async def steps(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """The newest entries of the session's conversation, oldest first; `type` is the entry's class in lower case."""
    spec = c.spec(params["session"])
    limit = max(1, min(int(params.get("limit") or 200), MAX_ENTRIES))
    entries = await c.conversations.entries(spec.id, limit)
    return {"entries": [{"type": type(e).__name__.lower(), **to_json(e)} for e in entries]}


async def search(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Where `query` occurs in scrollback and screen, oldest first; case matters only where the query has capitals."""
    live = c.screen(params["session"])
    query = str(params["query"])
    lines = live.emulator.lines()
    if not query:
        return {"matches": [], "lines": len(lines)}
    fold = query == query.lower()
    matches: list[tuple[int, int, int]] = []
    for y, line in enumerate(lines):
        text = line.lower() if fold else line
        x = text.find(query)
        while x >= 0 and len(matches) < MAX_MATCHES:
            matches.append((y, x, len(query)))
            x = text.find(query, x + len(query))
    return {"matches": matches, "lines": len(lines)}


async def text(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Plain text between two places of scrollback plus screen, for the operator's clipboard."""
    live = c.screen(params["session"])
    (y0, x0), (y1, x1) = params["start"], params["end"]
    return {"text": live.emulator.text((int(y0), int(x0)), (int(y1), int(x1)))}


async def screen(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """The screen, or with `all` scrollback too, as plain lines; for `steer read`."""
    emulator = c.screen(params["session"]).emulator
    lines = emulator.lines()
    if not params.get("all"):
        lines = lines[emulator.history :]
    return {"lines": lines, "title": emulator.title}


async def shell(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """How to open a shell in the session's worktree; the caller runs it."""
    spec = c.spec(params["session"])
    if spec.place is not Place.WORKTREE:
        raise UserError(f"{spec.name} is in the trash", "undo its kill first")
    argv = [os.environ.get("SHELL") or shutil.which("bash") or "/bin/sh"]
    return {"argv": argv, "cwd": spec.worktree, "env": {"STEER_NAME": spec.name}}


async def explain(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Why the board shows what it shows of this session, one fact a line."""
    v = c.view(params["session"])
    now = c.now()
    lines = [_explain_process(v, now), _explain_activity(v, now)]
    if v.process in LIVE and (live := c.lives.get(v.spec.id)):
        lines += [f"    {line}" for line in live.observer.explain()]
    for flag in v.flags:
        lines.append(f"flag {flag.rule}: {flag.title} ({_ago(now - flag.at)}, seen {flag.count} times)")
        lines += [f"    {line}" for line in flag.evidence]
    if v.check.state != "none":
        lines.append(f"check {v.spec.check!r}: {v.check.state}: {v.check.text} ({_ago(now - v.check.at)})")
    lines += explain_ledger(load_ledger(c.store.folder(v.spec.id)))
    lines += judging.explain(c.paths.state / judging.FILE, v.spec.id, now)
    if v.recording_note:
        lines.append(f"recording: {v.recording_note}")
    if v.note:
        lines.append(f"note: {v.note}")
    return {"lines": lines}


def _explain_process(v: SessionView, now: float) -> str:
    status = "" if v.exit_status is None else f" with status {v.exit_status}"
    paused = ", paused by the operator" if v.is_paused else ""
    return f"process {v.process.value}{status}{paused}: started {_ago(now - v.started_at)}"


def _explain_activity(v: SessionView, now: float) -> str:
    if v.process not in LIVE:
        return "activity: none, its process is not running"
    if not v.activity_source:
        seen = _ago(now - v.output_at) if v.output_at else "never"
        return f"activity unknown: the agent reports no status (OSC 7501); last output {seen}"
    words = f" ({v.activity_text})" if v.activity_text else ""
    since = _ago(now - v.activity_at)
    return f"activity {v.activity.value}{words}: reported by {v.activity_source}, since {since}"


def _ago(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s ago"
    return f"{seconds / 60:.0f} min ago" if seconds < 5400 else f"{seconds / 3600:.1f} h ago"


async def profiles(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Agents known by name, and whether their command is there."""
    catalog = c.catalog()
    known = [catalog.get(name) for name in catalog.names()]
    return {
        "profiles": [
            {
                "name": p.name,
                "title": p.title or p.name,
                "argv": list(p.argv),
                "is_installed": bool(p.argv) and shutil.which(p.argv[0]) is not None,
            }
            for p in known
        ]
    }
