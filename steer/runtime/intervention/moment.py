"""A moment of a session's past, in the operator's words: when it was, and the files as of then."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from steer.detect.pipeline import Pipeline
from steer.errors import UserError
from steer.model.session import SessionSpec
from steer.model.step import Step
from steer.replay.clock import clock, parse_clock
from steer.runtime.context import Context
from steer.runtime.recording_file import began_at

HOW = "90, 1:30 or 1:02:03 into its recording, -5m, step:12, flag:RULE, a checkpoint's id, or 2026-11-21T14:32:05"
_AGO = re.compile(r"-(\d+(?:\.\d+)?)([smh]?)")
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
SLACK_S = 0.05  # a checkpoint's mark in the recording stands up to 15 ms before its time (measured)
_BEFORE_S = 1e-6  # a step and a flag mean the moment before they began


@dataclass(frozen=True, slots=True)
class Moment:
    """`at`: seconds since the epoch. `checkpoint`: the newest one from then or before; {} for the base's files."""

    at: float
    text: str
    checkpoint: dict[str, Any]

    @property
    def commit(self) -> str:
        return str(self.checkpoint.get("id", ""))


async def find_moment(c: Context, spec: SessionSpec, wanted: Any) -> Moment:
    """`wanted`: seconds since the epoch, or words (`HOW`). Raises `UserError` for none of the session's moments."""
    began = began_at(c.store.recording(spec)) or spec.created_at
    records = c.store.checkpoints(spec.id)
    if isinstance(wanted, int | float) and not isinstance(wanted, bool):
        at, exact = float(wanted), ""
    else:
        at, exact = await _at(c, spec, str(wanted).strip(), began, records)
    if not min(began, spec.created_at) - 1 <= at <= c.now() + 1:
        raise UserError(f"{spec.name} was not there at {_told(at)}", f"it began at {_told(began)}")
    named = [r for r in records if r["id"] == exact]
    earlier = named or [r for r in records if r.get("at", 0) <= at + SLACK_S]
    return Moment(at, f"{_told(at)}, {clock(at - began)} into its recording", earlier[-1] if earlier else {})


async def _at(
    c: Context, spec: SessionSpec, wanted: str, began: float, records: list[dict[str, Any]]
) -> tuple[float, str]:
    """When it was, and the checkpoint's id where one is named."""
    kind, _, value = wanted.partition(":")
    if kind == "step":
        return await _step_at(c, spec, value), ""
    if kind == "flag":
        return _flag_at(c, spec, value), ""
    if found := _AGO.fullmatch(wanted):
        return c.now() - float(found[1]) * _UNITS[found[2]], ""
    if (seconds := parse_clock(wanted)) is not None and not re.fullmatch(r"\d{6,}", wanted):
        return began + seconds, ""
    id = wanted.removeprefix("checkpoint:").lower()
    if re.fullmatch(r"[0-9a-f]{6,64}", id):
        named = {str(r["id"]): float(r["at"]) for r in records if str(r["id"]).startswith(id)}
        if len(named) != 1:
            raise UserError(f"{spec.name} has {'several checkpoints' if named else 'no checkpoint'} {id!r}")
        ((whole, at),) = named.items()
        return at, whole
    try:
        return datetime.fromisoformat(wanted).timestamp(), ""
    except (ValueError, OverflowError, OSError):
        raise UserError(f"{wanted!r} is no moment", HOW) from None


async def _step_at(c: Context, spec: SessionSpec, number: str) -> float:
    """Before that step, counted as flags count them."""
    counting = Pipeline()
    for entry in await c.conversations.entries(spec.id):
        if not isinstance(entry, Step) or 0 < entry.at < spec.created_at:
            continue
        counting.feed(entry)
        if str(counting.steps) == number:
            return entry.at - _BEFORE_S
    raise UserError(f"{spec.name} has {counting.steps} steps, and no step {number!r}")


def _flag_at(c: Context, spec: SessionSpec, rule: str) -> float:
    """Before the trouble began."""
    flags = [f for f in c.view(spec.id).flags if rule in (f.rule, f.name)]
    if not flags:
        raise UserError(f"{spec.name} has no flag {rule!r} now", "`steer flags` lists them")
    return (flags[0].since or flags[0].at) - _BEFORE_S


def _told(at: float) -> str:
    return datetime.fromtimestamp(max(0.0, at)).strftime("%Y-%m-%d %H:%M:%S")
