"""Who needs the operator: one rank per session, and the words for it.

The board, the list and the `]` key all sort by it, so that "next" means the same everywhere.
"""

from __future__ import annotations

from enum import IntEnum

from steer.model.flag import Attention, Flag, Severity
from steer.model.session import Activity, ProcessState, SessionView


class Rank(IntEnum):
    """Higher needs the operator more."""

    DONE = 0
    UNKNOWN = 1
    WORKING = 2
    IDLE = 3  # and the operator has seen it
    PAUSED = 4
    IDLE_UNSEEN = 5
    WARNED = 6
    URGENT = 7
    BROKEN = 8
    ASKING = 9


NEEDS_OPERATOR = Rank.IDLE_UNSEEN  # from this rank on, `]` stops at a session


def attention(view: SessionView, seen_at: float = 0.0) -> Attention:
    """The session's rank and a reason of at most a few words (untrusted where it quotes a flag or the agent).

    `seen_at`: when the operator last looked at it (seconds since the epoch); an agent that has been idle
    since before that is not news.
    """
    if view.process is ProcessState.EXITED:
        return Attention(Rank.DONE, "ended")
    if broken := _broken(view):
        return Attention(Rank.BROKEN, broken)
    if view.activity is Activity.ASKING:
        return Attention(Rank.ASKING, view.activity_text or "asking")
    if flag := worst_flag(view, Severity.URGENT):
        return Attention(Rank.URGENT, flag.title)
    if flag := worst_flag(view, Severity.WARN):
        return Attention(Rank.WARNED, flag.title)
    return _calm(view, seen_at)


def _broken(view: SessionView) -> str:
    if view.process is ProcessState.LOST:
        return "lost"
    if view.process is ProcessState.FAILED:
        return "failed"
    if view.activity is Activity.ERROR:
        return view.activity_text or "error"
    return ""


def worst_flag(view: SessionView, severity: Severity) -> Flag | None:
    """The newest flag of that severity."""
    flags = [flag for flag in view.flags if flag.severity is severity]
    return max(flags, key=lambda flag: flag.at, default=None)


def _calm(view: SessionView, seen_at: float) -> Attention:
    if view.is_paused:
        return Attention(Rank.PAUSED, "paused")
    if view.activity is Activity.IDLE:
        unseen = view.activity_at > seen_at
        return Attention(Rank.IDLE_UNSEEN if unseen else Rank.IDLE, "idle")
    if view.activity is Activity.WORKING:
        return Attention(Rank.WORKING, "working")
    return Attention(Rank.UNKNOWN, "unknown")
