"""The mouse on a pane: clicks select and focus, drags mark text, the wheel scrolls or goes to the program.

A program that asked for the mouse gets it while its pane has the keys; Shift keeps it for steer, as terminals do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.message import Message
from textual.widget import Widget

from steer.ui.selection import Cell, Selection, cells_of, word_at

if TYPE_CHECKING:
    from steer.ui.pane import Pane

WHEEL_LINES = 3
_WHEEL_UP, _WHEEL_DOWN = 4, 5


class PaneMouse(Widget):
    """Mixed into `Pane`, which has the rows; the port and the mode belong to the app."""

    _dragging = False
    _forwarding = False
    _was_selected = False

    class Clicked(Message):
        """Once, without a drag."""

        def __init__(self, session: str, was_selected: bool) -> None:
            self.session, self.was_selected = session, was_selected
            super().__init__()

    class Pressed(Message):
        """A button went down on it."""

        def __init__(self, session: str) -> None:
            self.session = session
            super().__init__()

    class TextMarked(Message):
        """A drag or a double click ended with text selected."""

        def __init__(self, session: str) -> None:
            self.session = session
            super().__init__()

    def _on_mouse_down(self: Pane, event: events.MouseDown) -> None:  # type: ignore[misc] # a mixin of Pane only
        event.stop()
        self._was_selected = self.frame is not None and self.frame.is_selected
        self.post_message(PaneMouse.Pressed(self.session))
        if self._wants_mouse(event):
            self._forwarding = True
            self.capture_mouse()
            self._send("press", event)
        elif event.button == 1:
            self._dragging = True
            self.capture_mouse()
            cell = self._cell(event)
            self.select(Selection(cell, cell) if event.shift and self.selection else None)
            self._anchor = cell

    def _on_mouse_move(self: Pane, event: events.MouseMove) -> None:  # type: ignore[misc] # a mixin of Pane only
        if self._forwarding:
            self._send("motion", event)
        elif self._dragging:
            cell = self._cell(event)
            if self.selection or cell != self._anchor:
                self.select(Selection(self._anchor, cell))

    def _on_mouse_up(self: Pane, event: events.MouseUp) -> None:  # type: ignore[misc] # a mixin of Pane only
        event.stop()
        self.release_mouse()
        if self._forwarding:
            self._send("release", event)
        elif self._dragging and self.selection:
            self.post_message(PaneMouse.TextMarked(self.session))
        self._dragging = self._forwarding = False

    def _on_click(self: Pane, event: events.Click) -> None:  # type: ignore[misc] # a mixin of Pane only
        event.stop()
        if self.selection or self._wants_mouse(event):
            return
        if event.chain == 1:
            self.post_message(PaneMouse.Clicked(self.session, self._was_selected))
        else:
            self._select_piece(self._cell(event), is_line=event.chain > 2)

    def _select_piece(self: Pane, cell: Cell, is_line: bool) -> None:  # type: ignore[misc] # a mixin of Pane only
        line, column = cell
        row = self.store.row(self.store.row_of(line))
        first, last = (0, max(0, len(cells_of(row)) - 1)) if is_line else word_at(row, column)
        self.select(Selection((line, first), (line, last)))
        self.post_message(PaneMouse.TextMarked(self.session))

    def _on_mouse_scroll_up(self: Pane, event: events.MouseScrollUp) -> None:  # type: ignore[misc] # as above
        event.stop()
        self._wheel(event, _WHEEL_UP, "up", WHEEL_LINES)

    def _on_mouse_scroll_down(self: Pane, event: events.MouseScrollDown) -> None:  # type: ignore[misc] # as above
        event.stop()
        self._wheel(event, _WHEEL_DOWN, "down", -WHEEL_LINES)

    def _wheel(self: Pane, event: events.MouseEvent, button: int, key: str, lines: int) -> None:  # type: ignore[misc] # as above
        port, modes = self.steer.port, self.store.modes
        if modes.has_mouse and not event.shift:
            _, column = self._cell(event)
            port.mouse(self.session, "press", button, column, self._row_of(event), _modifiers(event))
        elif modes.is_alternate:
            for _ in range(WHEEL_LINES):
                port.key(self.session, key, None)
        else:
            self.scroll_lines(lines)

    def _wants_mouse(self: Pane, event: events.MouseEvent) -> bool:  # type: ignore[misc] # a mixin of Pane only
        has_keys = self.frame is not None and self.frame.is_focus
        return has_keys and self.store.modes.has_mouse and not event.shift

    def _send(self: Pane, action: str, event: events.MouseEvent) -> None:  # type: ignore[misc] # a mixin of Pane only
        _, column = self._cell(event)
        self.steer.port.mouse(
            self.session, action, event.button, column, self._row_of(event), _modifiers(event)
        )

    def _row_of(self: Pane, event: events.MouseEvent) -> int:  # type: ignore[misc] # a mixin of Pane only
        return max(0, min(self.inner[1] - 1, int(event.y) - 1))

    def _cell(self: Pane, event: events.MouseEvent) -> Cell:  # type: ignore[misc] # a mixin of Pane only
        """Line of the scrollback and column under the mouse, kept inside the frame."""
        column = max(0, min(self.inner[0] - 1, int(event.x) - 1))
        return self.store.line_of(self._row_of(event)), column


def _modifiers(event: events.MouseEvent) -> int:
    return event.shift + 2 * event.meta + 4 * event.ctrl
