"""A theme made drawable: roles to Rich styles, lines to strips, terminal rows to strips."""

from __future__ import annotations

from collections import OrderedDict

from rich.cells import get_character_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from steer.term.cell_style import CellStyle, runs
from steer.term.width import cell_width, clip, text_width
from steer.ui.line import Line, fit, line_width
from steer.ui.look import look
from steer.ui.paint import clean
from steer.ui.pen import make_pen
from steer.ui.theme import Theme

_ROWS_KEPT = 4096


class Skin:
    """Caches belong to one theme, so a new theme is a new skin."""

    def __init__(self, theme: Theme, has_colour: bool = True, has_truecolor: bool = True) -> None:
        self.theme = theme
        self.has_colour = has_colour
        self.pen = make_pen(theme, has_colour, has_truecolor)
        self._roles: dict[str, Style] = {}
        self._cells: dict[CellStyle, Style] = {}
        self._rows: OrderedDict[tuple[str, int], Strip] = OrderedDict()
        self.pane_base = self.cell_style(CellStyle())

    def style(self, role: str) -> Style:
        """Raises `KeyError` for a role the theme does not know; see `look.look`."""
        if role not in self._roles:
            one = look(role, self.theme, self.has_colour)
            self._roles[role] = Style(
                color=one.foreground or None, bgcolor=one.background or None, bold=one.bold or None,
                dim=one.dim or None, italic=one.italic or None, underline=one.underline or None,
                reverse=one.reverse or None,
            )  # fmt: skip
        return self._roles[role]

    def strip(self, line: Line, width: int, base: str) -> Strip:
        """`line` on the surface `base` ("text.normal on:surface.panel"), exactly `width` cells."""
        under = self.style(base)
        segments = [Segment(span.text, under + self.style(span.role)) for span in fit(line, width)]
        missing = width - line_width(line)
        if missing > 0:
            segments.append(Segment(" " * missing, under))
        return Strip(segments, width)

    def row_strip(self, row: str, width: int) -> Strip:
        """A terminal's row, clipped and padded to `width` cells."""
        key = (row, width)
        strip = self._rows.get(key)
        if strip is None:
            strip = self._rows[key] = self._make_row(clean(row), width)
            if len(self._rows) > _ROWS_KEPT:
                self._rows.popitem(last=False)
        return strip

    def _make_row(self, row: str, width: int) -> Strip:
        segments: list[Segment] = []
        room = width
        for text, style in runs(row):
            shown = clip(_countable(text), room)
            room -= text_width(shown)
            if shown:
                segments.append(Segment(shown, self.cell_style(style)))
        if room:
            segments.append(Segment(" " * room, self.pane_base))
        return Strip(segments, width)

    def cell_style(self, cell: CellStyle) -> Style:
        if cell not in self._cells:
            fg, bg = self._colour(cell.foreground, self.theme.pane_foreground), self._colour(
                cell.background, self.theme.pane_background)  # fmt: skip
            self._cells[cell] = Style(
                color=fg, bgcolor=bg, bold=cell.bold or None, dim=cell.dim or None, italic=cell.italic or None,
                underline=cell.underline or None, blink=cell.blink or None, reverse=cell.reverse or None,
                conceal=cell.conceal or None, strike=cell.strike or None,
            )  # fmt: skip
        return self._cells[cell]

    def _colour(self, colour: str, default: str) -> str | None:
        if not self.has_colour:
            return None
        if not colour:
            return default or None
        if colour.startswith("#"):
            return colour
        index = int(colour)
        return self.theme.ansi[index] if index < len(self.theme.ansi) else f"color({index})"


def _countable(text: str) -> str:
    """`text` without what Rich counts differently from the emulator; `Painter` draws such rows exactly later."""
    if text.isascii():
        return text
    return "".join(_stand_in(char) for char in text)


def _stand_in(char: str) -> str:
    if char.isascii() or (cell_width(char) and _rich_agrees(char)):
        return char
    return " " * cell_width(char)


def _rich_agrees(char: str) -> bool:
    return get_character_cell_size(char) == cell_width(char)
