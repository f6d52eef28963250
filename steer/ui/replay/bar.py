"""The timeline bar: how busy the recording was, what stands out in it, and where the playhead is."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

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
}
_INPUT = ("╵", "flag.warn")
_RANK = {glyph: rank for rank, (glyph, _) in enumerate(MARKS.values())}


@dataclass(frozen=True, slots=True)
class Bar:
    """One cell per column: `levels` 0 (silence) to 8, `marks` glyph and role or ("", "")."""

    levels: tuple[int, ...]
    marks: tuple[tuple[str, str], ...]


def make_bar(alignment: Alignment, axis: Axis) -> Bar:
    density = alignment.density(axis.edges())
    return Bar(tuple(_levels(density)), tuple(_marks(alignment, axis)))


def _levels(density: list[float]) -> list[int]:
    """Square roots, so that a flood leaves something to see of the rest."""
    most = max(density, default=0.0)
    if most <= 0:
        return [0] * len(density)
    return [max(1, round(8 * sqrt(value / most))) if value > 0 else 0 for value in density]


def _marks(alignment: Alignment, axis: Axis) -> list[tuple[str, str]]:
    cells: list[tuple[str, str]] = [("", "")] * axis.width
    for at in alignment.inputs():
        cells[axis.column(at)] = _INPUT
    for at, mark in alignment.marks():
        column, new = axis.column(at), MARKS[mark.kind]
        if _RANK[new[0]] <= _RANK.get(cells[column][0], len(_RANK)):
            cells[column] = new
    return cells


def bar_lines(bar: Bar, playhead: int) -> list[Line]:
    """Activity with the playhead in it, and the marks below."""
    activity: Line = []
    for column, level in enumerate(bar.levels):
        glyph = _BLOCKS[max(level, 1) - 1]
        if column == playhead:
            activity.append(Span("┃", "border.focus bold on:surface.selected"))
        elif level == 0:
            activity.append(Span("▁", "text.faint"))
        else:
            activity.append(Span(glyph, "text.accent" if column < playhead else "text.muted"))
    marks = [Span(glyph or " ", role or "text.normal") for glyph, role in bar.marks]
    if 0 <= playhead < len(marks) and not bar.marks[playhead][0]:
        marks[playhead] = Span("╹", "border.focus bold")
    return [_merged(activity), _merged(marks)]


def _merged(line: Line) -> Line:
    """Neighbours of one role as one span."""
    merged: Line = []
    for span in line:
        if merged and merged[-1].role == span.role:
            merged[-1] = Span(merged[-1].text + span.text, span.role)
        else:
            merged.append(span)
    return merged
