"""Lines out of a terminal's stream once nothing can change them any more: spinners, redraws and rulers collapsed.

Not a terminal: what line-oriented programs and those that repaint a few lines use. A line is settled when it is
further up than the stream has ever moved its cursor. A full-screen program has no settled lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_PIECES = re.compile(
    r"\x1b\[([0-9;?<=>!]*)([@-~])"  # CSI: parameters, final
    r"|\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC, DCS and their like
    r"|\x1b[ -/]*[0-~]"  # other escapes
    r"|[\x00-\x1f\x7f]"
    r"|[^\x00-\x1f\x7f\x1b]+"
)
_PARTIAL = re.compile(r"\x1b(?:\[[0-9;?<=>!]*|[\]P_^X][^\x07\x1b]{0,4096}\x1b?|[ -/]*)?$")
_RULER = re.compile(r"^[\s─━═╌┄—–_=*·.-]{8,}$")
_SPINNER = re.compile(r"^\s*[⠁-⣿◐◓◑◒|/\\✦✶✻✽✢·∗*]\s.{0,60}(?:…|\.\.\.)")
MAX_OPEN = 400  # lines that may still change
MAX_WIDTH = 4000


class SettledLines:
    """Feed text as it came; get lines, without their right blanks, in order."""

    def __init__(self) -> None:
        self._lines: list[list[str]] = [[]]
        self._row = self._column = 0
        self._reach = 1  # the furthest that the cursor was moved up
        self._below: tuple[list[list[str]], int, int] | None = (
            None  # lines and cursor while a program has the screen
        )
        self._rest = ""

    def feed(self, text: str) -> Iterator[str]:
        text = self._rest + text
        self._rest = ""
        if partial := _PARTIAL.search(text, max(0, len(text) - 5000)):
            self._rest, text = text[partial.start() :], text[: partial.start()]
        for piece in _PIECES.finditer(text):
            self._take(piece)
            if len(self._lines) > self._reach + 1:
                yield from self._settle(len(self._lines) - self._reach - 1)

    def finish(self) -> Iterator[str]:
        self._full_screen(False)
        yield from self._settle(len(self._lines))
        self._lines, self._row, self._column = [[]], 0, 0

    def _settle(self, count: int) -> Iterator[str]:
        for _ in range(min(count, len(self._lines))):
            if self._row == 0 and count < len(self._lines):
                return
            line = "".join(self._lines.pop(0)).rstrip()
            self._row = max(0, self._row - 1)
            if self._below is None and not _RULER.match(line) and not _SPINNER.match(line):
                yield line

    def _take(self, piece: re.Match[str]) -> None:
        text = piece.group(0)
        if piece.group(2):
            self._control(piece.group(1), piece.group(2))
        elif text == "\n":
            self._down(1)
        elif text == "\r":
            self._column = 0
        elif text == "\b":
            self._column = max(0, self._column - 1)
        elif text == "\t":
            self._column += 8 - self._column % 8
        elif text[0] >= " " and text[0] != "\x7f":
            self._write(text)

    def _write(self, text: str) -> None:
        line = self._lines[self._row]
        if self._column > len(line):
            line += " " * (min(self._column, MAX_WIDTH) - len(line))
        if len(line) < MAX_WIDTH:
            line[self._column : self._column + len(text)] = text
        self._column += len(text)

    def _down(self, count: int) -> None:
        self._row += count
        while self._row >= len(self._lines):
            self._lines.append([])

    def _control(self, parameters: str, final: str) -> None:
        if parameters.startswith("?"):
            if parameters in ("?1049", "?1047", "?47"):
                self._full_screen(final == "h")
            return
        count = int(parameters.split(";")[0] or 1) if re.fullmatch(r"[0-9;]*", parameters) else 1
        match final:
            case "A" | "F":
                moved = min(count, self._row, MAX_OPEN)
                self._reach = min(max(self._reach, count), MAX_OPEN)
                self._row -= moved
                self._column = 0 if final == "F" else self._column
            case "B" | "E":
                self._down(min(count, MAX_OPEN))
                self._column = 0 if final == "E" else self._column
            case "C":
                self._column += min(count, MAX_WIDTH)
            case "D":
                self._column = max(0, self._column - count)
            case "G":
                self._column = min(count, MAX_WIDTH) - 1
            case "K":
                self._erase(parameters)
            case "J":
                self._erase(parameters)
                del self._lines[self._row + 1 :]

    def _full_screen(self, begins: bool) -> None:
        """What a program draws that has the screen to itself is no line; before and after it are."""
        if begins and self._below is None:
            self._below = (self._lines, self._row, self._column)
            self._lines, self._row, self._column = [[]], 0, 0
        elif not begins and self._below is not None:
            (self._lines, self._row, self._column), self._below = self._below, None

    def _erase(self, parameters: str) -> None:
        line = self._lines[self._row]
        if parameters in ("", "0"):
            del line[self._column :]
        else:
            line.clear()
