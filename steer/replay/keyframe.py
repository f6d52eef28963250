"""Keyframes: the terminal's whole state at some places of a recording, so that a seek need not begin at its start.

A keyframe is `Emulator.snapshot()`, compressed: both screens, modes, the parser in the middle of a sequence, and
the newest scrollback (`SCROLLBACK_LINES` lines at least; libghostty keeps whole pages, about 900 lines at 80
columns). So after a seek there is that much scrollback plus what was printed since the keyframe; older lines
are not there. Screens are the same as after feeding everything from the start.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from dataclasses import dataclass

from steer.record.reader import Header
from steer.term.emulator import SCROLLBACK_LINES as SHOWN_SCROLLBACK
from steer.term.emulator import Emulator

STRIDE_BYTES = 128 * 1024  # of the recording, between two keyframes
MAX_TOTAL_BYTES = 64 << 20  # of all keyframes; beyond it every other one goes
SCROLLBACK_LINES = 500  # the most rows a terminal has, so that growing it can bring back as many
MAX_UNFINISHED_BYTES = 64 * 1024


def blank(header: Header, scrollback_lines: int = SHOWN_SCROLLBACK) -> Emulator:
    """The terminal in which a recording begins."""
    emulator = Emulator(header.cols, header.rows, scrollback_lines)
    emulator.keep_unfinished(MAX_UNFINISHED_BYTES)
    return emulator


@dataclass(frozen=True, slots=True)
class Keyframe:
    """The state when everything before byte `offset` (a line's begin) was fed; `at` is the last event's time."""

    offset: int
    at: float
    packed: bytes

    def emulator(self) -> Emulator:
        """A terminal in this state."""
        emulator = Emulator(snapshot=zlib.decompress(self.packed))
        emulator.keep_unfinished(MAX_UNFINISHED_BYTES)
        return emulator


class KeyframeIndex:
    """Keyframes in the order of the recording, in bounded memory."""

    def __init__(self, stride_bytes: int = STRIDE_BYTES, max_bytes: int = MAX_TOTAL_BYTES) -> None:
        self.stride_bytes = stride_bytes
        self.total_bytes = 0
        self._max_bytes = max_bytes
        self._frames: list[Keyframe] = []
        self._last_offset = 0

    def __len__(self) -> int:
        return len(self._frames)

    def is_due(self, offset: int) -> bool:
        return offset - self._last_offset >= self.stride_bytes

    def add(self, offset: int, at: float, emulator: Emulator) -> None:
        """Keep the emulator's state; nothing is kept while it has none to give."""
        snapshot = emulator.snapshot()
        if not snapshot:
            return
        frame = Keyframe(offset, at, zlib.compress(snapshot, 1))
        self._frames.append(frame)
        self._last_offset = offset
        self.total_bytes += len(frame.packed)
        if self.total_bytes > self._max_bytes:
            self._thin()

    def _thin(self) -> None:
        self._frames = self._frames[1::2]
        self.stride_bytes *= 2
        self.total_bytes = sum(len(frame.packed) for frame in self._frames)

    @property
    def frames(self) -> list[Keyframe]:
        return list(self._frames)

    def restore(self, frames: list[Keyframe]) -> None:
        """Have these, which are in order, instead."""
        self._frames = frames
        self._last_offset = frames[-1].offset if frames else 0
        self.total_bytes = sum(len(frame.packed) for frame in frames)

    def before(self, at: float) -> Keyframe | None:
        """The newest keyframe whose time is not after `at`; None: begin at the start."""
        i = bisect_right(self._frames, at, key=lambda frame: frame.at)
        return self._frames[i - 1] if i else None
