"""Panes tile their area whatever its size and their number."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from steer.ui.layout import MIN_COLS, MIN_ROWS, Arrangement, Rect, arrange, neighbour

SIZES = st.tuples(st.integers(1, 420), st.integers(1, 120))
NUMBERS = st.integers(1, 120)
KINDS = st.sampled_from(list(Arrangement))


def _area(rects: tuple[Rect, ...]) -> int:
    return sum(r.width * r.height for r in rects)


def _overlap(a: Rect, b: Rect) -> bool:
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height


@given(NUMBERS, SIZES, KINDS, st.integers(0, 130))
def test_rects_cover_the_area_without_overlap(
    n: int, size: tuple[int, int], kind: Arrangement, page: int
) -> None:
    result = arrange(n, *size, kind, page)
    rects = result.rects
    assert rects
    assert _area(rects) == size[0] * size[1]
    assert all(
        r.x >= 0 and r.y >= 0 and r.x + r.width <= size[0] and r.y + r.height <= size[1] for r in rects
    )
    assert not any(_overlap(a, b) for i, a in enumerate(rects) for b in rects[:i])


@given(NUMBERS, SIZES, KINDS)
def test_pages_show_every_pane_once(n: int, size: tuple[int, int], kind: Arrangement) -> None:
    pages = arrange(n, *size, kind).pages
    shown = []
    for page in range(pages):
        result = arrange(n, *size, kind, page)
        shown += list(range(result.first, result.first + len(result.rects)))
    assert shown == list(range(n))


@given(NUMBERS, SIZES, KINDS)
def test_no_pane_is_smaller_than_the_minimum(n: int, size: tuple[int, int], kind: Arrangement) -> None:
    for rect in arrange(n, *size, kind).rects:
        assert rect.width >= min(MIN_COLS, size[0])
        assert rect.height >= min(MIN_ROWS, size[1])


def test_usual_screens() -> None:
    def shape(n: int, width: int, height: int) -> list[tuple[int, int]]:
        return [(r.width, r.height) for r in arrange(n, width, height, Arrangement.GRID).rects]

    assert shape(1, 80, 22) == [(80, 22)]
    assert shape(2, 160, 46) == [(80, 46), (80, 46)]
    assert shape(4, 160, 46) == [(80, 23)] * 4
    assert len(shape(9, 200, 48)) == 9
    assert arrange(0, 80, 24, Arrangement.GRID).rects == ()


def test_main_is_the_largest() -> None:
    rects = arrange(4, 160, 46, Arrangement.MAIN).rects
    assert rects[0].width > rects[1].width and rects[0].height == 46


def test_neighbours() -> None:
    rects = arrange(4, 160, 46, Arrangement.GRID).rects
    assert neighbour(rects, 0, 1, 0) == 1
    assert neighbour(rects, 0, 0, 1) == 2
    assert neighbour(rects, 3, -1, 0) == 2
    assert neighbour(rects, 0, -1, 0) is None
