"""Putting flags away: for good, with a reason, or for a while. What was put away is in the operation log."""

from __future__ import annotations

from typing import Any

from steer.errors import UserError
from steer.model.operation import OperationState
from steer.runtime.context import Context

STATES = frozenset({"asking", "error"})  # these say what the agent does now; they go when that changes
MAX_REASON = 200


async def dismiss(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Hide a flag of the session until it gets more severe; with `minutes`, until that time has passed."""
    view = c.view(params["session"])
    name, minutes = str(params["flag"]), float(params.get("minutes") or 0.0)
    flag = next((f for f in view.flags if name in (f.name, f.rule)), None)
    if flag is None:
        known = ", ".join(f.rule for f in view.flags)
        raise UserError(
            f"{view.spec.name} has no flag {name!r}", f"its flags: {known}" if known else "it has none"
        )
    if flag.rule in STATES:
        raise UserError(f"{flag.rule!r} is what the agent does now", "answer it, or correct the agent")
    kind = "snooze" if minutes > 0 else "dismiss"
    reason = str(params.get("reason") or "")[:MAX_REASON]
    why = f": {reason}" if reason else f" for {minutes:.0f} min" if minutes > 0 else ""
    operation = c.journal.begin(
        kind, view.spec.id, f"{kind} {flag.rule} of {view.spec.name}{why}", flag=flag.name,
        severity=flag.severity.value, until=c.now() + 60 * minutes if minutes > 0 else 0.0, reason=reason,
    )  # fmt: skip
    c.journal.finish(operation, OperationState.DONE)
    return {"hidden": flag.rule}
