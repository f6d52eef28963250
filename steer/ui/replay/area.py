"""The panes of a replay: where they stand and what is drawn in them."""

from __future__ import annotations

from math import floor
from typing import cast

from textual import events
from textual.containers import Container
from textual.layout import Layout
from textual.message import Message
from textual.widget import Widget

from steer.replay.mark import last_mark
from steer.ui.layout import Arrangement, Page, Rect, arrange
from steer.ui.pane import Pane
from steer.ui.pane_area import RectLayout
from steer.ui.replay.frame import ReplayFrame
from steer.ui.replay.pane import ReplayPane
from steer.ui.replay.picture import found_in, picture
from steer.ui.replay.state import ReplayState

HELD_FRAMES = 6  # a synchronized update is waited for this long while playing


class ReplayArea(Container, inherit_bindings=False):
    DEFAULT_CSS = "ReplayArea { width: 1fr; height: 1fr; layout: vertical; overflow: hidden; }"

    class Placed(Message):
        """The panes have other places, or others are shown."""

    def __init__(self, state: ReplayState) -> None:
        self.panes = [ReplayPane(number) for number in range(len(state.shows))]
        super().__init__(*self.panes)
        self.state = state
        self.rects: dict[Widget, Rect] = {}
        self._layout_by_rects = RectLayout()
        self._held = [0] * len(self.panes)

    @property
    def layout(self) -> Layout:
        return self._layout_by_rects

    @property
    def selected(self) -> ReplayPane:
        return self.panes[self.state.selected]

    def shown_panes(self) -> list[Pane]:
        return [cast(Pane, widget) for widget in self.rects]

    def on_resize(self, event: events.Resize) -> None:
        self.place()

    def place(self) -> None:
        """Lay out again: after a change of size, selection or zoom."""
        page = self._page(*self.size)
        numbers = range(page.first, page.first + len(page.rects))
        self.rects = {self.panes[n]: rect for n, rect in zip(numbers, page.rects, strict=True)}
        for pane in self.panes:
            pane.display = pane in self.rects
        self.panes[0].refresh(layout=True)  # a child's: Textual forgets its parent's old arrangement then
        self.dress()
        self.post_message(self.Placed())

    def _page(self, width: int, height: int) -> Page:
        """The page with the selected recording on it."""
        n, how = len(self.panes), Arrangement.SINGLE if self.state.is_zoomed else Arrangement.GRID
        page = arrange(n, width, height, how)
        while page.page < page.pages - 1 and self.state.selected >= page.first + len(page.rects):
            page = arrange(n, width, height, how, page.page + 1)
        return page

    def dress(self) -> None:
        for widget in self.rects:
            pane = cast(ReplayPane, widget)
            pane.dress(self._frame(pane))

    def _frame(self, pane: ReplayPane) -> ReplayFrame:
        show, at = self.state.shows[pane.number], self.state.local(pane.number)
        emulator, timeline = show.player.emulator, show.recording.index.timeline
        return ReplayFrame(
            name=show.name,
            title=pane.store.title,
            size=(emulator.cols, emulator.rows_count) if emulator else (0, 0),
            at=floor(at),
            mark=last_mark(self.state.alignment.tracks[pane.number].marks, at),
            width=self.rects[pane].width,
            is_selected=pane is self.selected,
            scrolled=pane.store.offset,
            has_ended=timeline.exit is not None and at >= timeline.exit.at,
        )

    def draw(self, number: int) -> None:
        """Show a recording's terminal as it is at the playhead."""
        pane, show = self.panes[number], self.state.shows[number]
        emulator = show.player.emulator
        if pane not in self.rects or emulator is None or self._is_held(number):
            return
        pane.seq += 1
        frame = picture(emulator, pane.inner[1], show.offset, pane.store.rows, pane.seq)
        rows = pane.take(frame)
        show.offset = frame.offset
        if number == self.state.selected and self.state.search is not None:
            first = pane.store.line_of(0)
            pane.show_search(found_in(pane.store.rows, first, self.state.search.needle))
        elif pane.search is not None:
            pane.show_search(None)
        pane.refresh_rows(rows)

    def _is_held(self, number: int) -> bool:
        """While playing, a half-drawn screen is left out, as a terminal does (mode 2026)."""
        emulator = self.state.shows[number].player.emulator
        is_half = emulator is not None and emulator.is_held and self.state.playhead.is_playing
        self._held[number] = self._held[number] + 1 if is_half else 0
        return 0 < self._held[number] <= HELD_FRAMES

    def text(self) -> str:
        """The selected text, or the whole picture of the selected recording."""
        pane, emulator = self.selected, self.state.show.player.emulator
        if emulator is None:
            return ""
        if pane.selection is not None:
            return emulator.text(*pane.selection.ends)
        first = pane.store.line_of(0)
        return emulator.text((first, 0), (first + pane.inner[1] - 1, emulator.cols - 1)).rstrip()
