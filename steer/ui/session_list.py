"""The rows of the list: forks under their parent, families sorted by who needs the operator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from steer.model.session import SessionView
from steer.term.visible import visible
from steer.ui.board_state import BoardState
from steer.ui.line import Line, Span, fit, join, line_width, spread
from steer.ui.status import (
    SEPARATOR,
    age,
    check_spans,
    diff_spans,
    flag_spans,
    size,
    state,
    trend_spans,
    usage_spans,
)

DISK_FROM = 44  # columns of the list from which disk use is shown
_SHORTEST_FLAG = 16  # cells; a flag cut shorter says nothing


@dataclass(frozen=True, slots=True)
class Row:
    session: SessionView
    number: int
    branch: str  # what is drawn before the name of a fork: "├╴" or "╰╴", indented; "" for a root


class _Family:
    """Who was forked from whom, and how urgent each branch of the tree is."""

    def __init__(self, board: BoardState) -> None:
        self._board = board
        self._numbers = {s.spec.id: i for i, s in enumerate(board.sessions, 1)}
        self._children: dict[str, list[SessionView]] = {}
        self._ranks: dict[str, int] = {}
        for s in board.sessions:
            parent = s.spec.parent if s.spec.parent in self._numbers and s.spec.parent != s.spec.id else ""
            self._children.setdefault(parent, []).append(s)

    def rank(self, view: SessionView) -> int:
        """The highest in the branch that starts at `view`."""
        key = view.spec.id
        if key not in self._ranks:
            self._ranks[key] = self._board.attention(view).rank  # also ends a circle of parents
            self._ranks[key] = max([self._ranks[key], *map(self.rank, self._children.get(key, []))])
        return self._ranks[key]

    def children(self, parent: str) -> list[SessionView]:
        return sorted(self._children.get(parent, []), key=lambda s: -self.rank(s))

    def rows(self, parent: str = "", indent: str = "") -> Iterator[Row]:
        children = self.children(parent)
        for child in children:
            is_last = child is children[-1]
            mark = indent + ("╰╴" if is_last else "├╴") if parent else ""
            yield Row(child, self._numbers[child.spec.id], mark)
            below = indent + ("  " if is_last else "│ ") if parent else ""
            yield from self.rows(child.spec.id, below)


def list_rows(board: BoardState) -> list[Row]:
    """Every session once. A family stands where its member who needs the operator most belongs."""
    rows = list(_Family(board).rows())
    known = {row.session.spec.id for row in rows}
    lost = [s for s in board.sessions if s.spec.id not in known]  # their parents go round in a circle
    return rows + [Row(s, board.number(s.spec.id), "") for s in lost]


def row_lines(row: Row, is_selected: bool, now: float, width: int, height: int) -> list[Line]:
    """A row in one or two lines of exactly `width` cells."""
    s = state(row.session)
    on = " on:surface.selected" if is_selected else " on:surface.panel"
    edge = Span("▌" if is_selected else " ", "border.selected" + on)
    left = [
        edge,
        Span(f"{row.number:>2} ", "text.faint" + on),
        Span(row.branch, "text.faint" + on),
        Span(f"{s.glyph} ", s.role + on),
        Span(visible(row.session.spec.name, 40), ("text.normal bold" if is_selected else "text.normal") + on),
    ]
    middle = _summary(row.session, width) if height == 1 else [Span(s.word, s.role)]
    right = _over([*middle, Span(f" {age(row.session, now):>3} ", "text.muted")], on)
    if line_width(left) + line_width(right) >= width:
        right = right[-1:]
    under = "text.normal" + on
    lines = [spread(left, right, width, role=under)]
    if height > 1:
        indent = 6 + len(row.branch)
        detail = _over(_detail(row.session, width - indent), on)
        lines.append(spread([edge, Span(" " * (indent - 1), under), *detail], [], width, role=under))
    return lines


def _over(line: Line, on: str) -> Line:
    return [Span(span.text, span.role + on) for span in line]


def _summary(view: SessionView, width: int) -> Line:
    parts = [_check(view), diff_spans(view.diff, with_files=False)]
    line = join(parts, Span("  "))
    return line if line_width(line) <= width // 2 else []


def _check(view: SessionView) -> Line:
    """The newest check, and where checks are heading."""
    return join([check_spans(view.check), trend_spans(view)], Span(" "))


def _detail(view: SessionView, width: int) -> Line:
    """Lines changed, checks, the newest flag or the task, disk."""
    disk = [Span(size(view.disk_bytes), "text.faint")] if view.disk_bytes and width >= DISK_FROM - 6 else []
    parts = [diff_spans(view.diff, with_files=False), _check(view), usage_spans(view.usage), disk]
    parts = [part for part in parts if part]
    has_flag = bool(view.flags or view.note)
    while has_flag and width - line_width(join(parts, SEPARATOR)) < _SHORTEST_FLAG and parts:
        parts.pop()  # a flag matters more than any figure
    known = join(parts, SEPARATOR)
    room = width - line_width(known) - (len(SEPARATOR.text) if known else 0)
    rest = flag_spans(view, room) or [Span(visible(view.spec.task, max(1, room)), "text.muted")]
    is_worth_it = room >= _SHORTEST_FLAG // 2 and bool(rest[0].text)
    return fit(join([known, rest if is_worth_it else []], SEPARATOR), width)


def sidebar_width(columns: int) -> int:
    """Of the list, its border included, on a terminal that wide."""
    return max(30, min(52, columns * 24 // 100))
