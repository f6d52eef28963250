"""The rows of the list: forks under their parent, families sorted by who needs the operator."""

from __future__ import annotations

from dataclasses import dataclass

from steer.model.session import SessionView
from steer.term.visible import visible
from steer.ui.board_state import BoardState
from steer.ui.line import Line, Span, fit, join, line_width, spread
from steer.ui.status import SEPARATOR, age, check_spans, diff_spans, flag_spans, size, state

DISK_FROM = 44  # columns of the list from which disk use is shown


@dataclass(frozen=True, slots=True)
class Row:
    session: SessionView
    number: int
    branch: str  # what is drawn before the name of a fork: "├╴" or "╰╴", indented; "" for a root


def list_rows(board: BoardState) -> list[Row]:
    """Every session once. A family stands where its member who needs the operator most belongs."""
    sessions = board.sessions
    ids = {s.spec.id for s in sessions}
    children: dict[str, list[SessionView]] = {}
    for s in sessions:
        parent = s.spec.parent if s.spec.parent in ids and s.spec.parent != s.spec.id else ""
        children.setdefault(parent, []).append(s)
    numbers = {s.spec.id: i for i, s in enumerate(sessions, 1)}
    urgency: dict[str, int] = {}
    rows: list[Row] = []
    for root in sorted(children.get("", []), key=lambda s: -_urgency(s, children, board, urgency)):
        _add(root, "", "", children, board, urgency, numbers, rows)
    known = {row.session.spec.id for row in rows}
    return rows + [Row(s, numbers[s.spec.id], "") for s in sessions if s.spec.id not in known]


def _urgency(
    view: SessionView, children: dict[str, list[SessionView]], board: BoardState, memo: dict[str, int]
) -> int:
    """The highest rank in the family of `view`."""
    if view.spec.id not in memo:
        memo[view.spec.id] = board.attention(view).rank
        below = [_urgency(c, children, board, memo) for c in children.get(view.spec.id, [])]
        memo[view.spec.id] = max([memo[view.spec.id], *below])
    return memo[view.spec.id]


def _add(
    view: SessionView,
    mark: str,
    indent: str,
    children: dict[str, list[SessionView]],
    board: BoardState,
    urgency: dict[str, int],
    numbers: dict[str, int],
    rows: list[Row],
) -> None:
    rows.append(Row(view, numbers[view.spec.id], mark))
    below = sorted(children.get(view.spec.id, []), key=lambda s: -_urgency(s, children, board, urgency))
    for child in below:
        is_last = child is below[-1]
        _add(child, indent + ("╰╴" if is_last else "├╴"), indent + ("  " if is_last else "│ "),
             children, board, urgency, numbers, rows)  # fmt: skip


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
    parts = [check_spans(view.check), diff_spans(view.diff, with_files=False)]
    line = join(parts, Span("  "))
    return line if line_width(line) <= width // 2 else []


def _detail(view: SessionView, width: int) -> Line:
    """Lines changed, checks, the newest flag or the task, disk."""
    disk = [Span(size(view.disk_bytes), "text.faint")] if view.disk_bytes and width >= DISK_FROM - 6 else []
    parts = [diff_spans(view.diff, with_files=False), check_spans(view.check), disk]
    known = join(parts, SEPARATOR)
    room = width - line_width(known) - 3
    flag = flag_spans(view, max(8, room))
    rest = flag or ([Span(visible(view.spec.task, max(1, room)), "text.muted")] if view.spec.task else [])
    return fit(join([known, rest if room >= 8 else []], SEPARATOR), width)


def sidebar_width(columns: int) -> int:
    """Of the list, its border included, on a terminal that wide."""
    return max(30, min(52, columns * 24 // 100))
