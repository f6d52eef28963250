"""Where panes go: from a number of panes and a size to rectangles. Pure, so it can be tested for every size."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

MIN_COLS, MIN_ROWS = 38, 8  # of a pane, its frame included
_IDEAL = (100, 30)  # beyond this a pane gains little from more room
_CHARACTER_ASPECT = 2.0  # a cell is about twice as high as wide


class Arrangement(StrEnum):
    GRID = "grid"
    MAIN = "main"  # one large pane, the others stacked beside it
    SINGLE = "single"


class Rect(NamedTuple):
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Page:
    """`rects` are for the panes `first`, `first + 1`, ...; `page` is 0-based and inside `pages`."""

    rects: tuple[Rect, ...]
    first: int
    page: int
    pages: int


def arrange(
    n: int,
    width: int,
    height: int,
    arrangement: Arrangement,
    page: int = 0,
    minimum: tuple[int, int] = (0, 0),
) -> Page:
    """Rectangles for one page of `n` panes: they tile `width` x `height` without gap or overlap.

    `minimum` (cols, rows) defaults to 38x8. An area smaller than that still gets one pane.
    """
    min_cols, min_rows = minimum if minimum > (0, 0) else (MIN_COLS, MIN_ROWS)
    if n <= 0 or width <= 0 or height <= 0:
        return Page((), 0, 0, 1)
    capacity = _capacity(width, height, arrangement, min_cols, min_rows)
    pages = -(-n // capacity)
    page = min(max(page, 0), pages - 1)
    count = min(capacity, n - page * capacity)
    tile = _main if arrangement is Arrangement.MAIN and count > 1 else _grid
    return Page(tuple(tile(count, width, height, min_cols, min_rows)), page * capacity, page, pages)


def _capacity(width: int, height: int, arrangement: Arrangement, min_cols: int, min_rows: int) -> int:
    columns, rows = max(1, width // min_cols), max(1, height // min_rows)
    if arrangement is Arrangement.SINGLE:
        return 1
    if arrangement is Arrangement.GRID:
        return columns * rows
    return 1 + rows if columns > 1 else rows


def _grid(n: int, width: int, height: int, min_cols: int, min_rows: int) -> list[Rect]:
    columns = _columns(n, width, height, min_cols, min_rows)
    rows = -(-n // columns)
    rects: list[Rect] = []
    for row, (y, h) in enumerate(_split(height, rows)):
        in_row = min(columns, n - row * columns)
        rects += [Rect(x, y, w, h) for x, w in _split(width, in_row)]
    return rects


def _columns(n: int, width: int, height: int, min_cols: int, min_rows: int) -> int:
    """The number of columns whose panes are most useful: wide enough for text first, then balanced."""
    fitting = [c for c in range(1, n + 1) if width // c >= min_cols and height // -(-n // c) >= min_rows] or [
        max(1, min(n, width // min_cols))
    ]
    return max(fitting, key=lambda c: _score(n, c, width, height))


def _score(n: int, columns: int, width: int, height: int) -> tuple[float, float]:
    rows = -(-n // columns)
    w, h = width / columns, height / rows
    useful = min(w / _IDEAL[0], 1.0) * min(h / _IDEAL[1], 1.0)
    waste = (columns * rows - n) / n  # an uneven last row
    shape = abs(w / (h * _CHARACTER_ASPECT) - 1.6)
    return useful - 0.05 * waste, -shape  # a short last row is filled, so it costs little


def _main(n: int, width: int, height: int, min_cols: int, min_rows: int) -> list[Rect]:
    if width >= 2 * min_cols:
        main = max(min_cols, min(width - min_cols, width * 3 // 5))
        stack = [Rect(main, y, width - main, h) for y, h in _split(height, n - 1)]
        return [Rect(0, 0, main, height), *stack]
    return [Rect(0, y, width, h) for y, h in _split(height, n)]


def _split(length: int, parts: int) -> list[tuple[int, int]]:
    """(start, size) of `parts` nearly equal pieces that cover `length`."""
    edges = [length * i // parts for i in range(parts + 1)]
    return [(a, b - a) for a, b in pairwise(edges)]


def neighbour(rects: tuple[Rect, ...], at: int, dx: int, dy: int) -> int | None:
    """The index of the pane one step from `at` in direction (dx, dy); the nearest in line wins."""
    here = rects[at]
    cx, cy = here.x + here.width / 2, here.y + here.height / 2
    best: tuple[float, int] | None = None
    for i, rect in enumerate(rects):
        ox, oy = rect.x + rect.width / 2 - cx, (rect.y + rect.height / 2 - cy) * _CHARACTER_ASPECT
        ahead, aside = (ox * dx, abs(oy)) if dx else (oy * dy, abs(ox))
        if i != at and ahead > 0 and (best is None or ahead + 3 * aside < best[0]):
            best = (ahead + 3 * aside, i)
    return None if best is None else best[1]
