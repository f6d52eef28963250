"""How many cells a character takes, counted as the emulator counts.

Rows arrive as text, so whoever clips, pads or highlights them must agree with the emulator about columns.
libghostty-vt (grapheme clustering off, its default) gives every code point a width of its own: 2 for East
Asian wide ones, 0 for what joins the cell before it, 1 otherwise; spacing marks (category Mc) get a cell.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from rich.cells import get_character_cell_size

_FILLERS = frozenset("\u115f\u1160")  # Hangul fillers: wide by their table, but drawn as nothing

# Joined to the emoji before them only when grapheme clustering is on.
_SKIN_TONES = frozenset("\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")


@lru_cache(maxsize=8192)
def cell_width(char: str) -> int:
    """0, 1 or 2 cells for one code point."""
    if char in _FILLERS:
        return 0
    if char in _SKIN_TONES:
        return 2
    category = unicodedata.category(char)
    if category == "Mc":
        return 1
    if category in ("Mn", "Me"):
        return 0
    return get_character_cell_size(char)


def text_width(text: str) -> int:
    """Cells that `text` takes; it holds no escape sequences."""
    if text.isascii():
        return len(text)
    return sum(map(cell_width, text))


def clip(text: str, cells: int) -> str:
    """The longest beginning of `text` that fits into `cells` cells."""
    if text.isascii():
        return text[: max(0, cells)]
    used = 0
    for i, char in enumerate(text):
        used += cell_width(char)
        if used > cells:
            return text[:i]
    return text
