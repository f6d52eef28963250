"""The base of dialogs: a card in the middle of the screen, keyboard first.

What every dialog gets: text as spans (nothing parses markup), Escape dismisses, and for `GUARD_S` after it
opened no key confirms, so an Enter typed a moment before cannot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from textual import events
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widget import Widget

from steer.ui.line import Line, Span, key_hint
from steer.ui.line_widget import LineWidget

if TYPE_CHECKING:
    from steer.ui.app import SteerApp

__all__ = ["Card", "CardText", "CardTitle", "key_hint", "rule"]

GUARD_S = 0.3

Result = TypeVar("Result")


class CardText(LineWidget):
    """Lines that a dialog made; as high as they are many, unless a stylesheet says otherwise."""

    DEFAULT_CSS = "CardText { width: 1fr; height: auto; }"
    base = "text.normal on:surface.raised"

    def __init__(self, text: list[Line]) -> None:
        super().__init__()
        self.text = text

    def show(self, text: list[Line]) -> None:
        self.text = text
        self.refresh(layout=True)

    def lines(self, width: int, height: int) -> list[Line]:
        return self.text

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        return len(self.text)


class CardTitle(LineWidget):
    DEFAULT_CSS = "CardTitle { width: 1fr; height: 2; }"
    base = "text.normal on:surface.raised"

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = title

    def lines(self, width: int, height: int) -> list[Line]:
        return [[Span(self.title, "text.accent bold")]]


class Card(ModalScreen[Result | None], inherit_bindings=False):
    """Subclasses give `body` and answer keys in `pressed`; `heading` is a literal, never outside text."""

    DEFAULT_CSS = """
    Card { align: center middle; background: $background 60%; }
    Card > Vertical {
        width: auto; min-width: 36; max-width: 90%; height: auto; max-height: 90%;
        padding: 1 3; background: $steer-surface-raised; border: round $steer-border-selected;
    }
    """
    AUTO_FOCUS = ""
    ALLOW_SELECT = False
    heading = ""
    width = 60

    def __init__(self) -> None:
        super().__init__()
        self._opened_at: float | None = None

    @property
    def steer(self) -> SteerApp:
        return cast("SteerApp", self.app)

    def compose(self) -> ComposeResult:
        card = Vertical(CardTitle(self.heading), *self.body())
        card.styles.width = self.width
        yield card

    def body(self) -> list[Widget]:
        raise NotImplementedError

    def pressed(self, key: str) -> None:
        """A key, except Escape; confirming keys come only when the guard has passed."""

    def confirms(self, key: str) -> bool:
        """Whether this key does what cannot be taken back by looking away."""
        return key == "enter"

    def on_mount(self, event: events.Mount) -> None:
        self._opened_at = event.time

    def is_guarded(self, event: events.Key) -> bool:
        """Typed before the operator can have read the card."""
        return self._opened_at is None or event.time - self._opened_at < GUARD_S

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Only while it is on top: Textual takes away whatever is there, and the last screen's removal is an error.

        Keys typed before this card was seen to go, or another one to come, reach it late.
        """
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()

    async def on_key(self, event: events.Key) -> None:
        """Textual calls the `on_key` of every class in the line; subclasses override `take_key` instead."""
        await self.take_key(event)

    async def take_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            self.dismiss(None)
        elif not (self.confirms(event.key) and self.is_guarded(event)):
            self.pressed(event.key)


def rule(width: int) -> Line:
    return [Span("─" * width, "text.faint")]
