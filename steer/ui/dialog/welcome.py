"""What somebody sees who opens the board for the first time: the five keys that matter."""

from __future__ import annotations

from textual.widget import Widget

from steer.commands.keymap import show_key
from steer.ui.dialog.card import Card, CardText, key_hint
from steer.ui.line import Line, Span


class WelcomeDialog(Card[bool]):
    """True when it was read; Escape counts as well, the caller remembers either."""

    heading = "Welcome to steer"
    width = 66

    def body(self) -> list[Widget]:
        shown = self.steer.keymap.shown
        keys = [
            (shown("new"), "start an agent in a worktree of its own"),
            (shown("focus"), f"type to it; {show_key(self.steer.config.leave[0])} comes back to the board"),
            (shown("next_needing"), "go to the next agent that needs you"),
            (shown("kill"), f"kill it; {shown('undo')} brings everything back"),
            (shown("help"), "every key there is"),
        ]
        return [CardText(welcome_lines(keys))]

    def pressed(self, key: str) -> None:
        if key in ("enter", "space"):
            self.dismiss(True)


def welcome_lines(keys: list[tuple[str, str]]) -> list[Line]:
    lines: list[Line] = [
        [Span("Every agent works in a terminal and a worktree of its own.")],
        [Span("You see all of them, and steer with single keys:")],
        [],
    ]
    lines += [
        [Span(f"{key:>6}", "text.accent bold"), Span(f"   {what}", "text.normal")] for key, what in keys
    ]
    return [
        *lines,
        [],
        [Span("Leaving the board stops nothing: the agents go on.", "text.muted")],
        [],
        key_hint(("⏎", "begin")),
    ]
