"""The one function through which text of unknown origin reaches the screen.

Names, branches, titles, tasks, flags, errors: whatever an agent, a repository or a recording produced may hold
escape sequences, direction overrides or invisible characters. Textual passes them to the operator's terminal
unchanged, so everything outside a terminal pane is drawn from the result of `visible`.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from steer.term.width import cell_width

_MARKS_PER_CELL = 3  # more combining marks on one character are written out, so they cannot pile up
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")  # letters by category, drawn as nothing


def visible(text: str, limit: int) -> str:
    """`text` with everything that does not show itself written out, cut to `limit` cells with an ellipsis.

    C0 controls become control pictures, C1 and lone surrogates `\\x9b`, other invisible ones `\\u202e`. The
    result holds no control, format, private direction or unassigned character and takes at most `limit` cells.
    """
    if text.isascii() and text.isprintable() and len(text) <= limit:
        return text
    return _visible(text[: 8 * max(limit, 0) + 8], limit)


@lru_cache(maxsize=2048)
def _visible(text: str, limit: int) -> str:
    out: list[str] = []
    ends: list[int] = []  # cells used up to and including each piece
    used = marks = 0
    for char in text:
        is_mark = unicodedata.category(char) in ("Mn", "Me")
        marks = marks + 1 if is_mark else 0
        piece = _escape(char) if (is_mark and (marks > _MARKS_PER_CELL or not out)) else _piece(char)
        used += sum(map(cell_width, piece))
        out.append(piece)
        ends.append(used)
        if used > limit:
            return _cut(out, ends, limit)
    return "".join(out)


def _cut(pieces: list[str], ends: list[int], limit: int) -> str:
    """The pieces that leave one cell for the ellipsis, and the ellipsis."""
    if limit < 1:
        return ""
    keep = sum(1 for end in ends if end <= limit - 1)
    return "".join(pieces[:keep]) + "…"


@lru_cache(maxsize=4096)
def _piece(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    hidden = unicodedata.category(char) in ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")
    if hidden or char in _BLANK_LETTERS or _is_selector(code):
        return _escape(char)
    return char if cell_width(char) or unicodedata.category(char) in ("Mn", "Me") else _escape(char)


def _is_selector(code: int) -> bool:
    """Variation selectors change how wide the character before them is drawn."""
    return 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF or 0x180B <= code <= 0x180F


def _escape(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # an undecodable byte of a file name (PEP 383)
        return f"\\x{code - 0xDC00:02x}"
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
