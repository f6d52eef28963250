"""One recording's terminal at any moment: nearest keyframe, then the rest.

The player asks for bytes of the recording and never for more than its index has understood, so it works while
the recording is still being read or written. Work can be cut into pieces: a long way costs time, not a frozen
screen.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator

from steer.record.reader import Event, Reader
from steer.replay.index import Index, perform
from steer.replay.keyframe import Keyframe, blank
from steer.term.emulator import Emulator

READ_BYTES = 32 * 1024

Read = Callable[[int, int], bytes]  # (offset, size) -> at most `size` bytes of the recording from there


class Player:
    """`seek`, then `work` until it says that it is there. `emulator` shows everything up to `position`."""

    def __init__(self, index: Index, read: Read) -> None:
        self.index = index
        self.position = 0.0
        self._read = read
        self._emulator: Emulator | None = None
        self._reader = Reader()
        self._offset = 0
        self._pending: list[Event] = []
        self._next = 0  # of `_pending`
        self._fed_at = -1.0  # time of the newest event that the emulator has seen
        self._is_drained = False

    @property
    def emulator(self) -> Emulator | None:
        """None until the recording's header is known."""
        if self._emulator is None and self.index.header is not None:
            self._emulator = blank(self.index.header)
        return self._emulator

    def seek(self, at: float) -> None:
        """Go to the moment after everything that happened up to and at `at`."""
        frame = self.index.keyframes.before(at)
        if at < self._fed_at or (frame is not None and frame.offset > self._offset):
            self._begin(frame)
        self.position = at

    def _begin(self, frame: Keyframe | None) -> None:
        self._pending, self._next, self._is_drained = [], 0, False
        if self._emulator is not None:
            self._emulator.close()
        if frame is None:
            self._emulator, self._reader, self._offset, self._fed_at = None, Reader(), 0, -1.0
        else:
            self._emulator, self._offset, self._fed_at = frame.emulator(), frame.offset, frame.at
            self._reader = Reader(self.index.header, frame.at)

    def work(self, max_bytes: int = 1 << 62) -> bool:
        """Interpret what lies before `position`, about `max_bytes` of the recording at most; whether it is done."""
        end = self._offset + max_bytes
        while self._perform():
            if self._offset >= end:
                return False
            if not self._fill():
                return True
        return True

    def _perform(self) -> bool:
        """Feed pending events up to `position`; whether more may be found by reading on."""
        emulator = self.emulator
        if emulator is None:
            return True
        end = bisect_right(self._pending, self.position, key=lambda event: event.at)
        if end > self._next:
            perform(emulator, self._pending[self._next : end])
            self._next, self._fed_at = end, self._pending[end - 1].at
        return self._next >= len(self._pending)

    def _fill(self) -> bool:
        """Read on; False when there is nothing more for now."""
        size = min(READ_BYTES, self.index.end - self._offset)
        if size > 0:
            data = self._read(self._offset, size)
            self._offset += len(data)
            self._pending, self._next = self._reader.feed(data), 0
            return bool(data)
        if self.index.is_finished and not self._is_drained:
            self._is_drained = True
            self._pending, self._next = self._reader.finish(), 0
            return bool(self._pending)
        return False

    def next_event(self) -> float | None:
        """When something happens next after `position`."""
        self.work()
        while self._next >= len(self._pending):
            if not self._fill():
                return None
        return next((e.at for e in self._pending[self._next :] if e.at > self.position), None)

    def previous_event(self) -> float | None:
        """When something happened last before `position`."""
        before = math.nextafter(self.position, -math.inf)
        frame = self.index.keyframes.before(before)
        found = frame.at if frame else None
        for event in events_from(self.index, self._read, frame):
            if event.at >= self.position:
                break
            found = event.at
        return found


def events_from(index: Index, read: Read, frame: Keyframe | None) -> Iterator[Event]:
    """Events after a keyframe, or all, as far as the recording is understood."""
    reader = Reader(index.header, frame.at) if frame else Reader()
    offset = frame.offset if frame else 0
    while offset < index.end:
        data = read(offset, min(READ_BYTES, index.end - offset))
        if not data:
            return
        offset += len(data)
        yield from reader.feed(data)
    if index.is_finished:
        yield from reader.finish()
