"""What a command is: one entry of the registry that feeds keys, footer, palette, help and the README table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from steer.model.fleet import FleetView
from steer.model.session import SessionView

Reason = Callable[[FleetView, SessionView | None], str | None]


class Asks(StrEnum):
    """What a command is about."""

    NONE = "none"  # the board itself
    SESSION = "session"  # the selected session
    FLEET = "fleet"  # all sessions, or the repository


def always(fleet: FleetView, session: SessionView | None) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Command:
    """`keys` are defaults in Textual's names ("ctrl+p", "slash", "N"); `footer` is the word beside the key."""

    id: str
    title: str
    keys: tuple[str, ...]
    group: str
    help: str
    asks: Asks = Asks.SESSION
    reason: Reason = always
    footer: str = ""

    def disabled_reason(self, fleet: FleetView, session: SessionView | None) -> str | None:
        """Why it cannot be done now, as a sentence without a full stop; None when it can."""
        if self.asks is Asks.SESSION and session is None:
            return "no session is selected"
        return self.reason(fleet, session)
