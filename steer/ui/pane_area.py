"""The part of the board that holds the panes: puts them into the rectangles of the layout, and asks for frames
of those that are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.geometry import NULL_OFFSET, Region, Size, Spacing
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget

from steer.model.fleet import FleetView
from steer.ui.board_state import BoardState, Mode
from steer.ui.empty import EmptyBoard
from steer.ui.frame_line import Frame
from steer.ui.layout import Page, Rect
from steer.ui.pane import Pane

if TYPE_CHECKING:
    from steer.ui.app import SteerApp

SETTLE_S = 0.12  # a terminal is resized this long after the last change of layout


class HasRects(Protocol):
    rects: dict[Widget, Rect]


class RectLayout(Layout):
    """Places each child where its parent's `rects` say."""

    name = "rects"

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        area = cast(HasRects, parent)
        whole = Rect(0, 0, size.width, size.height)
        return [
            WidgetPlacement(Region(*area.rects.get(child, whole)), NULL_OFFSET, Spacing(), child)
            for child in children
        ]


class PaneArea(Container, inherit_bindings=False):
    """Panes are made when their session is first seen and kept while it is on the board."""

    DEFAULT_CSS = "PaneArea { width: 1fr; height: 1fr; layout: vertical; overflow: hidden; }"

    class Placed(Message):
        """The panes have other places, or others are shown."""

    def __init__(self, state: BoardState) -> None:
        super().__init__()
        self.state = state
        self.panes: dict[str, Pane] = {}
        self.rects: dict[Widget, Rect] = {}
        self.page = Page((), 0, 0, 1)
        self._watched: dict[str, tuple[int, int]] = {}
        self._timer: Timer | None = None
        self._empty = EmptyBoard()
        self._layout_by_rects = RectLayout()

    @property
    def layout(self) -> Layout:
        return self._layout_by_rects

    @property
    def steer(self) -> SteerApp:
        return cast("SteerApp", self.app)

    @property
    def selected(self) -> Pane | None:
        return self.panes.get(self.state.selected)

    def compose(self) -> ComposeResult:
        yield self._empty

    def on_resize(self, event: events.Resize) -> None:
        self.state.show_selected(event.size.width, event.size.height)
        self.place()

    def place(self) -> None:
        """Lay out again: after a change of size, sessions, selection or arrangement."""
        width, height = self.size
        self.page, shown = self.state.layout(width, height)
        self._drop_gone()
        for session in shown:
            if session not in self.panes:
                self.panes[session] = Pane(session)
                self.mount(self.panes[session])
        self.rects = {self.panes[s]: rect for s, rect in zip(shown, self.page.rects, strict=True)}
        for session, pane in self.panes.items():
            pane.display = session in shown
        self._empty.display = not shown
        self.dress()
        self._empty.refresh(layout=True)  # a child's: Textual forgets its parent's old arrangement then
        self.post_message(self.Placed())
        self._settle()

    def _drop_gone(self) -> None:
        present = {view.spec.id for view in self.state.sessions}
        for session in [s for s in self.panes if s not in present]:
            self.panes.pop(session).remove()
            if self._watched.pop(session, None):
                self.steer.port.unwatch(session)

    def dress(self) -> None:
        """Give every shown pane its frame."""
        now = self.steer.config.clock()
        for view in self.state.sessions:
            pane = self.panes.get(view.spec.id)
            if pane is None or pane not in self.rects:
                continue
            is_selected = view.spec.id == self.state.selected
            pane.dress(
                Frame(
                    view=view,
                    number=self.state.number(view.spec.id),
                    rank=self.state.attention(view).rank,
                    is_selected=is_selected,
                    is_focus=is_selected and self.state.mode is Mode.FOCUS,
                    width=self.rects[pane].width,
                    now=now,
                    scrolled=pane.store.offset,
                    is_marked=view.spec.id in self.state.marked,
                    search=pane.search.words if pane.search else "",
                )
            )

    def _settle(self) -> None:
        """Ask for frames now where there are none yet, and for new sizes when the layout has come to rest."""
        if self._timer is not None:
            self._timer.stop()
        if any(pane.session not in self._watched for pane in self.shown_panes()):
            self.call_after_refresh(self._watch_new)
        self._timer = self.set_timer(SETTLE_S, self.watch_visible)

    def shown_panes(self) -> list[Pane]:
        """The panes on the page that is shown."""
        return [pane for pane in self.rects if isinstance(pane, Pane)]

    def _watch_new(self) -> None:
        for pane in self.shown_panes():
            if pane.session not in self._watched:
                self._watch(pane)

    def watch_visible(self) -> None:
        """Watch what is seen, at the size it is seen, and nothing else."""
        seen = self.shown_panes()
        for pane in seen:
            self._watch(pane)
        for session in set(self._watched) - {pane.session for pane in seen}:
            del self._watched[session]
            self.steer.port.unwatch(session)

    def _watch(self, pane: Pane) -> None:
        rect = self.rects.get(pane)
        if rect is None or rect.width < 4 or rect.height < 4:
            return
        size = (rect.width - 2, rect.height - 2)
        if self._watched.get(pane.session) != size:
            self._watched[pane.session] = size
            self.steer.port.watch(pane.session, *size)

    def watch_again(self) -> None:
        """After a reconnection: the supervisor knows nothing of what was watched."""
        self._watched.clear()
        self.watch_visible()

    def update(self, fleet: FleetView) -> None:
        before = [view.spec.id for view in self.state.sessions], self.state.selected
        self.state.update(fleet)
        if before != ([view.spec.id for view in self.state.sessions], self.state.selected):
            self.state.show_selected(*self.size)
            self.place()
        else:
            self.dress()
