"""The operation log: what the operator (or steer for them) did, in order, and how to undo it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class OperationState(StrEnum):
    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"  # steer was killed in between and it cannot tell (inject); never retried
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Operation:
    id: int  # 1, 2, 3 ... per repository
    kind: str  # start, inject, interrupt, pause, continue, kill, fork, respawn, undo, gc, ...
    session: str  # id, or "" where it is about the fleet
    at: float
    state: OperationState = OperationState.BEGUN
    summary: str = ""  # one line for people
    detail: dict[str, Any] = field(default_factory=dict)  # what undo and recovery need
    is_undoable: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """Long work under way; drawn as a bar. `total` 0: unknown."""

    id: str
    title: str
    done: int = 0
    total: int = 0
    can_cancel: bool = True


class Delivery(StrEnum):
    """What became of a text for the agent, by evidence: its transcript, a hook, or its screen."""

    SUBMITTED = "submitted"  # it is part of the conversation
    QUEUED = "queued"  # the agent (or steer) holds it until the turn is over
    TYPED = "typed, not submitted"  # it stands in the agent's input box
    REFUSED = "refused"  # nothing was typed: a dialog is open, the agent reads no keys
    UNVERIFIED = "unverified"  # every byte was taken by the terminal; the agent shows no sign of it
    NOT_DELIVERED = "not delivered"  # the terminal did not take it
    UNKNOWN = "unknown"  # steer was killed in between


def has_arrived(delivery: str) -> bool:
    """Whether a text or an answer arrived, as far as anybody can tell."""
    return delivery in (Delivery.SUBMITTED, Delivery.QUEUED, Delivery.UNVERIFIED)
