"""All that was on the screen, once, as plain text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from steer.export.frames import Frame, frames, plain
from steer.record.reader import Event, Header
from steer.term.visible import visible

_MAX_ROW = 4000


def text(header: Header, events: Iterable[Event]) -> Iterator[bytes]:
    """Lines as they went up and out, then the last screen. A program that takes the whole screen leaves no lines, so
    its last picture is taken when it ends."""
    last: Frame | None = None
    for frame in frames(header, events):
        if not isinstance(frame, Frame):
            continue
        if last is not None and last.is_alternate and not frame.is_alternate:
            yield from _lines(_trimmed(last.screen, at_top=True))
        yield from _lines(frame.scrolled)
        last = frame
    if last is not None:
        yield from _lines(_trimmed(last.screen))


def _trimmed(rows: list[str], *, at_top: bool = False) -> list[str]:
    """Without the blank rows at the end, and those at the top where asked."""
    full = [i for i, row in enumerate(rows) if plain(row).strip()]
    return rows[full[0] if at_top else 0 : full[-1] + 1] if full else []


def _lines(rows: Iterable[str]) -> Iterator[bytes]:
    for row in rows:
        yield visible(plain(row), _MAX_ROW).rstrip().encode() + b"\n"
