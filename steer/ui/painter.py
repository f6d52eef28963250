"""Painting rows of panes straight into the operator's terminal, past Textual's compositor and its frame timer.

A pane may be painted so while nothing covers it and nothing is marked in it. Its rows are in its store before
they are painted, so whatever Textual draws later shows the same picture. Everything of one turn of the event
loop goes out as one synchronized batch that ends with the cursor where it belongs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.geometry import Offset

from steer.model.frame import Cursor
from steer.ui.paint import SYNC_BEGIN, SYNC_END, is_certain, paint_row

if TYPE_CHECKING:
    from steer.ui.app import SteerApp
    from steer.ui.pane import Pane

# DECSCUSR (VT510): blinking is the terminal's business, so the steady shapes are asked for.
_SHAPES = {"block": 2, "underline": 4, "bar": 6, "hollow": 2}
_SHOW, _HIDE, _OWN_SHAPE = "\x1b[?25h", "\x1b[?25l", "\x1b[0 q"


class Painter:
    def __init__(self, app: SteerApp) -> None:
        self._app = app
        self._batch: list[str] = []
        self._after: list[Callable[[], None]] = []
        self._is_scheduled = False
        self._cursor = ""  # what was last written to show or hide the terminal's cursor

    def can_paint(self, pane: Pane) -> bool:
        """Whether the pane is on top, whole, unmarked, and the terminal can show what would be written."""
        app = self._app
        return (
            app.is_terminal_open
            and pane.is_attached
            and pane.screen is app.screen
            and not app.screen.is_modal
            and pane.is_plain
            and pane.display
            and self._is_whole(pane)
            and (app.console.color_system in ("truecolor", "256") or not pane.skin.has_colour)
        )

    def _is_whole(self, pane: Pane) -> bool:
        """Laid out, its frame made for that size, and inside the terminal."""
        region, size = pane.region, self._app.size
        has_frame = pane.frame is not None and pane.frame.width == region.width
        return has_frame and region.height > 2 and region.right <= size.width and region.bottom <= size.height

    def paint(self, pane: Pane, rows: list[int], after: Callable[[], None] | None = None) -> None:
        """Write these rows of a pane that `can_paint`; `after` is called when they are on their way."""
        x, y = pane.region.x + 1, pane.region.y + 1
        cols, height = pane.inner
        pen = pane.skin.pen
        for row in rows:
            if 0 <= row < height:
                self._batch.append(paint_row(pane.store.row(row), x, y + row, cols, pen))
                if not is_certain(pane.store.row(row)):
                    self._batch.append(self._right_side(pane, y + row))
        if after is not None:
            self._after.append(after)
        self._schedule()

    def _right_side(self, pane: Pane, y: int) -> str:
        """The frame beside a row whose last character some terminals draw too wide."""
        assert pane.frame is not None, "can_paint was asked"
        style = pane.skin.style(f"text.normal on:surface.background {pane.frame.role}")
        side = style.render(pane.frame.glyphs[3], color_system=self._app.console._color_system)
        return f"\x1b[{y + 1};{pane.region.right}H{side}"

    def repair(self, panes: list[Pane]) -> None:
        """After the compositor has drawn: paint the rows it may have drawn differently from the emulator."""
        for pane in panes:
            if pane.repaint and self.can_paint(pane):
                drawn, pane.repaint = sorted(pane.repaint), set()
                rows = [row for row in drawn if row >= 0 and not is_certain(pane.store.row(row))]
                if rows:
                    self.paint(pane, rows)

    def place_cursor(self, pane: Pane | None) -> None:
        """Show the terminal's own cursor, in its shape, where `pane`'s program has it; hide it for None."""
        cursor = pane.store.cursor if pane is not None and not pane.store.offset else None
        if pane is None or cursor is None or not self._is_inside(pane, cursor):
            self._set_cursor(_HIDE)
            return
        x, y = pane.region.x + 1 + cursor.x, pane.region.y + 1 + cursor.y
        self._app.cursor_position = Offset(x, y)
        self._set_cursor(f"\x1b[{_SHAPES.get(cursor.style, 2)} q{_SHOW}" if cursor.is_visible else _HIDE)
        self._schedule()

    def _is_inside(self, pane: Pane, cursor: Cursor) -> bool:
        cols, rows = pane.inner
        return self._is_whole(pane) and 0 <= cursor.x < cols and 0 <= cursor.y < rows

    def _set_cursor(self, sequence: str) -> None:
        if sequence != self._cursor:
            self._cursor = sequence
            self._batch.append(sequence + (_OWN_SHAPE if sequence == _HIDE else ""))
            self._schedule()

    def forget_cursor(self) -> None:
        """Another program had the terminal: nothing is known of its cursor."""
        self._cursor = ""

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Write what has gathered, then tell those who wait for it."""
        self._is_scheduled = False
        batch, self._batch = self._batch, []
        after, self._after = self._after, []
        if self._app.is_terminal_open:
            x, y = self._app.cursor_position
            body = f"{''.join(batch)}\x1b[{y + 1};{x + 1}H"
            self._app.write_terminal(f"{SYNC_BEGIN}{body}{SYNC_END}" if self._app.has_sync else body)
        for call in after:
            call()
