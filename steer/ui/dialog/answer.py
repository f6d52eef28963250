"""Answering an agent: exactly what it asks, its own choices, and an answer bound to both.

A number answers at once, Enter sends the marked choice, Tab goes to an answer in words where the agent takes one.
"""

from __future__ import annotations

import secrets
from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input

from steer.model.ask import Ask, Meaning
from steer.model.session import SessionView
from steer.term.visible import visible
from steer.ui.dialog.card import Card, CardText, CardTitle, key_hint
from steer.ui.entry import Entry
from steer.ui.line import Line, Span, wrapped
from steer.ui.status import age, state

TERMINAL = "terminal"  # the result of an operator who rather answers there
_TEXT_CELLS = 72  # what is asked is wrapped to this, never cut


class AnswerDialog(Card[dict[str, Any]]):
    """The result is what `answer` takes besides the session; or `{TERMINAL: True}`."""

    heading = "The agent asks"
    width = 84
    DEFAULT_CSS = """
    AnswerDialog VerticalScroll {
        height: auto; max-height: 14; margin: 1 0; padding: 0 1; scrollbar-size-vertical: 1;
        border-left: outer $steer-activity-asking;
    }
    AnswerDialog Input { border: none; height: 1; margin: 1 0 0 0; padding: 0 1; background: $steer-surface-selected; }
    AnswerDialog Input:focus { border: none; }
    """

    def __init__(self, session: SessionView, ask: Ask, now: float) -> None:
        super().__init__()
        self._session = session
        self._ask = ask
        self._now = now
        self._at = ask.selected if 0 <= ask.selected < len(ask.choices) else 0
        self._choices = CardText(choice_lines(ask, self._at))
        self._token = secrets.token_hex(8)
        self._scroll = VerticalScroll(CardText(ask_lines(ask)), can_focus=False)

    def compose(self) -> ComposeResult:
        parts = [CardTitle(self.heading), CardText(self._who()), self._scroll, self._choices]
        if self._ask.takes_text:
            parts.append(Entry(placeholder="or answer in words", select_on_focus=False))
        card = Vertical(*parts, CardText([[], self._hints()]))
        card.styles.width = self.width
        yield card

    def _who(self) -> list[Line]:
        s = state(self._session)
        name = Span(visible(self._session.spec.name, 30), "text.normal bold")
        waited = age(self._session, self._now)
        words = f"  {self._ask.kind.value}" + (f", waiting for {waited}" if waited else "")
        return [[Span(f"{s.glyph} ", s.role), name, Span(words, "text.muted")]]

    def _hints(self) -> Line:
        count = len(self._ask.choices)
        hints = [(f"1-{count}" if count > 1 else "1", "answer"), ("⏎", "marked one")]
        if self._ask.takes_text:
            hints.append(("Tab", "in words"))
        return key_hint(*hints, ("o", "terminal"), ("Esc", "leave it"))

    async def take_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        is_writing = isinstance(self.focused, Input)
        if event.key == "escape":
            self.dismiss(None)
        elif event.key in ("tab", "shift+tab") and self._ask.takes_text:
            self.set_focus(None if is_writing else self.query_one(Input))
        elif event.key == "enter" and not self.is_guarded(event):
            self._send(self._words() if is_writing else "", -1 if is_writing else self._at)
        elif not is_writing:
            self._take_choice(event)

    def _take_choice(self, event: events.Key) -> None:
        count = len(self._ask.choices)
        if event.key in ("down", "j", "up", "k") and count:
            self._at = (self._at + (1 if event.key in ("down", "j") else -1)) % count
            self._choices.show(choice_lines(self._ask, self._at))
        elif event.key in ("pagedown", "pageup"):
            self._scroll.scroll_relative(y=8 if event.key == "pagedown" else -8, animate=False)
        elif event.key == "o":
            self.dismiss({TERMINAL: True})
        elif event.key.isdecimal() and 1 <= int(event.key) <= count and not self.is_guarded(event):
            self._send("", int(event.key) - 1)

    def _words(self) -> str:
        return self.query_one(Input).value.strip()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()  # the Enter itself comes as a key, too

    def _send(self, text: str, choice: int) -> None:
        if choice < 0 and not text:
            return
        if choice >= 0 and self._ask.takes_text and self._ask.choices[choice].means is Meaning.WORDS:
            self.set_focus(self.query_one(Input))  # that choice is the words
            return
        self.dismiss(
            {
                "choice": choice,
                "text": text,
                "digest": self._ask.digest,
                "generation": self._session.spec.generation,
                "token": self._token,
            }
        )


def ask_lines(ask: Ask) -> list[Line]:
    """What is asked, all of it, wrapped."""
    lines: list[Line] = wrapped(ask.title, _TEXT_CELLS, "text.normal bold")
    if ask.subject and ask.subject not in ask.text:
        lines += wrapped(ask.subject, _TEXT_CELLS, "text.accent")
    lines += wrapped(ask.text.removeprefix(ask.title).strip("\n"), _TEXT_CELLS, "text.normal")
    if not ask.is_whole:
        lines.append([Span("▲ only a part is on its screen: enlarge its pane, or look there", "flag.warn")])
    return lines


def choice_lines(ask: Ask, at: int) -> list[Line]:
    lines: list[Line] = []
    for i, choice in enumerate(ask.choices):
        is_marked = i == at
        mark = Span("❯ " if is_marked else "  ", "text.accent bold")
        number = Span(f"{i + 1} ", "text.accent bold" if is_marked else "text.muted")
        lines.append(
            [
                mark,
                number,
                Span(visible(choice.label, 74), "text.normal bold" if is_marked else "text.normal"),
            ]
        )
    return lines
