"""Selected text in a pane: from one cell to another, counted from the oldest line of the scrollback.

Counting from the oldest line keeps a selection on its text while the view scrolls.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from steer.term.width import cell_width
from steer.ui.paint import clean
from steer.ui.pen import SGR

Cell = tuple[int, int]  # line, column

# What a double click takes: words with what paths, options and addresses are made of.
_WORD = re.compile(r"[\w./:@~+%#?&=-]+")


@dataclass(frozen=True, slots=True)
class Selection:
    """Both ends are included, in whichever order they were dragged."""

    anchor: Cell
    head: Cell

    @property
    def ends(self) -> tuple[Cell, Cell]:
        """Start and end in reading order."""
        return (self.anchor, self.head) if self.anchor <= self.head else (self.head, self.anchor)

    def span(self, line: int, cols: int) -> tuple[int, int] | None:
        """The selected cells [start, end) of a line `cols` wide."""
        (first, start), (last, end) = self.ends
        if not first <= line <= last:
            return None
        return (start if line == first else 0), (end + 1 if line == last else cols)


def cells_of(row: str) -> list[str]:
    """One entry per cell: its character, and "" for the second cell of a wide one."""
    cells: list[str] = []
    for char in SGR.sub("", clean(row)):
        width = cell_width(char)
        if width:
            cells += [char, *[""] * (width - 1)]
    return cells


def word_at(row: str, column: int) -> tuple[int, int]:
    """First and last column of the word at `column`; that cell alone where there is no word."""
    cells = cells_of(row)
    text, starts = "", []
    for at, char in enumerate(cells):
        if char:
            text += char
            starts.append(at)
    for match in _WORD.finditer(text):
        first = starts[match.start()]
        end = starts[match.end()] if match.end() < len(starts) else len(cells)
        if first <= column < end:
            return first, end - 1
    return column, column
