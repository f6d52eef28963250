"""A pane: one session's terminal in a frame.

It keeps its own rows (`RowStore`) and gives Textual finished strips, so the style cache is never involved.
Frames of a clean pane are painted past the compositor by `Painter`; both ways draw from the same rows.
"""

from __future__ import annotations

from textual import events
from textual.geometry import Region
from textual.strip import Strip

from steer.model.frame import Frame as TerminalFrame
from steer.term.visible import visible
from steer.ui.frame_line import PaneFrame
from steer.ui.highlight import highlighted
from steer.ui.line import Span
from steer.ui.line_widget import LineWidget
from steer.ui.mark import Mark
from steer.ui.pane_mouse import PaneMouse
from steer.ui.row_store import RowStore
from steer.ui.search import Search
from steer.ui.selection import Selection


class Pane(LineWidget):
    """`session` is the id; everything else it shows is set from outside."""

    DEFAULT_CSS = "Pane { width: 1fr; height: 1fr; }"

    def __init__(self, session: str) -> None:
        super().__init__()
        self.session = session
        self.store = RowStore()
        self.frame: PaneFrame | None = None
        self.selection: Selection | None = None
        self.search: Search | None = None
        self.error = ""
        self.mouse = PaneMouse(self)
        self.repaint: set[int] = set()  # rows the compositor drew since the painter last looked

    @property
    def inner(self) -> tuple[int, int]:
        """Columns and rows of the terminal inside the frame."""
        return max(2, self.size.width - 2), max(2, self.size.height - 2)

    @property
    def is_plain(self) -> bool:
        """Whether the rows are shown as they came: nothing marked, nothing scrolled."""
        return not (self.selection or self.search or self.store.offset or self.error)

    def take(self, frame: TerminalFrame) -> list[int]:
        """Put a frame into the store; the rows that changed."""
        old = (self.store.offset, self.store.history)
        dirty = self.store.apply(frame)
        self.error = ""
        if (self.store.offset, self.store.history) != old and self.store.offset:
            self.refresh()
        return dirty

    def dress(self, frame: PaneFrame) -> None:
        """Change the frame; it is drawn again only where it looks different."""
        before, self.frame = self.frame, frame
        if before is None or before.width != frame.width:
            self.refresh()
            return
        if before.role != frame.role or before.glyphs != frame.glyphs:
            self.refresh()
            return
        for y, old, new in zip((0, self.size.height - 1), before.edges(), frame.edges(), strict=True):
            if old != new:
                self.refresh(Region(0, y, self.size.width, 1))

    def select(self, selection: Selection | None) -> None:
        if selection != self.selection:
            self.selection = selection
            self.refresh()

    def show_search(self, search: Search | None) -> None:
        if search != self.search:
            self.search = search
            self.refresh()

    def show_offset(self, offset: int) -> None:
        """Ask for the view `offset` lines above the live bottom; it comes as a frame."""
        offset = max(0, min(self.store.history, offset))
        if offset != self.store.offset:
            self.steer.port.scroll(self.session, offset)

    def scroll_lines(self, lines: int) -> None:
        """Up (positive) or down from where the view is."""
        self.show_offset(self.store.offset + lines)

    def refresh_rows(self, rows: list[int]) -> None:
        """Have the compositor draw these rows again."""
        height = self.inner[1]
        regions = [Region(1, row + 1, self.size.width - 2, 1) for row in rows if row < height]
        if regions:
            self.refresh(*regions)

    def render_lines(self, crop: Region) -> list[Strip]:
        try:
            strips = [self._line(y) for y in range(crop.y, crop.bottom)]
        except Exception as e:
            self.error = repr(e)
            strips = [self._error_line(y) for y in range(crop.y, crop.bottom)]
        self.repaint.update(range(crop.y - 1, crop.bottom - 1))
        if crop.x == 0 and crop.width >= self.size.width:
            return strips
        return [strip.crop(crop.x, crop.right) for strip in strips]

    def _line(self, y: int) -> Strip:
        width, height = self.size
        frame = self.frame
        if frame is None:
            return self.skin.strip([], width, "text.normal on:surface.background")
        if y in (0, height - 1):
            return self.skin.strip(
                frame.edges()[0 if y == 0 else 1], width, "text.normal on:surface.background"
            )
        side = self.skin.strip([Span(frame.glyphs[3], frame.role)], 1, "text.normal on:surface.background")
        return Strip.join([side, self._row(y - 1, width - 2), side])

    def _row(self, row: int, width: int) -> Strip:
        strip = self.skin.row_strip(self.store.row(row), width)
        marks = self.marks(row)
        return highlighted(strip, marks, self.skin) if marks else strip

    def marks(self, row: int) -> list[Mark]:
        """Selected and found cells of a row."""
        line = self.store.line_of(row)
        marks = self.search.marks(line) if self.search else []
        if self.selection and (span := self.selection.span(line, self.inner[0])):
            marks.append(Mark(*span, "selection.foreground on:selection.background"))
        return marks

    def _error_line(self, y: int) -> Strip:
        text = f" this pane cannot be drawn: {visible(self.error, 160)}" if y == 1 else ""
        return self.skin.strip(
            [Span(text, "activity.error")], self.size.width, "text.normal on:surface.background"
        )

    def on_mouse_down(self, event: events.MouseDown) -> None:
        event.stop()
        self.mouse.down(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self.mouse.move(event)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        event.stop()
        self.mouse.up(event)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.mouse.click(event)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.mouse.wheel(event, is_up=True)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.mouse.wheel(event, is_up=False)
