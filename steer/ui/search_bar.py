"""Where a search is typed: takes the footer's place for as long."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from steer.ui.entry import Entry


class SearchBar(Horizontal, inherit_bindings=False):
    DEFAULT_CSS = """
    SearchBar { height: 1; display: none; background: $panel; }
    SearchBar Static { width: 3; color: $accent; }
    SearchBar Input, SearchBar Input:focus { border: none; height: 1; padding: 0; background: $panel; }
    """

    class Submitted(Message):
        def __init__(self, query: str) -> None:
            self.query = query
            super().__init__()

    def __init__(self, placeholder: str = "find in this pane; Esc leaves") -> None:
        super().__init__()
        self._placeholder = placeholder

    def compose(self) -> ComposeResult:
        yield Static(" / ", markup=False)
        yield Entry(placeholder=self._placeholder, max_length=500)

    @property
    def is_open(self) -> bool:
        return bool(self.display)

    def open(self) -> None:
        self.display = True
        self.query_one(Input).value = ""
        self.query_one(Input).focus()

    def close(self) -> None:
        self.screen.set_focus(None)
        self.display = False

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape":
            event.stop()
            self.close()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.close()
        self.post_message(self.Submitted(event.value))
