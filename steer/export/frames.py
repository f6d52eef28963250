"""A recording as the frames that a viewer sees: what the screen shows about thirty times a second, and no more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from steer.model.frame import Cursor
from steer.record.reader import Event, Header, Kind
from steer.replay.index import perform
from steer.replay.keyframe import blank
from steer.term.cell_style import SGR
from steer.term.emulator import Emulator

FRAME_S = 1 / 30  # output closer together is one frame
MAX_HELD_S = 1.0  # how long a synchronized update is waited for
MAX_SCROLLED = 2000  # rows of one frame that passed by unseen and are kept
_CONTEXT = 12  # rows above what is new that a secret may have begun in
_PIECE_BYTES = 8192  # of output between two looks at the scrollback


@dataclass(frozen=True, slots=True)
class Frame:
    """Rows are text with SGR sequences (`Emulator.rows`). `context` rows were above already, `scrolled` ones went
    up since the frame before, `screen` is what is seen."""

    at: float
    cols: int
    context: list[str]
    scrolled: list[str]
    screen: list[str]
    cursor: Cursor
    title: str
    is_alternate: bool

    @property
    def rows(self) -> list[str]:
        return [*self.context, *self.scrolled, *self.screen]


def plain(row: str) -> str:
    """The row's text alone."""
    return SGR.sub("", row)


def frames(header: Header, events: Iterable[Event]) -> Iterator[Frame | Event]:
    """Frames where output changed the screen; every event that is no output as it is, between them, in order."""
    filming = _Filming(blank(header))
    for event in _without_floods(events):
        if filming.is_due(event):
            yield filming.frame()
        if event.kind in (Kind.OUTPUT, Kind.RESIZE):
            filming.take(event)
        if event.kind is not Kind.OUTPUT:
            yield event
    if filming.has_news:
        yield filming.frame()


def _without_floods(events: Iterable[Event]) -> Iterator[Event]:
    """Of sizes that follow each other faster than frames do, with nothing between, only the last one."""
    held: Event | None = None
    for event in events:
        is_size = event.kind is Kind.RESIZE
        if held is not None and not (is_size and event.at - held.at <= FRAME_S):
            yield held
        held = event if is_size else None
        if not is_size:
            yield event
    if held is not None:
        yield held


class _Filming:
    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._scrolled: list[str] = []
        self._began = self._at = 0.0
        self.has_news = False

    def is_due(self, event: Event) -> bool:
        """Whether what was taken is to be shown before `event` happens."""
        if not self.has_news:
            return False
        if event.kind is not Kind.OUTPUT:
            return True
        return event.at - self._began > (MAX_HELD_S if self._emulator.is_held else FRAME_S)

    def take(self, event: Event) -> None:
        if not self.has_news:
            self._began = event.at
        self._at, self.has_news = event.at, True
        if event.kind is Kind.RESIZE:
            perform(self._emulator, [event])
            return
        for start in range(0, len(event.data), _PIECE_BYTES):
            self._feed(Event(event.at, Kind.OUTPUT, event.data[start : start + _PIECE_BYTES]))

    def _feed(self, piece: Event) -> None:
        emulator = self._emulator
        before, was_alternate = emulator.history, emulator.modes.is_alternate
        perform(emulator, [piece])
        now = emulator.history
        if now > before and was_alternate == emulator.modes.is_alternate:
            self._scrolled += emulator.span(before, now - 1)
            del self._scrolled[:-MAX_SCROLLED]

    def frame(self) -> Frame:
        emulator, scrolled = self._emulator, self._scrolled
        self._scrolled, self.has_news = [], False
        history = emulator.history
        above = max(0, history - len(scrolled))
        context = emulator.span(max(0, above - _CONTEXT), above - 1) if above else []
        modes, rows = emulator.modes, emulator.rows()
        return Frame(
            self._at,
            emulator.cols,
            context,
            scrolled,
            rows,
            emulator.cursor,
            emulator.title,
            modes.is_alternate,
        )
