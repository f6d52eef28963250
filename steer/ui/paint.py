"""Rows of a terminal as bytes for the operator's terminal, written past Textual's compositor.

Only SGR, cursor positioning and printable text leave this module. A row fills its pane's width exactly. After
every grapheme that terminals disagree about (wide, ambiguous, joined, with marks) the column is set again, so
a terminal that draws it wider or narrower than the emulator counted can shift nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache

from steer.term.width import cell_width
from steer.ui.pen import SGR, Pen, translate

SYNC_BEGIN, SYNC_END = "\x1b[?2026h", "\x1b[?2026l"  # synchronized output (contour's specification)

# One cell in every terminal. Box drawing and blocks are formally ambiguous, but steer's own frames are made of
# them: where they are wide no full-screen program works.
_CERTAIN = r"\x20-\x7e\u2500-\u259f"
_IS_CERTAIN = re.compile(f"[{_CERTAIN}]*")
_TOKEN = re.compile(f"\x1b\\[([0-9;:]*)m|([{_CERTAIN}]+)|(.)", re.DOTALL)
# No control, no surrogate (the writer would fail on it), and no direction control: they reorder whole lines of
# the operator's terminal, the neighbours' panes included.
_FORBIDDEN = re.compile(
    r"\x1b(?!\[[0-9;:]*m)|[\x00-\x1a\x1c-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
_MARKS_PER_CELL = 8


def clean(row: str) -> str:
    """`row` with nothing in it but text and SGR sequences."""
    return _FORBIDDEN.sub("", row) if _FORBIDDEN.search(row) else row


def is_certain(row: str) -> bool:
    """Whether every character of `row` takes one cell in every terminal."""
    return _IS_CERTAIN.fullmatch(SGR.sub("", row)) is not None


def paint_row(row: str, x: int, y: int, cols: int, pen: Pen) -> str:
    """`row` at cell (x, y), 0-based, over exactly `cols` cells; ends in the default style."""
    return f"\x1b[{y + 1};{x + 1}H{_body(row, x, cols, pen)}"


@lru_cache(maxsize=4096)
def _body(row: str, x: int, cols: int, pen: Pen) -> str:
    row = clean(row)
    text = SGR.sub("", row)
    if len(text) <= cols and _IS_CERTAIN.fullmatch(text):
        styled = SGR.sub(lambda m: translate(m[1], pen), row) if len(text) < len(row) else row
        return f"{pen.base}{styled}{pen.base}{' ' * (cols - len(text))}\x1b[0m"
    return _careful(row, x, cols, pen)


def _careful(row: str, x: int, cols: int, pen: Pen) -> str:
    out = [pen.base]
    used = marks = 0
    for match in _TOKEN.finditer(row):
        parameters, certain, char = match.groups()
        if parameters is not None:
            out.append(translate(parameters, pen))
        elif certain:
            piece = certain[: cols - used]
            out.append(piece)
            used += len(piece)
            marks = 0
        else:
            used, marks = _uncertain(char, out, x, used, marks, cols)
    out += [pen.base, f"\x1b[{x + used + 1}G", " " * (cols - used), "\x1b[0m"]
    return "".join(out)


def _uncertain(char: str, out: list[str], x: int, used: int, marks: int, cols: int) -> tuple[int, int]:
    """Write one character whose width is open, then say where the next one goes."""
    width = cell_width(char)
    if width == 0:
        if used > 0 and marks < _MARKS_PER_CELL:  # joins the cell before: written there, ahead of the move
            move = out.pop() if out[-1].startswith("\x1b[") and out[-1].endswith("G") else ""
            out += [char, move or f"\x1b[{x + used + 1}G"]
        return used, marks + 1
    if used + width > cols:
        return used, 0
    out += [char, f"\x1b[{x + used + width + 1}G"]
    return used + width, 0
