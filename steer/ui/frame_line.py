"""The frame around a pane: its top and bottom line and its sides, as spans."""

from __future__ import annotations

from dataclasses import dataclass

from steer.model.attention import Rank
from steer.model.session import SessionView
from steer.ui.line import Line, Span, fit, line_width
from steer.ui.status import status_spans, title_spans

ISOLATION_FROM = 44  # cells of a pane's width from which its isolation level is shown

_THIN = ("╭", "─", "╮", "│", "╰", "╯")
_HEAVY = ("┏", "━", "┓", "┃", "┗", "┛")

_BY_RANK = {
    Rank.ASKING: "activity.asking edge",
    Rank.BROKEN: "activity.error edge",
    Rank.URGENT: "flag.urgent edge",
    Rank.WARNED: "flag.warn edge",
}


@dataclass(frozen=True, slots=True)
class Frame:
    """What decides how a pane's frame looks. `width` is in cells; `scrolled` in lines above the live bottom."""

    view: SessionView
    number: int
    rank: int
    is_selected: bool
    is_focus: bool
    width: int
    now: float
    scrolled: int = 0
    is_marked: bool = False  # for the next broadcast
    search: str = ""  # "3 of 17" while a search is on

    @property
    def glyphs(self) -> tuple[str, str, str, str, str, str]:
        """Corners, edges: heavy lines mark the selected pane, so it shows without colour too."""
        return _HEAVY if self.is_selected else _THIN

    @property
    def role(self) -> str:
        """Attention colours the frame unless the pane is typed into; weight tells the selection."""
        if self.is_focus:
            return "border.focus edge"
        calm = "border.selected edge" if self.is_selected else "border.normal edge"
        return _BY_RANK.get(Rank(self.rank), calm)


def top(frame: Frame) -> Line:
    left, edge, right, *_ = frame.glyphs
    title = title_spans(frame.view, frame.number, frame.is_focus, frame.width)
    mark = _mark(frame)
    return _edge(frame, left, edge, right, title, mark)


def bottom(frame: Frame) -> Line:
    *_, left, right = frame.glyphs
    edge = frame.glyphs[1]
    return _edge(frame, left, edge, right, status_spans(frame.view, frame.now, frame.width - 4), [])


def _mark(frame: Frame) -> Line:
    marks: Line = []
    if frame.is_marked:
        marks.append(Span(" ✚ marked ", "text.accent bold"))
    if frame.search:
        marks.append(Span(f" {frame.search} ", "text.accent"))
    if frame.scrolled:
        marks.append(Span(f" −{frame.scrolled} lines ", "flag.warn bold"))
    if frame.width >= ISOLATION_FROM:
        marks.append(Span(f" {frame.view.isolation} ", "text.faint"))
    return marks


def _edge(frame: Frame, left: str, edge: str, right: str, text: Line, mark: Line) -> Line:
    """A corner, one edge, `text`, edges, `mark`, one edge, a corner: exactly `frame.width` cells."""
    room = frame.width - 4
    mark = fit(mark, room)
    text = fit(text, max(0, room - line_width(mark)))
    fill = max(0, room - line_width(text) - line_width(mark))
    return [
        Span(left + edge, frame.role),
        *text,
        Span(edge * fill, frame.role),
        *mark,
        Span(edge + right, frame.role),
    ]
