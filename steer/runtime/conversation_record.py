"""Which conversation a session is in, on disk: `conversation.json` in the session's folder.

It outlives supervisors, agents and reboots, so that the right conversation is resumed and what it cost is kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from steer.errors import EnvironmentFault
from steer.model.codec import from_json, to_json
from steer.model.step import Usage
from steer.runtime.store import write_atomically

NAME = "conversation.json"
MAX_PAST = 50


@dataclass(frozen=True, slots=True)
class Past:
    """A conversation that the session was in before."""

    id: str
    path: str
    at: float  # when it was left
    reason: str  # why: "clear", "compact", "respawned", ...


@dataclass(frozen=True, slots=True)
class ConversationRecord:
    format: str  # of the transcript; "": this agent keeps none that is known
    home: str = ""  # the agent's folder
    id: str = ""  # "": not known yet
    path: str = ""  # of the transcript; "": not found yet
    generation: int = 1
    started_at: float = 0.0  # of this generation's agent, seconds since the epoch
    since: float = 0.0  # what was spent earlier was spent by the session that this one was forked from
    inherited_usd: float | None = None  # the running total that the history began with
    total_usd: float = 0.0  # the running total that the transcript tells now
    past: tuple[Past, ...] = ()
    before: Usage = field(default_factory=Usage)  # what the past conversations took
    steps: int = 0
    step_text: str = ""
    usage: Usage = field(default_factory=Usage)  # what all of them took

    def moved(self, id: str, path: str, at: float, reason: str) -> ConversationRecord:
        """In another conversation from now on; what was spent so far is kept.

        Its running totals begin anew (observed with /clear in Claude Code 2.1.329).
        """
        if not self.id or self.id == id:
            return replace(self, id=id, path=path)
        past = (*self.past, Past(self.id, self.path, at, reason))[-MAX_PAST:]
        return replace(self, id=id, path=path, past=past, before=self.usage, inherited_usd=0.0)


def load_record(folder: Path) -> ConversationRecord | None:
    """None where there is none that can be read."""
    try:
        return from_json(ConversationRecord, json.loads((folder / NAME).read_bytes()))
    except (OSError, ValueError, RecursionError):
        return None


def save_record(folder: Path, record: ConversationRecord, failed: Callable[[str], None]) -> None:
    try:
        write_atomically(folder / NAME, json.dumps(to_json(record), indent=1).encode())
    except EnvironmentFault as e:
        failed(e.message)


def added(a: Usage, b: Usage) -> Usage:
    """What both took; money that is not known of one is not known of the sum, unless that one took nothing."""
    if not a.tokens and a.cost_usd is None:
        return b
    unknown = a.cost_usd is None or (b.cost_usd is None and b.tokens)
    return Usage(
        model=b.model or a.model,
        input=a.input + b.input,
        output=a.output + b.output,
        cache_read=a.cache_read + b.cache_read,
        cache_write=a.cache_write + b.cache_write,
        cost_usd=None if unknown or a.cost_usd is None else a.cost_usd + (b.cost_usd or 0.0),
        context=b.context,
    )
