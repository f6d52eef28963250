"""A recording drawn again from what is to be seen of it: no byte of the original's output is in the result.

This is what makes redaction safe. The output is made from rows of text whose secrets are covered already, so
nothing can hide in escape sequences, titles, links, overwritten cells or the way bytes are cut into events.
What was typed is left out: it may hold what was never shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from steer.export.conceal import Secrets, cover
from steer.export.frames import Frame, frames, plain
from steer.record.reader import Event, Header, Kind
from steer.term.cell_style import SGR
from steer.term.visible import visible

_BEGIN = "\x1b[?7l"  # no wrapping: a viewer that counts widths differently spoils one row, not the screen
_MAX_LABEL = 500

Read = Callable[[], Iterable[Event]]  # the recording's events from the beginning, as often as called


def learn(header: Header, read: Read, secrets: Secrets) -> None:
    """Have `secrets` see all that the recording holds."""
    secrets.learn_text(0.0, header.title)
    last, title = 0.0, ""
    for event in frames(header, _overheard(read(), secrets)):
        last = event.at
        if isinstance(event, Frame):
            secrets.learn_rows(event.at, [plain(row) for row in event.rows], event.cols)
            if event.title != title:
                title = event.title
                secrets.learn_text(event.at, title)
        else:
            secrets.learn_text(event.at, event.text)
    secrets.end_output(last)


def _overheard(events: Iterable[Event], secrets: Secrets) -> Iterator[Event]:
    for event in events:
        if event.kind is Kind.OUTPUT:
            secrets.learn_output(event.at, event.data)
        yield event


def redrawn(header: Header, events: Iterable[Event], secrets: Secrets) -> Iterator[Event]:
    """The events with their secrets covered. Resizes, markers and the exit stay; what was typed does not."""
    painter = _Painter(header.rows)
    for event in frames(header, events):
        if isinstance(event, Frame):
            data = painter.paint(_covered(event, secrets))
            if data:
                yield Event(event.at, Kind.OUTPUT, data.encode())
        elif event.kind is Kind.MARKER:
            yield Event(event.at, Kind.MARKER, text=secrets.cover_text(event.text))
        elif event.kind is Kind.RESIZE:
            painter.forget(event.rows)
            yield event
        elif event.kind is Kind.EXIT:
            yield event


def _covered(frame: Frame, secrets: Secrets) -> Frame:
    masks = secrets.masks([plain(row) for row in frame.rows], frame.cols)
    rows = [_cover_row(row, spans) if spans else row for row, spans in zip(frame.rows, masks, strict=True)]
    above, seen = len(frame.context), len(frame.context) + len(frame.scrolled)
    return Frame(
        frame.at,
        frame.cols,
        rows[:above],
        rows[above:seen],
        rows[seen:],
        frame.cursor,
        visible(secrets.cover_text(frame.title), _MAX_LABEL),
        frame.is_alternate,
    )


def _cover_row(row: str, spans: list[tuple[int, int]]) -> str:
    """The row with the spans of its text covered, its colours as they were."""
    out, at, last = [], 0, 0
    for match in [*SGR.finditer(row), None]:
        piece = row[last : match.start() if match else len(row)]
        inside = [
            (max(s - at, 0), min(e - at, len(piece))) for s, e in spans if s < at + len(piece) and e > at
        ]
        out.append(cover(piece, inside))
        at += len(piece)
        if match:
            out.append(match[0])
            last = match.end()
    return "".join(out)


class _Painter:
    """Draws frames on a terminal whose state it knows, since nobody else draws on it."""

    def __init__(self, height: int) -> None:
        self._start = _BEGIN
        self._title = ""
        self._cursor = ""
        self._is_alternate = False
        self._saved = [""] * height  # what the other screen shows
        self._rows = [""] * height
        self._is_lost = False

    def forget(self, height: int) -> None:
        """The terminal has a new size: what it shows then differs from viewer to viewer."""
        self._rows = self._saved = [""] * height
        self._is_lost = True

    def paint(self, frame: Frame) -> str:
        out = [self._start, self._switch(frame)]
        self._start = ""
        if self._is_lost:
            self._is_lost = False
            out.append("\x1b[0m\x1b[2J")
        if not frame.is_alternate:
            out += self._scroll(frame.scrolled)
        for y, row in enumerate(frame.screen[: len(self._rows)]):
            out += self._row(y, row)
        if frame.title != self._title:
            self._title = frame.title
            out.append(f"\x1b]0;{frame.title}\x07")
        cursor = f"\x1b[{frame.cursor.y + 1};{frame.cursor.x + 1}H\x1b[?25{'h' if frame.cursor.is_visible else 'l'}"
        if any(out) or cursor != self._cursor:
            out.append(cursor)
            self._cursor = cursor
        return "".join(out)

    def _switch(self, frame: Frame) -> str:
        if frame.is_alternate == self._is_alternate:
            return ""
        self._is_alternate = frame.is_alternate
        if frame.is_alternate:
            self._saved, self._rows = self._rows, [""] * len(self._rows)
            return "\x1b[?1049h\x1b[0m\x1b[2J"
        self._rows = self._saved
        return "\x1b[?1049l"

    def _scroll(self, rows: list[str]) -> Iterator[str]:
        """Let rows go up and out, so that a viewer with scrollback has them."""
        height = len(self._rows)
        for start in range(0, len(rows), height):
            piece = rows[start : start + height]
            for y, row in enumerate(piece):
                yield from self._row(y, row)
            yield f"\x1b[{height};1H" + "\n" * len(piece)
            self._rows = self._rows[len(piece) :] + [""] * len(piece)

    def _row(self, y: int, row: str) -> Iterator[str]:
        if self._rows[y] != row:
            self._rows[y] = row
            yield f"\x1b[{y + 1};1H\x1b[0m\x1b[2K{row}\x1b[0m"
