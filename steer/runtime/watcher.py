"""One client looking at one session: which rows it has, and when it may get the next frame.

Credit of one: a frame is sent only after the one before was acknowledged, and then with the newest screen.
So a client never has a backlog, whatever the agent prints, and a hanging client costs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from steer.model.frame import Frame

if TYPE_CHECKING:
    from steer.runtime.live import LiveSession

# Panes that are only looked at change together, at the ticks of one grid: nine of them cost one message, one
# waking of the UI, one write to the terminal and one acknowledgement instead of nine.
FRAME_S = 1 / 30
TYPING_FRAME_S = 1 / 60
TYPING_S = 1.0  # after a key
HOLD_S = 0.15  # longest wait for the end of a synchronized update; programs die inside them


class Watcher:
    def __init__(self, live: LiveSession, send: Callable[[Frame], None]) -> None:
        self._live = live
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._rows: list[str] = []
        self._state: object = None  # what besides rows the last frame said
        self._seq = 0
        self._is_in_flight = False
        self._is_stale = True
        self._sent_at = 0.0
        self._held_since = 0.0
        self._typed_at = -TYPING_S
        self._timer: asyncio.TimerHandle | None = None
        self.offset = 0
        self.size = (0, 0)

    def poke(self) -> None:
        """The screen may have changed."""
        self._is_stale = True
        if self._is_in_flight or self._timer is not None:
            return
        now = self._loop.time()
        at = self._next_at(now)
        if at <= now:
            self._flush()
        else:
            self._timer = self._loop.call_at(at, self._flush)

    def _next_at(self, now: float) -> float:
        """When the next frame may go out. The first one, and what answers the operator, goes at once."""
        if not self._rows or now - self._typed_at < TYPING_S:
            return self._sent_at + TYPING_FRAME_S
        return (now // FRAME_S + 1) * FRAME_S

    def hurry(self) -> None:
        """The operator types into the session: what comes next is worth showing at once."""
        self._typed_at = self._loop.time()
        if self._timer is not None and self._is_stale and not self._is_in_flight:
            self._timer.cancel()
            self._timer = None
            self.poke()

    def acknowledge(self, seq: int) -> None:
        if seq == self._seq:
            self._is_in_flight = False
            if self._is_stale:
                self.poke()

    def redraw(self) -> None:
        """Forget what the client has: the next frame is whole, acknowledged or not."""
        self._rows = []
        self._is_in_flight = False
        self.poke()

    def leave(self) -> None:
        """The client looks away."""
        self.close()
        if self in self._live.watchers:
            self._live.watchers.remove(self)

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._is_in_flight = True  # nothing is sent any more

    def _flush(self) -> None:
        self._timer = None
        if self._is_in_flight or not self._is_stale:
            return
        now = self._loop.time()
        if self._must_hold(now):
            self._timer = self._loop.call_later(TYPING_FRAME_S / 2, self._flush)
            return
        self._is_stale = False
        frame = self._make_frame()
        if frame is not None:
            self._is_in_flight = True
            self._sent_at = now
            self._send(frame)

    def _must_hold(self, now: float) -> bool:
        if not self._live.emulator.is_held:
            self._held_since = 0.0
            return False
        self._held_since = self._held_since or now
        return now - self._held_since < HOLD_S

    def _make_frame(self) -> Frame | None:
        live = self._live
        self.offset = min(self.offset, live.emulator.history)
        rows = live.rows() if self.offset == 0 else live.emulator.view(self.offset)
        emulator = live.emulator
        state = (emulator.cursor, emulator.modes, emulator.title, self.offset, emulator.history, len(rows))
        is_full = len(rows) != len(self._rows)
        lines = tuple((y, row) for y, row in enumerate(rows) if is_full or row != self._rows[y])
        if not lines and state == self._state:
            return None
        self._rows, self._state = rows, state
        self._seq += 1
        size = (emulator.cols, emulator.rows_count)
        cursor, modes, title, offset, history, _ = state
        return Frame(live.spec.id, self._seq, *size, is_full, lines, cursor, modes, title, offset, history)
