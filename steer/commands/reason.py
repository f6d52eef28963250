"""Why a command is not possible now: small predicates over what the board shows."""

from __future__ import annotations

from steer.model.fleet import FleetView
from steer.model.session import LIVE, Activity, Place, SessionView


def _is_live(session: SessionView | None) -> bool:
    return session is not None and session.process in LIVE


def needs_live(fleet: FleetView, session: SessionView | None) -> str | None:
    return None if _is_live(session) else "its agent is not running"


def needs_ended(fleet: FleetView, session: SessionView | None) -> str | None:
    return "its agent is still running" if _is_live(session) else None


def needs_undo(fleet: FleetView, session: SessionView | None) -> str | None:
    return None if fleet.undo is not None else "there is nothing to undo"


def needs_sessions(fleet: FleetView, session: SessionView | None) -> str | None:
    return None if fleet.sessions else "there are no sessions yet"


def needs_two(fleet: FleetView, session: SessionView | None) -> str | None:
    shown = sum(s.spec.place is Place.WORKTREE for s in fleet.sessions)
    return None if shown > 1 else "there is no other session to compare with"


def needs_live_sessions(fleet: FleetView, session: SessionView | None) -> str | None:
    return None if any(map(_is_live, fleet.sessions)) else "no agent is running"


def needs_asking(fleet: FleetView, session: SessionView | None) -> str | None:
    asking = any(s.activity is Activity.ASKING and _is_live(s) for s in fleet.sessions)
    return None if asking else "no agent is asking anything"


def needs_progress(fleet: FleetView, session: SessionView | None) -> str | None:
    return None if fleet.progress else "no long work is under way"


def needs_recording(fleet: FleetView, session: SessionView | None) -> str | None:
    return None if session is not None and session.recording else "it has no recording"
