"""Finding text in everything that was ever on screen: the recording is played once, and each screen is looked at.

A hit is a moment at which a line with the text appears that did not stand there before. Lines that differ only
in digits or spinner glyphs count as the same, so a running clock is one hit and not one a second.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from steer.record.reader import Event, Header, Kind
from steer.replay.index import perform
from steer.replay.keyframe import blank
from steer.term.emulator import Emulator

MAX_HITS = 5000
_PIECE_BYTES = 8192  # of output between two looks, so that what scrolls by in a flood is seen
_RESTLESS = re.compile("[0-9\u2800-\u28ff]+")


class Needle:
    """What is looked for. All in lower case: case does not matter."""

    def __init__(self, query: str) -> None:
        self.query = query
        self._ignores_case = query == query.lower()

    def is_in(self, text: str) -> bool:
        return self.query in (text.lower() if self._ignores_case else text)

    def places(self, text: str) -> list[int]:
        """Where it begins in `text`, without overlap."""
        text = text.lower() if self._ignores_case else text
        found: list[int] = []
        at = text.find(self.query)
        while at >= 0:
            found.append(at)
            at = text.find(self.query, at + len(self.query))
        return found


def hits(header: Header, events: Iterable[Event], needle: Needle) -> Iterator[float | None]:
    """The times of hits, in order, at most `MAX_HITS`; None now and then, so that a caller can stop in between."""
    if not needle.query:
        return
    emulator, shown, found = blank(header), frozenset[str](), 0
    for event in events:
        for piece in _pieces(event):
            history = emulator.history
            perform(emulator, [piece])
            lines = _matching(emulator, history, needle)
            if lines - shown:
                found += 1
                yield event.at
            shown = lines
        if found >= MAX_HITS:
            return
        yield None


def _pieces(event: Event) -> Iterator[Event]:
    if event.kind is not Kind.OUTPUT:
        yield event
        return
    for start in range(0, len(event.data), _PIECE_BYTES):
        yield Event(event.at, event.kind, event.data[start : start + _PIECE_BYTES])


def _matching(emulator: Emulator, history: int, needle: Needle) -> frozenset[str]:
    """Lines with the text: on the screen, and those that scrolled off it since there were `history` lines."""
    now = emulator.history
    text = emulator.plain(min(history, now), now + emulator.rows_count - 1)
    if not needle.is_in(text):
        return frozenset()
    return frozenset(_RESTLESS.sub("", line) for line in text.split("\n") if needle.is_in(line))
