"""The mouse on a pane: clicks select and focus, drags mark text, the wheel scrolls or goes to the program.

A program that asked for the mouse gets it while its pane has the keys; Shift keeps it for steer, as terminals do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.message import Message

from steer.ui.selection import Cell, Selection, cells_of, word_at

if TYPE_CHECKING:
    from steer.ui.pane import Pane

WHEEL_LINES = 3
_WHEEL_UP, _WHEEL_DOWN = 4, 5


class PaneClicked(Message):
    """Once, without a drag."""

    def __init__(self, session: str, was_selected: bool) -> None:
        self.session, self.was_selected = session, was_selected
        super().__init__()


class PanePressed(Message):
    """A button went down on it."""

    def __init__(self, session: str) -> None:
        self.session = session
        super().__init__()


class TextMarked(Message):
    """A drag or a double click ended with text selected."""

    def __init__(self, session: str) -> None:
        self.session = session
        super().__init__()


class PaneMouse:
    """Belongs to one pane, which hands it the events."""

    def __init__(self, pane: Pane) -> None:
        self.pane = pane
        self._anchor: Cell = (0, 0)
        self._is_dragging = False
        self._is_forwarding = False
        self._was_selected = False

    def down(self, event: events.MouseDown) -> None:
        pane = self.pane
        self._was_selected = pane.frame is not None and pane.frame.is_selected
        pane.post_message(PanePressed(pane.session))
        if self.wants_mouse(event):
            self._is_forwarding = True
            self._send("press", event)
        elif event.button == 1:
            self._is_dragging = True
            cell = self._cell(event)
            if not (event.shift and pane.selection):
                self._anchor = cell
                pane.select(None)
        pane.capture_mouse()

    def move(self, event: events.MouseMove) -> None:
        if self._is_forwarding:
            self._send("motion", event)
        elif self._is_dragging:
            cell = self._cell(event)
            if self.pane.selection or cell != self._anchor:
                self.pane.select(Selection(self._anchor, cell))

    def up(self, event: events.MouseUp) -> None:
        self.pane.release_mouse()
        if self._is_forwarding:
            self._send("release", event)
        elif self._is_dragging and self.pane.selection:
            self.pane.post_message(TextMarked(self.pane.session))
        self._is_dragging = self._is_forwarding = False

    def click(self, event: events.Click) -> None:
        if event.chain == 1:
            if not (self.pane.selection or self.wants_mouse(event)):
                self.pane.post_message(PaneClicked(self.pane.session, self._was_selected))
        elif not self.wants_mouse(event):
            self._select_piece(self._cell(event), is_line=event.chain > 2)

    def _select_piece(self, cell: Cell, is_line: bool) -> None:
        line, column = cell
        row = self.pane.store.row(self.pane.store.row_of(line))
        first, last = (0, max(0, len(cells_of(row)) - 1)) if is_line else word_at(row, column)
        self.pane.select(Selection((line, first), (line, last)))
        self.pane.post_message(TextMarked(self.pane.session))

    def wheel(self, event: events.MouseEvent, is_up: bool) -> None:
        """To a program that wants the mouse; as arrow keys to a full-screen one; else through the history."""
        pane, modes = self.pane, self.pane.store.modes
        if modes.has_mouse and not event.shift:
            x, y = self._place(event)
            button = _WHEEL_UP if is_up else _WHEEL_DOWN
            pane.steer.port.mouse(pane.session, "press", button, x, y, _modifiers(event))
        elif modes.is_alternate:
            for _ in range(WHEEL_LINES):
                pane.steer.port.key(pane.session, "up" if is_up else "down", None)
        else:
            pane.scroll_lines(WHEEL_LINES if is_up else -WHEEL_LINES)

    def wants_mouse(self, event: events.MouseEvent) -> bool:
        frame = self.pane.frame
        return frame is not None and frame.is_focus and self.pane.store.modes.has_mouse and not event.shift

    def _send(self, action: str, event: events.MouseEvent) -> None:
        x, y = self._place(event)
        self.pane.steer.port.mouse(self.pane.session, action, event.button, x, y, _modifiers(event))

    def _place(self, event: events.MouseEvent) -> tuple[int, int]:
        """Column and row of the terminal under the mouse, kept inside the frame."""
        cols, rows = self.pane.inner
        return max(0, min(cols - 1, int(event.x) - 1)), max(0, min(rows - 1, int(event.y) - 1))

    def _cell(self, event: events.MouseEvent) -> Cell:
        """The same as a place in the scrollback: line and column."""
        x, y = self._place(event)
        return self.pane.store.line_of(y), x


def _modifiers(event: events.MouseEvent) -> int:
    return event.shift + 2 * event.meta + 4 * event.ctrl
