"""A row's SGR sequences as runs of styled text."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

SGR = re.compile(r"\x1b\[([0-9;:]*)m")

_ON = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 5: "blink", 6: "blink", 7: "reverse", 8: "conceal",
       9: "strike", 21: "underline"}  # fmt: skip
_OFF = {22: ("bold", "dim"), 23: ("italic",), 24: ("underline",), 25: ("blink",), 27: ("reverse",),
        28: ("conceal",), 29: ("strike",)}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CellStyle:
    """Colours are "" (default), "0" to "255" (palette) or "#rrggbb"."""

    foreground: str = ""
    background: str = ""
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    blink: bool = False
    reverse: bool = False
    conceal: bool = False
    strike: bool = False


PLAIN = CellStyle()


def runs(row: str) -> list[tuple[str, CellStyle]]:
    """`row` (text and SGR sequences only) as non-empty pieces of one style each."""
    pieces: list[tuple[str, CellStyle]] = []
    style, at = PLAIN, 0
    for match in SGR.finditer(row):
        if match.start() > at:
            pieces.append((row[at : match.start()], style))
        style, at = apply(match[1], style), match.end()
    if at < len(row):
        pieces.append((row[at:], style))
    return pieces


@lru_cache(maxsize=8192)
def apply(parameters: str, style: CellStyle) -> CellStyle:
    """`style` after an SGR sequence with these parameters (ECMA-48 8.3.117; colours by ITU T.416)."""
    parts = parameters.replace(":", ";").split(";") if ":" in parameters and "4:" not in parameters else (
        parameters.split(";"))  # fmt: skip
    at = 0
    while at < len(parts):
        code = int(parts[at].split(":")[0] or 0)
        if code in (38, 48, 58):
            used, colour = _colour(parts[at + 1 :])
            ground = {38: "foreground", 48: "background"}.get(code)
            style = _changed(style, {ground: colour}) if ground and colour else style
            at += 1 + used
        else:
            style = _simple(code, parts[at], style)
            at += 1
    return style


def _changed(style: CellStyle, changes: dict[str, Any]) -> CellStyle:
    return replace(style, **changes)


def _colour(rest: list[str]) -> tuple[int, str]:
    """How many parameters a colour takes, and the colour; "" where it is incomplete."""
    if rest[:1] == ["5"] and len(rest) >= 2 and rest[1].isdigit():
        return 2, str(min(int(rest[1]), 255))
    if rest[:1] == ["2"] and len(rest) >= 4 and all(part.isdigit() for part in rest[1:4]):
        return 4, "#" + "".join(f"{min(int(part), 255):02x}" for part in rest[1:4])
    return len(rest), ""


def _simple(code: int, part: str, style: CellStyle) -> CellStyle:
    if code == 0:
        return PLAIN
    if code in _ON:
        return _changed(style, {_ON[code]: part != "4:0"})
    if code in _OFF:
        return _changed(style, dict.fromkeys(_OFF[code], False))
    for start, ground, offset in ((30, "foreground", 0), (90, "foreground", 8), (40, "background", 0),
                                  (100, "background", 8)):  # fmt: skip
        if start <= code < start + 8:
            return _changed(style, {ground: str(code - start + offset)})
    return _changed(style, {39: {"foreground": ""}, 49: {"background": ""}}.get(code, {}))
