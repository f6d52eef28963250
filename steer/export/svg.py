"""A still of the screen as SVG: real text in the viewer's monospace font, each run held to its cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape

from steer.record.reader import Event, Header
from steer.replay.index import perform
from steer.replay.keyframe import blank
from steer.term.cell_style import CellStyle, runs
from steer.term.visible import visible
from steer.term.width import cell_width, text_width

FONTS = (
    "ui-monospace, 'JetBrains Mono', 'DejaVu Sans Mono', Menlo, Consolas, 'Noto Sans Mono CJK SC', monospace"
)
_SIZE, _CELL, _LINE, _BASE = 14, 8.43, 18, 13.5  # px: font, cell width, row height, baseline in the row
_PAD, _BAR = 14, 30
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LEVELS = (0, 95, 135, 175, 215, 255)


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as "#rrggbb"; `ansi` has the sixteen."""

    foreground: str
    background: str
    ansi: tuple[str, ...]

    def colour(self, name: str) -> str:
        """Of `CellStyle`: "" is none, "0" to "255", or "#rrggbb"."""
        if not name or name.startswith("#"):
            return name
        number = int(name)
        if number < 16:
            return self.ansi[number]
        if number >= 232:
            return f"#{8 + (number - 232) * 10:02x}" + f"{8 + (number - 232) * 10:02x}" * 2
        red, rest = divmod(number - 16, 36)
        return "#" + "".join(f"{_LEVELS[i]:02x}" for i in (red, *divmod(rest, 6)))


# xterm's, for themes that leave them to the terminal.
PLAIN = Palette(
    "#d7dae0",
    "#14161b",
    (
        *("#000000", "#cd0000", "#00cd00", "#cdcd00", "#5c5cff", "#cd00cd", "#00cdcd", "#e5e5e5"),
        *("#7f7f7f", "#ff0000", "#00ff00", "#ffff00", "#8c8cff", "#ff00ff", "#00ffff", "#ffffff"),
    ),
)


def svg(header: Header, events: Iterable[Event], palette: Palette) -> Iterator[bytes]:
    """The screen after all the events."""
    emulator = blank(header)
    for event in events:
        perform(emulator, [event])
    cursor = emulator.cursor if emulator.cursor.is_visible else None
    title = visible(emulator.title or header.title, 100)
    place = (cursor.x, cursor.y) if cursor else None
    yield picture(emulator.rows(), emulator.cols, title, palette, place).encode()


def picture(
    rows: list[str], cols: int, title: str, palette: Palette, cursor: tuple[int, int] | None = None
) -> str:
    """`rows` as `Emulator.rows` gives them."""
    width, height = cols * _CELL + 2 * _PAD, len(rows) * _LINE + _BAR + _PAD
    label = escape(_clean(title))
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" '
        f'viewBox="0 0 {width:.0f} {height}" role="img" aria-label="{label.replace(chr(34), "&quot;")}">',
        f'<rect width="100%" height="100%" rx="8" fill="{palette.background}"/>',
        f'<rect x=".5" y=".5" width="{width - 1:.0f}" height="{height - 1}" rx="8" fill="none" '
        f'stroke="{palette.foreground}" stroke-opacity=".2"/>',
        f'<g font-family="{FONTS}" font-size="{_SIZE}" fill="{palette.foreground}">',
        f'<text x="{width / 2:.0f}" y="20" text-anchor="middle" font-size="12" opacity=".6">{label}</text>',
        f'<g transform="translate({_PAD} {_BAR})" style="white-space:pre">',
    ]
    if cursor:
        x, y = cursor
        out.append(
            f'<rect x="{x * _CELL:.2f}" y="{y * _LINE}" width="{_CELL}" height="{_LINE}" fill-opacity=".45"/>'
        )
    for y, row in enumerate(rows):
        out += _row(y, row, palette)
    return "\n".join([*out, "</g></g></svg>\n"])


def _row(y: int, row: str, palette: Palette) -> Iterator[str]:
    column = 0
    for text, style in runs(row):
        cells = text_width(text)
        ink, ground = palette.colour(style.foreground), palette.colour(style.background)
        if style.reverse:
            ink, ground = ground or palette.background, ink or palette.foreground
        if ground:
            yield (
                f'<rect x="{column * _CELL:.2f}" y="{y * _LINE}" width="{cells * _CELL:.2f}" height="{_LINE}" '
                f'fill="{ground}"/>'
            )
        for piece in () if style.conceal else _pieces(text):
            if piece.strip() or style.underline or style.strike:
                yield _text(column, y, piece, _attributes(style, ink))
            column += text_width(piece)
        column += cells if style.conceal else 0


def _text(column: int, y: int, piece: str, attributes: str) -> str:
    bare = (
        piece.lstrip(" ") if "decoration" not in attributes else piece
    )  # viewers disagree about blanks at the ends
    column += len(piece) - len(bare)
    piece = bare.rstrip(" ") or bare
    length = text_width(piece) * _CELL
    return (
        f'<text x="{column * _CELL:.2f}" y="{y * _LINE + _BASE}" textLength="{length:.2f}" '
        f'lengthAdjust="spacingAndGlyphs"{attributes}>{escape(_clean(piece))}</text>'
    )


def _pieces(text: str) -> list[str]:
    """Cut where characters of another width begin, so that each piece stretches evenly; each wide one alone."""
    pieces: list[str] = []
    was_wide = False
    for char in text:
        width = cell_width(char)
        if not pieces or width == 2 or (width == 1 and was_wide):
            pieces.append(char)
        else:
            pieces[-1] += char
        was_wide = width == 2 if width else was_wide
    return pieces


def _attributes(style: CellStyle, ink: str) -> str:
    found = [("fill", ink)] if ink else []
    found += [("font-weight", "bold")] if style.bold else []
    found += [("font-style", "italic")] if style.italic else []
    found += [("opacity", ".6")] if style.dim else []
    lines = [name for name, has in (("underline", style.underline), ("line-through", style.strike)) if has]
    found += [("text-decoration", " ".join(lines))] if lines else []
    return "".join(f' {name}="{value}"' for name, value in found)


def _clean(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
