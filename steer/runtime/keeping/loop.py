"""One thread, one selector, named timers and signals: the keeper sleeps until something happens."""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections.abc import Callable
from types import FrameType

READ = selectors.EVENT_READ
WRITE = selectors.EVENT_WRITE

now = time.monotonic


class Loop:
    """Callbacks run one at a time. `wake` may be called from any thread and runs `on_wake` in the loop."""

    def __init__(self) -> None:
        self.is_running = True
        self.on_wake: Callable[[], None] = lambda: None
        self._selector = selectors.DefaultSelector()
        self._timers: dict[str, tuple[float, Callable[[], None]]] = {}
        self._signals: dict[int, Callable[[], None]] = {}
        self._wake_read, self._wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._selector.register(self._wake_read, READ, self._woken)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)

    def watch(self, fd: int, mask: int, callback: Callable[[int], None]) -> None:
        """Call `callback(mask)` when `fd` is ready; a mask of 0 ends the watch."""
        is_known = fd in self._selector.get_map()
        if not mask:
            if is_known:
                self._selector.unregister(fd)
        elif is_known:
            self._selector.modify(fd, mask, callback)
        else:
            self._selector.register(fd, mask, callback)

    def unwatch(self, fd: int) -> None:
        if fd in self._selector.get_map():
            self._selector.unregister(fd)

    def set_timer(self, name: str, delay_s: float, callback: Callable[[], None]) -> None:
        """Run `callback` once after `delay_s`; a timer of the same name is replaced."""
        self._timers[name] = (now() + delay_s, callback)

    def has_timer(self, name: str) -> bool:
        return name in self._timers

    def cancel_timer(self, name: str) -> None:
        self._timers.pop(name, None)

    def on_signal(self, signum: int, callback: Callable[[], None]) -> None:
        self._signals[signum] = callback
        signal.signal(signum, _nothing)

    def wake(self, byte: bytes = b"\0") -> None:
        try:
            os.write(self._wake_write, byte)
        except BlockingIOError:
            pass  # full of wakes already

    def run(self) -> None:
        """Serve until `is_running` is false."""
        while self.is_running:
            self.run_once()

    def run_once(self) -> None:
        for key, mask in self._selector.select(self._timeout()):
            if key.fd in self._selector.get_map():  # an earlier callback may have ended this watch
                key.data(mask)
        due = [(at, name) for name, (at, _) in self._timers.items() if at <= now()]
        for _, name in sorted(due):
            timer = self._timers.get(name)
            if timer and timer[0] <= now():
                del self._timers[name]
                timer[1]()

    def _timeout(self) -> float | None:
        if not self._timers:
            return None
        return max(0.0, min(at for at, _ in self._timers.values()) - now())

    def _woken(self, mask: int) -> None:
        try:
            numbers = set(os.read(self._wake_read, 4096))
        except BlockingIOError:
            return
        for number in numbers:
            if number:
                self._signals.get(number, lambda: None)()
            else:
                self.on_wake()


def _nothing(signum: int, frame: FrameType | None) -> None:
    """Python runs no callback of ours in signal context; the wake-up pipe tells the loop."""
