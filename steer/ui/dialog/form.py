"""A card with labelled fields: Tab goes from one to the next, Enter sends the form, Escape drops it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.suggester import SuggestFromList
from textual.widget import Widget
from textual.widgets import Input

from steer.term.visible import visible
from steer.ui.dialog.card import Card, CardText, CardTitle, key_hint
from steer.ui.entry import Entry
from steer.ui.line import Line, Span, spread
from steer.ui.line_widget import LineWidget


@dataclass(frozen=True, slots=True)
class Field:
    """One line to fill in. `suggestions` are completed with the right arrow."""

    name: str
    label: str
    placeholder: str = ""
    value: str = ""
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pick:
    """One of several values, changed with the left and right arrows. `options`: (value, what is shown)."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    at: int = 0


class PickRow(LineWidget, can_focus=True):
    """The value of a `Pick` and how many there are."""

    DEFAULT_CSS = """
    PickRow { width: 1fr; height: 1; }
    """

    def __init__(self, pick: Pick) -> None:
        super().__init__(name=pick.name)
        self._options = pick.options
        self._at = pick.at

    @property
    def value(self) -> str:
        return self._options[self._at][0]

    def lines(self, width: int, height: int) -> list[Line]:
        on = " on:surface.selected" if self.has_focus else " on:surface.raised"
        arrows = ("text.accent bold" if self.has_focus else "text.faint") + on
        count = f" {self._at + 1} of {len(self._options)} " if len(self._options) > 2 else ""
        room = max(1, width - 6 - len(count))
        shown = [Span(" ‹ ", arrows), Span(visible(self._options[self._at][1], room), "text.normal" + on)]
        return [
            spread(
                shown, [Span(count, "text.muted" + on), Span("› ", arrows)], width, role="text.normal" + on
            )
        ]

    def turn(self, by: int) -> None:
        self._at = (self._at + by) % len(self._options)
        self.refresh()


class FormDialog(Card[dict[str, str]]):
    """The result maps field names to what was typed, stripped. Subclasses give `fields` and may check them."""

    DEFAULT_CSS = """
    FormDialog Horizontal { height: 1; margin: 0 0 1 0; }
    FormDialog CardText.label { width: 10; }
    FormDialog Input { border: none; height: 1; padding: 0 1; width: 1fr; background: $steer-surface-selected; }
    FormDialog Input:focus { border: none; }
    FormDialog VerticalScroll { height: auto; max-height: 12; scrollbar-size-vertical: 1; margin: 0 0 1 0; }
    """
    width = 76
    verb: ClassVar[str] = "start"
    stops: ClassVar[str] = "Input, PickRow"  # what Tab goes through

    def __init__(self) -> None:
        super().__init__()
        self._problem = CardText([])

    def fields(self) -> Sequence[Field | Pick]:
        raise NotImplementedError

    def explanation(self) -> list[Line]:
        """Lines above the fields."""
        return []

    def check(self, values: dict[str, str]) -> str:
        """What is wrong with the values, or an empty string."""
        return ""

    def compose(self) -> ComposeResult:
        card = Vertical(CardTitle(self.heading), *self.body())
        card.styles.width = self.width
        yield card

    def body(self) -> list[Widget]:
        rows: list[Widget] = []
        if lines := self.explanation():
            rows.append(VerticalScroll(CardText(lines), can_focus=False))
        for field in self.fields():
            widget = PickRow(field) if isinstance(field, Pick) else _input(field)
            rows.append(Horizontal(_label(field.label), widget))
        hint = key_hint(("⏎", self.verb), ("Tab", "next field"), ("Esc", "leave it"))
        return [*rows, self._problem, CardText([hint])]

    def on_mount(self, event: events.Mount) -> None:
        super().on_mount(event)
        self.query(self.stops).first().focus()

    def values(self) -> dict[str, str]:
        typed = {str(i.name): i.value.strip() for i in self.query(Input)}
        return typed | {str(row.name): row.value for row in self.query(PickRow)}

    async def take_key(self, event: events.Key) -> None:
        """What the focused field does not use comes here."""
        if event.key in ("escape", "tab", "down", "shift+tab", "up"):
            event.stop()
            event.prevent_default()
            if event.key == "escape":
                self.dismiss(None)
            elif event.key in ("tab", "down"):
                self.focus_next(self.stops)
            else:
                self.focus_previous(self.stops)
        elif event.key in ("left", "right", "space") and isinstance(self.focused, PickRow):
            event.stop()
            self.focused.turn(-1 if event.key == "left" else 1)
        elif event.key == "enter" and not self.is_guarded(event):
            event.stop()
            self._send()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a field bubbles as a key, too; only that one is checked against the guard."""
        event.stop()

    def _send(self) -> None:
        values = self.values()
        if problem := self.check(values):
            self._problem.show([[Span(visible(problem, 200), "activity.error")], []])
        else:
            self.dismiss(values)


def _label(text: str) -> CardText:
    label = CardText([[Span(text, "text.muted")]])
    label.add_class("label")
    return label


def _input(field: Field) -> Entry:
    suggester = SuggestFromList(field.suggestions, case_sensitive=False) if field.suggestions else None
    return Entry(
        field.value,
        name=field.name,
        placeholder=field.placeholder,
        suggester=suggester,
        select_on_focus=False,
    )
