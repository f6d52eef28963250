"""Reading a recording once, from its begin: bytes in; header, timeline and keyframes out.

Whoever reads the file feeds it here piece by piece and may use what there is at any time. Of a recording that
grows, only whole lines are taken; `finish` takes the rest when no more comes.
"""

from __future__ import annotations

from steer.record.reader import Event, Header, Kind, Reader
from steer.replay.keyframe import SCROLLBACK_LINES, Keyframe, KeyframeIndex, blank
from steer.replay.timeline import Timeline
from steer.term.emulator import Emulator

_MANY_RESIZES = 64  # without output between: only the last one is carried out


class Index:
    """`end` is the byte up to which the recording is understood: a line's begin, or its end once finished."""

    def __init__(self, stride_bytes: int = 0, *, has_keyframes: bool = True) -> None:
        self.timeline = Timeline()
        self.keyframes = KeyframeIndex(stride_bytes) if stride_bytes else KeyframeIndex()
        self.end = 0
        self.is_finished = False
        self._reader = Reader()
        self._rest = b""
        self._has_keyframes = has_keyframes
        self._emulator: Emulator | None = None

    @property
    def header(self) -> Header | None:
        return self._reader.header

    @property
    def problems(self) -> list[str]:
        return self._reader.problems

    @property
    def is_document(self) -> bool:
        """The recording is one JSON document (version 1); its events come with `finish`, without places."""
        return self._reader.is_document

    @property
    def has_rest(self) -> bool:
        """The last piece ended in the middle of a line."""
        return bool(self._rest)

    def restore(
        self, header: Header, problems: list[str], timeline: Timeline, frames: list[Keyframe], end: int
    ) -> None:
        """Be as after reading a whole recording; nothing can be fed any more."""
        self._reader = Reader(header)
        self._reader.problems.extend(problems)
        self.keyframes.restore(frames)
        self.timeline = timeline
        self.end = end
        self.is_finished = True

    def feed(self, data: bytes) -> list[Event]:
        """The next piece of the recording; returns its events."""
        head, newline, tail = data.rpartition(b"\n")
        if not newline:
            self._rest += data
            if len(self._rest) < (1 << 20):
                return []
            head, tail = b"", b""  # a line this long is given to the reader in parts, which bounds it
        whole, self._rest = (self._rest + head + newline), tail
        events = self._reader.feed(whole)
        self.end += len(whole)
        self._take(events)
        return events

    def finish(self) -> list[Event]:
        """No more comes: take what has no line end."""
        rest, self._rest = self._rest, b""
        events = self._reader.feed(rest) if rest else []
        events += self._reader.finish()
        self.end += len(rest)
        self.is_finished = True
        self._take(events)
        self._emulator = None
        return events

    def _take(self, events: list[Event]) -> None:
        for event in events:
            self.timeline.take(event)
        if not self._has_keyframes or self.header is None:
            return
        if self._emulator is None:
            self._emulator = blank(self.header, SCROLLBACK_LINES)
        perform(self._emulator, events)
        if self.keyframes.is_due(self.end) and self._reader.can_restart:
            self.keyframes.add(self.end, self._reader.at, self._emulator)


def perform(emulator: Emulator, events: list[Event]) -> None:
    """Do to the terminal what the events say. Its answers to queries are dropped: nobody asked just now."""
    output: list[bytes] = []
    sizes: list[Event] = []
    for event in events:
        if event.kind is Kind.OUTPUT:
            _resize(emulator, sizes)
            output.append(event.data)
        elif event.kind is Kind.RESIZE:
            _write(emulator, output)
            sizes.append(event)
    _write(emulator, output)
    _resize(emulator, sizes)


def _write(emulator: Emulator, output: list[bytes]) -> None:
    if output:
        emulator.feed(b"".join(output))
        output.clear()
        emulator.take_replies()
        emulator.take_signals()


def _resize(emulator: Emulator, sizes: list[Event]) -> None:
    """A window being dragged is followed step by step; a flood of sizes is not."""
    for event in sizes[-1:] if len(sizes) > _MANY_RESIZES else sizes:
        emulator.resize(event.cols, event.rows)
    sizes.clear()
