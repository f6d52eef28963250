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
_ID = re.compile(r"(?:checkpoint:)?([0-9a-f]{6,64})")
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
    words, named = str(wanted).strip(), dict[str, Any]()
    if isinstance(wanted, int | float) and not isinstance(wanted, bool):
        at = float(wanted)
    elif found := _ID.fullmatch(words.lower()):
        named = checkpoint_named(c, spec, found[1])
        at = float(named["at"])
    else:
        at = await _at(c, spec, words, began)
    if not min(began, spec.created_at) - 1 <= at <= c.now() + 1:
        raise UserError(f"{spec.name} was not there at {_told(at)}", f"it began at {_told(began)}")
    checkpoint = named or newest_checkpoint(c, spec, at + SLACK_S)
    return Moment(at, f"{_told(at)}, {clock(at - began)} into its recording", checkpoint)


def newest_checkpoint(c: Context, spec: SessionSpec, before: float) -> dict[str, Any]:
    """The record of the session's newest checkpoint before then; {} where there is none."""
    earlier = [r for r in c.store.checkpoints(spec.id) if r.get("at", 0) < before]
    return earlier[-1] if earlier else {}


def checkpoint_named(c: Context, spec: SessionSpec, id: str) -> dict[str, Any]:
    """The record of the checkpoint whose id begins so. Raises `UserError` for none, or several."""
    found = {str(r["id"]): r for r in c.store.checkpoints(spec.id) if str(r["id"]).startswith(id)}
    if len(found) != 1:
        what = "several checkpoints" if found else "no checkpoint"
        raise UserError(f"{spec.name} has {what} {id!r}", "`steer replay SESSION --info` lists them")
    return found.popitem()[1]


async def _at(c: Context, spec: SessionSpec, wanted: str, began: float) -> float:
    kind, _, value = wanted.partition(":")
    if kind == "step":
        return await _step_at(c, spec, value)
    if kind == "flag":
        return _flag_at(c, spec, value)
    if found := _AGO.fullmatch(wanted):
        return c.now() - float(found[1]) * _UNITS[found[2]]
    if (seconds := parse_clock(wanted)) is not None:
        return began + seconds
    try:
        return datetime.fromisoformat(wanted).timestamp()
    except (ValueError, OverflowError, OSError):
        raise UserError(f"{wanted!r} is no moment", HOW) from None


async def _step_at(c: Context, spec: SessionSpec, number: str) -> float:
    """Before that step, counted as flags count them."""
    counting = Pipeline()
    for entry in await c.conversations.history(spec.id):
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
