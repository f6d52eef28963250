"""The frame around a pane: its top and bottom line and its sides, as spans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from steer.model.attention import Rank
from steer.model.session import SessionView
from steer.ui.line import Line, Span, fit, line_width
from steer.ui.status import status_spans, title_spans

ISOLATION_FROM = 32  # cells of a pane's width from which its isolation level is shown

_THIN = ("╭", "─", "╮", "│", "╰", "╯")
_HEAVY = ("┏", "━", "┓", "┃", "┗", "┛")

_BY_RANK = {
    Rank.ASKING: "activity.asking edge",
    Rank.BROKEN: "activity.error edge",
    Rank.URGENT: "flag.urgent edge",
    Rank.WARNED: "flag.warn edge",
}


Glyphs = tuple[str, str, str, str, str, str]  # top left, edge, top right, side, bottom left, bottom right


class PaneFrame(Protocol):
    """What a pane needs of its frame: a session's on the board, a recording's in a replay."""

    @property
    def width(self) -> int: ...

    @property
    def is_selected(self) -> bool: ...

    @property
    def is_focus(self) -> bool: ...

    @property
    def scrolled(self) -> int: ...

    @property
    def glyphs(self) -> Glyphs: ...

    @property
    def role(self) -> str: ...

    def edges(self) -> tuple[Line, Line]:
        """Top and bottom line, `width` cells each."""


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
    def glyphs(self) -> Glyphs:
        return glyphs(self.is_selected)

    @property
    def role(self) -> str:
        """Attention colours the frame unless the pane is typed into; weight tells the selection."""
        if self.is_focus:
            return "border.focus edge"
        calm = "border.selected edge" if self.is_selected else "border.normal edge"
        return _BY_RANK.get(Rank(self.rank), calm)

    def edges(self) -> tuple[Line, Line]:
        return top(self), bottom(self)


def glyphs(is_selected: bool) -> Glyphs:
    """Corners, edges: heavy lines mark the selected pane, so it shows without colour too."""
    return _HEAVY if is_selected else _THIN


def top(frame: Frame) -> Line:
    left, edge, right, *_ = frame.glyphs
    title = title_spans(frame.view, frame.number, frame.is_focus, frame.width)
    mark = _mark(frame)
    return framed(frame, (left, edge, right), title, mark)


def bottom(frame: Frame) -> Line:
    *_, left, right = frame.glyphs
    edge = frame.glyphs[1]
    return framed(frame, (left, edge, right), status_spans(frame.view, frame.now, frame.width - 4), [])


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


def framed(frame: PaneFrame, corners: tuple[str, str, str], text: Line, mark: Line) -> Line:
    """A corner, one edge, `text`, edges, `mark`, one edge, a corner: exactly `frame.width` cells.

    `corners`: left corner, edge, right corner.
    """
    left, edge, right = corners
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
