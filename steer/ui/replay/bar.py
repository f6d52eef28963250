"""The timeline bar: how busy the recording was, what stands out in it, and where the playhead is."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt

from steer.replay.alignment import Alignment
from steer.replay.mark import MarkKind
from steer.ui.line import Line, Span
from steer.ui.replay.axis import Axis

_BLOCKS = "▁▂▃▄▅▆▇█"

# Glyph and role; where several fall into one column the first of this list is shown.
MARKS: dict[MarkKind, tuple[str, str]] = {
    MarkKind.INTERVENTION: ("◆", "text.accent bold"),
    MarkKind.FLAG: ("▲", "flag.urgent"),
    MarkKind.FORK: ("⑂", "process.starting bold"),
    MarkKind.EXIT: ("■", "process.exited"),
    MarkKind.NOTE: ("●", "flag.info"),
    MarkKind.CHECKPOINT: ("∙", "text.muted"),
    MarkKind.STEP: ("·", "text.faint"),
}
_INPUT = ("╵", "flag.warn")
_RANK = {glyph: rank for rank, (glyph, _) in enumerate(MARKS.values())}


@dataclass(frozen=True, slots=True)
class Bar:
    """One cell per column: `levels` 0 (silence) to 1, `marks` glyph and role or ("", "")."""

    levels: tuple[float, ...]
    marks: tuple[tuple[str, str], ...]


def make_bar(alignment: Alignment, axis: Axis) -> Bar:
    density = alignment.density(axis.edges())
    return Bar(tuple(_levels(density)), tuple(_marks(alignment, axis)))


def _levels(density: list[float]) -> list[float]:
    """Square roots, measured against nearly the most: one flood leaves something to see of the rest."""
    busy = sorted(value for value in density if value > 0)
    if not busy:
        return [0.0] * len(density)
    most = busy[min(len(busy) - 1, int(0.97 * len(busy)))]
    return [min(1.0, sqrt(value / most)) for value in density]


def _marks(alignment: Alignment, axis: Axis) -> list[tuple[str, str]]:
    cells: list[tuple[str, str]] = [("", "")] * axis.width
    for at in alignment.inputs():
        cells[axis.column(at)] = _INPUT
    for at, mark in alignment.marks():
        if mark.kind is MarkKind.STEP:
            continue  # too many to tell apart; the blocks above show them
        column, new = axis.column(at), MARKS[mark.kind]
        if _RANK[new[0]] <= _RANK.get(cells[column][0], len(_RANK)):
            cells[column] = new
    return cells


def bar_lines(bar: Bar, playhead: int, height: int = 1) -> list[Line]:
    """Activity, `height` lines of it, with the playhead through them; and the marks below."""
    activity = [_activity(bar, playhead, height, row) for row in range(height - 1, -1, -1)]
    marks = [Span(glyph or " ", role or "text.normal") for glyph, role in bar.marks]
    if 0 <= playhead < len(marks) and not bar.marks[playhead][0]:
        marks[playhead] = Span("╹", "border.focus bold")
    return [*map(_merged, activity), _merged(marks)]


def _activity(bar: Bar, playhead: int, height: int, row: int) -> Line:
    """One line of it; `row` 0 is the lowest."""
    line: Line = []
    for column, level in enumerate(bar.levels):
        eighths = max(ceil(level * 8 * height), 1 if level > 0 else 0) - 8 * row
        if column == playhead:
            line.append(Span("┃", "border.focus bold"))
        elif eighths <= 0:
            line.append(Span("▁" if row == 0 else " ", "text.faint"))
        else:
            role = "text.accent" if column < playhead else "text.muted"
            line.append(Span(_BLOCKS[min(eighths, 8) - 1], role))
    return line


def _merged(line: Line) -> Line:
    """Neighbours of one role as one span."""
    merged: Line = []
    for span in line:
        if merged and merged[-1].role == span.role:
            merged[-1] = Span(merged[-1].text + span.text, span.role)
        else:
            merged.append(span)
    return merged
