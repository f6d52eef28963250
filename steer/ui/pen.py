"""SGR sequences of an agent's rows, rewritten so that they mean the same on top of a theme.

A row starts and ends in the default style. In a pane "default" is the theme's pair of colours, and the sixteen
ANSI colours are the theme's where it names them; with NO_COLOR every colour is left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from rich.color import Color, ColorSystem

from steer.term.cell_style import SGR as SGR
from steer.ui.theme import Theme


@dataclass(frozen=True, slots=True)
class Pen:
    """`foreground`, `background`: SGR parameters of the pane's default pair, or "" for the terminal's own.
    `ansi`: SGR tails ("2;r;g;b") of the sixteen colours, or none. `has_truecolor`: whether the operator's
    terminal can show 24-bit colours; where not, the nearest of the 256 stand in."""

    foreground: str = ""
    background: str = ""
    ansi: tuple[str, ...] = ()
    has_colour: bool = True
    has_truecolor: bool = True

    @property
    def base(self) -> str:
        """The sequence that sets the pane's default style whatever was set before."""
        return f"\x1b[{';'.join(filter(None, ('0', self.foreground, self.background)))}m"


def rgb(colour: str, has_truecolor: bool = True) -> str:
    """ "#rrggbb" as the tail of an SGR colour: "2;r;g;b", or "5;n" of the 256."""
    red, green, blue = int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
    return f"2;{red};{green};{blue}" if has_truecolor else f"5;{nearest(red, green, blue)}"


@lru_cache(maxsize=4096)
def nearest(red: int, green: int, blue: int) -> int:
    """The entry of the 256-colour palette that Textual would take for this colour too."""
    number = Color.from_rgb(red, green, blue).downgrade(ColorSystem.EIGHT_BIT).number
    assert number is not None, "an eight-bit colour has a number"
    return number


def make_pen(theme: Theme, has_colour: bool = True, has_truecolor: bool = True) -> Pen:
    if not has_colour:
        return Pen(has_colour=False)
    fg, bg = theme.pane_foreground, theme.pane_background
    return Pen(
        f"38;{rgb(fg, has_truecolor)}" if fg else "",
        f"48;{rgb(bg, has_truecolor)}" if bg else "",
        tuple(rgb(colour, has_truecolor) for colour in theme.ansi),
        has_truecolor=has_truecolor,
    )


_TRUECOLOR = re.compile(r"[34]8;2;[0-9]{1,3};[0-9]{1,3};[0-9]{1,3}")


def translate(parameters: str, pen: Pen) -> str:
    """One SGR sequence with these parameters, for this pen; "" when nothing of it is left."""
    # The same for every pen, and too many different ones to be worth remembering.
    if pen.has_colour and pen.has_truecolor and _TRUECOLOR.fullmatch(parameters):
        return f"\x1b[{parameters}m"
    return _translate(parameters, pen)


@lru_cache(maxsize=8192)
def _translate(parameters: str, pen: Pen) -> str:
    out: list[str] = []
    parts = parameters.split(";")
    at = 0
    while at < len(parts):
        used, pieces = _step(parts, at, pen)
        out += pieces
        at += used
    return f"\x1b[{';'.join(out)}m" if out else ""


def _step(parts: list[str], at: int, pen: Pen) -> tuple[int, list[str]]:
    """How many parameters belong together at `at`, and what they become."""
    part = parts[at]
    if part in ("", "0", "00"):
        return 1, [p for p in ("0", pen.foreground, pen.background) if p]
    if part in ("38", "48", "58"):
        return _extended(parts, at, pen)
    if part == "39" or part == "49":
        default = pen.foreground if part == "39" else pen.background
        return 1, [default or part] if pen.has_colour else []
    index = _ansi_index(part)
    if index is None:
        is_colour = part.split(":")[0] in ("38", "48", "58", "59")
        return 1, [] if is_colour and not pen.has_colour else [part]
    if not pen.has_colour:
        return 1, []
    ground, colour = index
    return 1, [f"{ground};{pen.ansi[colour]}" if pen.ansi else part]


def _extended(parts: list[str], at: int, pen: Pen) -> tuple[int, list[str]]:
    """38, 48 or 58 with its arguments: ;5;n or ;2;r;g;b."""
    kind = parts[at + 1] if at + 1 < len(parts) else ""
    used = {"5": 3, "2": 5}.get(kind, 1)
    group = parts[at : at + used]
    if len(group) < used or used == 1 or not pen.has_colour:
        return max(1, len(group)), []
    if kind == "5" and pen.ansi and group[2].isdigit() and int(group[2]) < len(pen.ansi):
        return used, [f"{group[0]};{pen.ansi[int(group[2])]}"]
    if kind == "2" and not pen.has_truecolor and all(p.isdigit() for p in group[2:]):
        red, green, blue = (min(255, int(p[:4])) for p in group[2:])
        return used, [group[0], "5", str(nearest(red, green, blue))]
    return used, group


def _ansi_index(part: str) -> tuple[str, int] | None:
    """("38" or "48", 0-15) for 30-37, 40-47, 90-97, 100-107."""
    if not part.isdigit() or len(part) > 3:
        return None
    code = int(part)
    for start, ground, offset in ((30, "38", 0), (40, "48", 0), (90, "38", 8), (100, "48", 8)):
        if start <= code < start + 8:
            return ground, code - start + offset
    return None
