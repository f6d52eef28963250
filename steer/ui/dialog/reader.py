"""Reading something long: lines in a card that scrolls. For operations, explanations and the disk plan."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll

from steer.ui.dialog.card import Card, CardText, CardTitle
from steer.ui.line import Line


class ReaderDialog(Card[bool]):
    """Shows `text`; True where `confirm_key` was pressed, None where it was only read."""

    width = 100
    DEFAULT_CSS = """
    ReaderDialog VerticalScroll { height: auto; max-height: 24; scrollbar-size-vertical: 1; }
    """

    def __init__(
        self, heading: str, text: list[Line], hint: Line, confirm_key: str = "", *, at_end: bool = False
    ) -> None:
        super().__init__()
        self.heading = heading
        self._lines = text
        self._hint = hint
        self._confirm = confirm_key
        self._at_end = at_end

    def compose(self) -> ComposeResult:
        scroll = VerticalScroll(CardText(self._lines), can_focus=False)
        card = Vertical(CardTitle(self.heading), scroll, CardText([[], self._hint]))
        card.styles.width = self.width
        yield card

    def on_mount(self, event: events.Mount) -> None:
        super().on_mount(event)
        if self._at_end:
            self.query_one(VerticalScroll).scroll_end(animate=False)

    def confirms(self, key: str) -> bool:
        return bool(self._confirm) and key == self._confirm

    def pressed(self, key: str) -> None:
        scroll = self.query_one(VerticalScroll)
        page = max(1, scroll.size.height - 1)
        moves = {"down": 1, "up": -1, "pagedown": page, "pageup": -page, "j": 1, "k": -1, "space": page}
        if self.confirms(key):
            self.dismiss(True)
        elif key in moves:
            scroll.scroll_relative(y=moves[key], animate=False)
        elif key == "home":
            scroll.scroll_home(animate=False)
        elif key == "end":
            scroll.scroll_end(animate=False)
        elif key in ("q", "enter"):
            self.dismiss(None)
