"""From the pty to the recording to the clients, and everything that may make the pty wait."""

from __future__ import annotations

from collections.abc import Callable

from steer.runtime.keeping.audience import Audience
from steer.runtime.keeping.bucket import Bucket
from steer.runtime.keeping.loop import READ, WRITE, Loop, now
from steer.runtime.keeping.nap import Nap, words
from steer.runtime.keeping.recorder import Recorder
from steer.runtime.keeping.terminal import BATCH_BYTES, Terminal
from steer.runtime.keeping.typist import Typist

# How long the program waits for a client that follows its output. The supervisor gives credit back slowly on
# purpose (`runtime.pace`); a client given up too early has to read the recording, which costs more than waiting.
CREDIT_WAIT_S = 1.0
GATHER_S = 0.003  # a program that keeps writing small pieces is read this much later, many pieces at once
GATHER_BYTES = 16 * 1024  # a read that brings this much is worth its cost
HELD_S = 0.05  # a cut character whose rest does not come is recorded as it is
RETRY_S = 1.0
SYNC_S = 1.0
SUM_S = 10.0  # how long the newest output has no sum
UNATTENDED_BURST_BYTES = 4 << 20
MAX_LAST_BYTES = 1 << 20  # read after the program's end; a pty holds far less, so this is all it wrote


