"""A replayed terminal as a frame for a pane of any height."""

from __future__ import annotations

from steer.model.frame import Cursor, Frame
from steer.replay.search import Needle
from steer.term.emulator import Emulator
from steer.ui.search import Search
from steer.ui.selection import cells_of


def picture(emulator: Emulator, height: int, offset: int, shown: list[str], seq: int) -> Frame:
    """What a pane of `height` rows shows, `offset` lines above the newest; `shown` are the rows it shows now.

    A recording higher than the pane is shown from its last used row upwards, since that is where agents write.
    The rows above count as scrollback then (`history`), so every line can be reached.
    """
    height = max(1, height)
    first = emulator.history + _first_row(emulator, height)
    offset = min(max(offset, 0), first)
    top = first - offset
    last = min(top + height, emulator.history + emulator.rows_count) - 1
    rows = emulator.span(top, last)
    rows += [""] * (height - len(rows))
    is_full = len(rows) != len(shown)
    lines = tuple((i, row) for i, row in enumerate(rows) if is_full or shown[i] != row)
    cursor = _moved(emulator.cursor, emulator.history - top, height)
    return Frame(
        "", seq, emulator.cols, height, is_full, lines, cursor, emulator.modes, emulator.title, offset, first
    )


def _first_row(emulator: Emulator, height: int) -> int:
    """The screen's row that stands at the top of the pane when nothing is scrolled."""
    if emulator.rows_count <= height:
        return 0
    rows = emulator.rows()
    used = max((i for i, row in enumerate(rows) if row), default=0)
    return max(0, max(used, emulator.cursor.y) + 1 - height)


def _moved(cursor: Cursor, by: int, height: int) -> Cursor:
    y = cursor.y + by
    return Cursor(cursor.x, y, cursor.is_visible and 0 <= y < height, cursor.style)


def found_in(rows: list[str], first_line: int, needle: Needle) -> Search:
    """The needle's places in shown rows, of which the first is line `first_line` of the scrollback."""
    matches = []
    for i, row in enumerate(rows):
        cells = cells_of(row)
        columns = [column for column, char in enumerate(cells) if char]
        for at in needle.places("".join(cells)):
            if at + len(needle.query) <= len(columns):
                start, last = columns[at], columns[at + len(needle.query) - 1]
                matches.append((first_line + i, start, last + 1 - start))
    return Search(needle.query, tuple(matches), len(matches) - 1)
