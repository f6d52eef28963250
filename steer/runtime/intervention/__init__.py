"""What the operator can do to sessions; one module per kind of thing. Every function is a method of the socket."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any

from steer import __version__
from steer.runtime.context import Context
from steer.runtime.intervention import (
    answer,
    check_repo,
    flag,
    fork,
    held,
    inject,
    inspect,
    keep,
    restart,
    start,
    stop,
)

Handler = Callable[[Context, dict[str, Any]], Awaitable[dict[str, Any]]]


async def _ping(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    return {"pid": os.getpid(), "version": __version__}


METHODS: dict[str, Handler] = {
    "ping": _ping,
    "start": start.start,
    "respawn": start.respawn,
    "preview": inject.preview,
    "inject": inject.inject,
    "answer": answer.answer,
    "modes": inject.modes,
    "queue": held.queue,
    "withdraw": held.withdraw,
    "broadcast": inject.broadcast,
    "send_keys": inject.send_keys,
    "interrupt": stop.interrupt,
    "pause": stop.pause,
    "continue": stop.resume,
    "kill": stop.kill,
    "undo": stop.undo,
    "plan_fork": fork.plan_fork,
    "fork": fork.fork,
    "plan_restart": restart.plan_restart,
    "restart": restart.restart,
    "rename": keep.rename,
    "cancel": keep.cancel,
    "gc_plan": keep.gc_plan,
    "gc": keep.gc,
    "shut_down": keep.shut_down,
    "view": inspect.view,
    "diff": inspect.diff,
    "checkpoints": inspect.checkpoints,
    "compare": inspect.compare,
    "log": inspect.log,
    "steps": inspect.steps,
    "search": inspect.search,
    "text": inspect.text,
    "screen": inspect.screen,
    "shell": inspect.shell,
    "explain": inspect.explain,
    "dismiss": flag.dismiss,
    "check_repo": check_repo.check_repo,
    "profiles": inspect.profiles,
}