class Pump:
    """Bytes are recorded before anyone sees them. While the tape stalls, the program waits (back-pressure).

    The pty is not read while: the tape stalls; a client that follows is out of credit (for `CREDIT_WAIT_S`);
    nobody follows and the unattended rate is used up. `on_ended` is called once, after `end` was asked for
    and the last output is recorded.
    """

    def __init__(
        self, loop: Loop, terminal: Terminal, recorder: Recorder, audience: Audience, rate: int
    ) -> None:
        self.typist: Typist | None = None
        self.on_ended: Callable[[], None] = lambda: None
        self.on_resumed: Callable[[], None] = lambda: None
        self._loop = loop
        self._terminal = terminal
        self._recorder = recorder
        self._tape = recorder.tape
        self._audience = audience
        self._unattended = Bucket(rate, UNATTENDED_BURST_BYTES, now())
        self._began = now()
        self._nap = Nap()
        self._unseen = b""  # recorded in part: to be shown when the tape has it
        self._stalled = ""
        self._has_waited = False  # for credit, until somebody grants
        self._is_open = True  # somebody has the tty open
        self._is_ending = False
        self._last_bytes = 0
        self._read_at = 0.0

    def at(self) -> float:
        """Seconds since the recording began, in which the machine was awake; where it slept a marker says so."""
        at = now() - self._began
        if slept := self._nap.take():
            self._recorder.marker(at, f"steer: asleep for {words(slept)}")
            self.settle()
        return at

    @property
    def offset(self) -> int:
        return self._tape.offset

    def settle(self) -> None:
        """Watch the pty for what is wanted from it now, and keep the timers that this needs."""
        mask = READ if self._may_read() else 0
        if self.typist and self.typist.is_waiting:
            mask |= WRITE
        self._loop.watch(self._terminal.fd, mask if self._is_open else 0, self._ready)
        if self._tape.is_dirty and not self._loop.has_timer("sync"):
            self._loop.set_timer("sync", SYNC_S, self._sync)
        if self._tape.reason and not self._loop.has_timer("retry"):
            self._stall()
        if self._is_ending and not self._tape.reason:
            self._loop.set_timer("end", 0.0, self._drain)

    def _may_read(self) -> bool:
        is_blocked = bool(self._tape.reason) or self._is_ending or self._loop.has_timer("gather")
        return not (is_blocked or self._waits_for_credit() or self._waits_for_rate())

    def _waits_for_credit(self) -> bool:
        if not self._audience.has_late_consumer:
            self._loop.cancel_timer("credit")
            self._has_waited = False
        elif not self._has_waited and not self._loop.has_timer("credit"):
            self._loop.set_timer("credit", CREDIT_WAIT_S, self._go_on)
        return self._loop.has_timer("credit")

    def _go_on(self) -> None:
        """Waited long enough: the next output goes by without the clients that cannot take it."""
        self._has_waited = True
        self.settle()

    def _waits_for_rate(self) -> bool:
        wait_s = 0.0 if self._audience.has_consumer else self._unattended.wait_s(now(), BATCH_BYTES)
        if wait_s:
            self._loop.set_timer("rate", wait_s, self.settle)
        else:
            self._loop.cancel_timer("rate")
        return wait_s > 0

    def _ready(self, mask: int) -> None:
        if mask & WRITE and self.typist:
            self.typist.write()
        if mask & READ and self._may_read():
            data = self._terminal.read()
            if data is None:
                self._hang_up()
            elif data:
                self._take(data)
                self._gather(len(data))
        self.settle()

    def _gather(self, size: int) -> None:
        """Let output pile up in the pty where little came and more is surely coming: it just did, twice.

        A redraw of 1 kB written without pause costs the keeper and everybody after it as much as 64 kB; what
        comes alone, like the echo of a key, is never late.
        """
        before, self._read_at = self._read_at, now()
        if size < GATHER_BYTES and self._read_at - before < 2 * GATHER_S:
            self._loop.set_timer("gather", GATHER_S, self.settle)

    def _hang_up(self) -> None:
        """Nobody has the tty open, perhaps only for now: sleep until somebody opens it again."""
        self._is_open = False
        self._loop.unwatch(self._terminal.fd)
        self._loop.watch(self._terminal.reopening(), READ, self._reopened)

    def _reopened(self, mask: int) -> None:
        self._loop.unwatch(self._terminal.reopening())
        self._is_open = True
        self.settle()

    def _take(self, data: bytes) -> None:
        if not self._audience.has_consumer:
            self._unattended.take(now(), len(data))
        had_gap = self._recorder.gap_bytes
        shown, is_written = self._recorder.output(self.at(), data)
        self._show(shown, is_written)
        self._tell_gap(had_gap)
        if self._recorder.held:
            self._loop.set_timer("held", HELD_S, self._flush)

    def _tell_gap(self, before: int) -> None:
        if self._recorder.gap_bytes and not before:
            self._audience.event({"event": "thinned", "is_over": False, "bytes": 0, "offset": self.offset})
        elif before and not self._recorder.gap_bytes:
            self._audience.event(
                {"event": "thinned", "is_over": True, "bytes": before, "offset": self.offset}
            )

    def _flush(self) -> None:
        self._show(*self._recorder.flush(self.at()))
        self.settle()

    def _show(self, data: bytes, is_written: bool) -> None:
        self._unseen += data
        if is_written and self._unseen:
            data, self._unseen = self._unseen, b""
            self._audience.output(self.offset, data)

    def dump(self, data: bytes) -> bool:
        """Record a screen dump in the program's place; see `Recorder.dump`."""
        gap, held = self._recorder.gap_bytes, self._recorder.held
        is_written = self._recorder.dump(self.at(), data)
        self._show(held, is_written)
        self._tell_gap(gap)
        self.settle()
        return is_written

    def _stall(self) -> None:
        if self._tape.reason != self._stalled:
            self._stalled = self._tape.reason
            self._audience.event({"event": "recording_stalled", "reason": self._stalled})
        self._loop.set_timer("retry", RETRY_S, self._retry)

    def _retry(self) -> None:
        if self._tape.retry():
            lost = f", {self._tape.dropped} small events lost" if self._tape.dropped else ""
            reason, self._stalled, self._tape.dropped = self._stalled, "", 0
            self._recorder.marker(self.at(), f"steer: recording stalled ({reason}){lost}, now resumed")
            self._show(b"", not self._tape.reason)
            self._audience.event({"event": "recording_resumed", "offset": self.offset})
            self.on_resumed()
        self.settle()

    def _sync(self) -> None:
        self._tape.begin_sync()
        if not self._loop.has_timer("sums"):
            self._loop.set_timer("sums", SUM_S if self._tape.sums.newest[2] else 0.0, self.mark_sums)
        damage = self._tape.damage()
        if damage:
            self._repair(damage)
        self.settle()

    def mark_sums(self) -> None:
        self._tape.mark_sums()
        self._audience.event({"event": "sums", "mark": self._tape.sums.newest, "is_over": False})

    def _repair(self, damage: str) -> None:
        try:
            self._tape.repair()
        except OSError as e:
            self._audience.event({"event": "recording_damaged", "reason": f"{damage}: {e.strerror}"})
            return
        self._recorder.marker(self.at(), f"steer: {damage} by somebody, and repaired")
        self.mark_sums()
        self._audience.event({"event": "recording_damaged", "reason": damage, "offset": self.offset})

    def synced(self) -> None:
        """The helper thread has news: syncing fails, or works again."""
        if self._tape.sync_error:
            self._audience.event({"event": "recording_not_synced", "reason": self._tape.sync_error})

    def end(self) -> None:
        """The program has ended: read what it left in the pty, then call `on_ended`."""
        self._is_ending = True
        self._drain()

    def _drain(self) -> None:
        """The kernel flushes its tty buffers before it says that nothing is there: n_tty.c, n_tty_read."""
        while self._is_ending and not self._tape.reason:
            data = self._terminal.read() if self._last_bytes < MAX_LAST_BYTES else None
            if not data:
                self._is_ending = False
                self._show(*self._recorder.flush(self.at()))
                self.on_ended()
            else:
                self._last_bytes += len(data)
                self._take(data)
        self.settle()
