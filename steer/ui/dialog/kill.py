"""Asking before a kill: what will stop, what is kept, and how it comes back."""

from __future__ import annotations

from textual.widget import Widget

from steer.model.session import LIVE, SessionView
from steer.term.visible import visible
from steer.ui.dialog.card import Card, CardText, key_hint
from steer.ui.line import Line, Span
from steer.ui.status import diff_spans, state


class KillDialog(Card[bool]):
    """True: kill it. Enter and the kill key confirm, once the guard has passed."""

    heading = "Kill this session?"

    def __init__(self, session: SessionView, heading: str = "") -> None:
        super().__init__()
        self._session = session
        self.heading = heading or self.heading

    def body(self) -> list[Widget]:
        return [CardText(kill_lines(self._session))]

    def confirms(self, key: str) -> bool:
        return key in ("enter", "y", *self.steer.keymap.keys.get("kill", ()))

    def pressed(self, key: str) -> None:
        if self.confirms(key):
            self.dismiss(True)
        elif key in ("n", "q"):
            self.dismiss(None)


def kill_lines(session: SessionView) -> list[Line]:
    s = state(session)
    ends = (
        "The agent and everything it started are stopped."
        if session.process in LIVE
        else "It has ended already."
    )
    changed = diff_spans(session.diff) or [Span("no changes", "text.muted")]
    return [
        [Span(f"{s.glyph} ", s.role), Span(visible(session.spec.name, 50), "text.normal bold")],
        [Span(visible(session.spec.branch, 54), "text.muted")],
        changed,
        [],
        [Span(ends)],
        [Span("Its worktree goes to the trash, its branch is kept:", "text.normal")],
        [Span("undo", "text.accent bold"), Span(" brings back every byte.", "text.normal")],
        [],
        key_hint(("⏎", "kill"), ("Esc", "leave it")),
    ]
