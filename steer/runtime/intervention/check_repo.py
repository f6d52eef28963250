"""What changed in the repository's `.git` that the operator has not accepted."""

from __future__ import annotations

from typing import Any

from steer.runtime.context import Context


async def check_repo(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """{files}: as in `diff`, each with `change`. With `accept` that is how things should be from now on."""
    files, news = await c.tripwires.check(accept=bool(params.get("accept")))
    for event in news:
        c.emit(event)
    return {"files": files, "base": "what you accepted last", "checkpoint": "", "moment": ""}
