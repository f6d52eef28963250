"""Input on its way to the program: all of it, or a clear word about how much."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from typing import Any

from steer.runtime.keeping.loop import Loop
from steer.runtime.keeping.terminal import Modes, Terminal

MAX_QUEUED_BYTES = 256 * 1024
PATIENCE_S = 3.0
MAX_LINE_BYTES = 4095  # the line discipline drops what a canonical line has beyond this: n_tty.c, termios(3)

Answer = Callable[[dict[str, Any]], None]


class Typist:
    """Writes to the pty without blocking. Each text gets one answer: `{ok, written, error?}`.

    `on_typed` is told the bytes the pty took while the terminal echoed; what is typed without echo (a
    password) is for nobody. `on_change` is called when `is_waiting` may have changed.
    """

    def __init__(
        self, loop: Loop, terminal: Terminal, on_typed: Callable[[bytes], None], on_change: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._terminal = terminal
        self._on_typed = on_typed
        self._on_change = on_change
        self._queue: deque[Text] = deque()
        self._queued_bytes = 0
        self._line_bytes = 0  # typed since the last line end, an upper bound
        self.has_ended = False

    @property
    def is_waiting(self) -> bool:
        """The pty is full: `write` wants to be called when it takes more."""
        return bool(self._queue)

    def type(self, data: bytes, answer: Answer) -> None:
        """Type `data` after what is queued, or refuse it whole."""
        error = self._refusal(data)
        if error:
            answer({"ok": False, "written": 0, "error": error})
            return
        self._queue.append(Text(data, answer))
        self._queued_bytes += len(data)
        if len(self._queue) == 1:
            self._loop.set_timer("typist", PATIENCE_S, self._give_up)
            self.write()

    def _refusal(self, data: bytes) -> str:
        if self.has_ended:
            return "the program has ended"
        if self._queued_bytes + len(data) > MAX_QUEUED_BYTES:
            waits = f": {self._queued_bytes} bytes are waiting already" if self._queue else ""
            return f"the program is not reading{waits}" if waits else "the text is over 256 KiB"
        modes = self._terminal.modes()
        longest = self._longest_line(data, modes)
        if longest > MAX_LINE_BYTES:
            return (
                f"a line of {longest} bytes would be cut: the program reads lines of at most {MAX_LINE_BYTES}"
            )
        return ""

    def _longest_line(self, data: bytes, modes: Modes) -> int:
        """Bytes of the longest line `data` makes, with what is on the line already; 0 in raw mode."""
        if not modes.icanon:
            self._line_bytes = 0
            return 0
        lines = re.split(rb"[\r\n]" if modes.icrnl else rb"\n", data)
        return max(len(lines[0]) + self._line_bytes, *(len(line) for line in lines))

    def write(self) -> None:
        """Give the pty what it takes."""
        while self._queue and not self.has_ended:
            text = self._queue[0]
            taken = self._terminal.write(text.rest)
            if not taken and text.rest:
                break
            self._took(text, taken)
        if not self._queue:
            self._loop.cancel_timer("typist")
        self._on_change()

    def _took(self, text: Text, taken: int) -> None:
        typed = text.data[text.written : text.written + taken]
        modes = self._terminal.modes()
        if modes.echo and typed:
            self._on_typed(typed)
        self._count_line(typed)
        text.written += taken
        self._queued_bytes -= taken
        self._loop.set_timer("typist", PATIENCE_S, self._give_up)
        if not text.rest:
            self._queue.popleft()
            text.answer({"ok": True, "written": text.written})

    def _count_line(self, typed: bytes) -> None:
        """A control character may end or erase the line, so counting begins anew after one."""
        last = max((m.end() for m in re.finditer(rb"[\x00-\x08\x0a-\x1f\x7f]", typed)), default=None)
        self._line_bytes = self._line_bytes + len(typed) if last is None else len(typed) - last

    def _give_up(self) -> None:
        self.end("the program is not reading")

    def end(self, reason: str) -> None:
        """Drop what is queued and say how much of each text was typed."""
        texts, self._queue, self._queued_bytes = self._queue, deque(), 0
        self._loop.cancel_timer("typist")
        for text in texts:
            error = f"{reason}: {text.written} of {len(text.data)} bytes were typed"
            text.answer({"ok": False, "written": text.written, "error": error})
        self._on_change()


class Text:
    """One text being typed."""

    def __init__(self, data: bytes, answer: Answer) -> None:
        self.data = data
        self.answer = answer
        self.written = 0

    @property
    def rest(self) -> bytes:
        return self.data[self.written : self.written + 16384]
