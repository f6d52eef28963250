"""What the board shows: which sessions, in which order, which is selected, how they are laid out. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum

from steer.model.attention import NEEDS_OPERATOR, attention
from steer.model.flag import Attention
from steer.model.fleet import FleetView
from steer.model.session import Place, SessionView
from steer.ui.layout import Arrangement, Page, arrange, neighbour

SIDEBAR_FROM = 100  # terminal columns from which the list is shown unless the operator says otherwise


class Mode(StrEnum):
    BOARD = "board"  # keys are commands
    FOCUS = "focus"  # keys go to the agent


@dataclass
class BoardState:
    """Mutable; belongs to the board screen alone."""

    fleet: FleetView = field(default_factory=lambda: FleetView(""))
    selected: str = ""
    mode: Mode = Mode.BOARD
    arrangement: Arrangement = Arrangement.GRID
    is_zoomed: bool = False
    page: int = 0
    sidebar: bool | None = None  # None: by width
    main: str = ""  # the session in the large pane of the main arrangement
    marked: set[str] = field(default_factory=set)  # chosen for the next broadcast
    seen_at: dict[str, float] = field(default_factory=dict)  # when the operator last had it selected

    @property
    def sessions(self) -> list[SessionView]:
        """Those on the board: in order of creation, without the trash."""
        return [s for s in self.fleet.sessions if s.spec.place is Place.WORKTREE]

    @property
    def session(self) -> SessionView | None:
        """The selected one."""
        return next((s for s in self.sessions if s.spec.id == self.selected), None)

    def number(self, session: str) -> int:
        """The 1-based number that stands in the pane's frame; 0 when it is not on the board."""
        return next((i for i, s in enumerate(self.sessions, 1) if s.spec.id == session), 0)

    def update(self, fleet: FleetView) -> None:
        """Take a new view; a selection that is gone moves to the session that took its place."""
        before = self.number(self.selected)
        self.fleet = fleet
        sessions = self.sessions
        if self.session is None:
            at = min(max(before - 1, 0), len(sessions) - 1)
            self.selected = sessions[at].spec.id if sessions else ""
            self.mode = Mode.BOARD
        if not self.number(self.main):
            self.main = ""

    def attention(self, view: SessionView) -> Attention:
        """What is selected is being looked at, so nothing about it is unseen."""
        is_selected = view.spec.id == self.selected
        return attention(view, math.inf if is_selected else self.seen_at.get(view.spec.id, 0.0))

    def by_attention(self) -> list[SessionView]:
        """Who needs the operator most comes first; equals stay in order of creation."""
        return sorted(self.sessions, key=lambda s: -self.attention(s).rank)

    def select(self, session: str, now: float) -> None:
        """`now` (seconds since the epoch) is remembered as the time the operator looked."""
        self.seen_at[self.selected] = now
        self.selected = session
        self.seen_at[session] = now

    def pane_order(self) -> list[str]:
        ids = [s.spec.id for s in self.sessions]
        if self.arrangement is Arrangement.MAIN and self.main in ids and not self.is_zoomed:
            ids.remove(self.main)
            ids.insert(0, self.main)
        return ids

    def layout(self, width: int, height: int) -> tuple[Page, list[str]]:
        """Rectangles and the ids that go into them, for a pane area of that size."""
        ids = self.pane_order()
        kind = Arrangement.SINGLE if self.is_zoomed else self.arrangement
        if kind is Arrangement.SINGLE and self.selected in ids:
            self.page = ids.index(self.selected)
        page = arrange(len(ids), width, height, kind, self.page)
        self.page = page.page
        return page, ids[page.first : page.first + len(page.rects)]

    def show_selected(self, width: int, height: int) -> None:
        """Turn to the page that holds the selected session."""
        page, shown = self.layout(width, height)
        ids = self.pane_order()
        if self.selected in ids and self.selected not in shown and page.rects:
            capacity = len(arrange(len(ids), width, height, self.arrangement, 0).rects)
            self.page = ids.index(self.selected) // max(1, capacity)

    def step(self, by: int) -> str:
        """The id `by` places further in order of number, around the ends."""
        ids = [s.spec.id for s in self.sessions]
        if not ids:
            return ""
        at = ids.index(self.selected) if self.selected in ids else 0
        return ids[(at + by) % len(ids)]

    def next_needing(self, by: int) -> str:
        """The next session that needs the operator, most urgent first, around the ends; "" when none does."""
        needing = [s.spec.id for s in self.by_attention() if self.attention(s).rank >= NEEDS_OPERATOR]
        if not needing:
            return ""
        if self.selected not in needing:
            return needing[0 if by > 0 else -1]
        return needing[(needing.index(self.selected) + by) % len(needing)]

    def beside(self, dx: int, dy: int, width: int, height: int) -> str:
        """The session of the pane next to the selected one in that direction, or ""."""
        page, shown = self.layout(width, height)
        if self.selected not in shown:
            return shown[0] if shown else ""
        at = neighbour(page.rects, shown.index(self.selected), dx, dy)
        return "" if at is None else shown[at]

    def has_sidebar(self, columns: int) -> bool:
        return columns >= SIDEBAR_FROM if self.sidebar is None else self.sidebar
