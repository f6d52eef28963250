"""The operator's terminal of a benchmark: a pty whose output is read and whose queries are answered at once."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from typing import ClassVar

import ptyprocess

COLS, ROWS = 200, 50
_KEPT = 64 * 1024  # of what was shown last, for finding words in it
_ANSWERS = {b"\x1b[?2026$p": b"\x1b[?2026;2$y", b"\x1b[c": b"\x1b[?62;22c", b"\x1b[>c": b"\x1b[>41;330;0c"}


class Terminal:
    """All open ones are read together: none may stand still because another is measured."""

    opened: ClassVar[list[Terminal]] = []

    def __init__(self, argv: list[str], env: dict[str, str]) -> None:
        env = {**env, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.began = time.perf_counter()
        self.process = ptyprocess.PtyProcess.spawn(argv, env=env, dimensions=(ROWS, COLS))
        self.pid: int = self.process.pid
        self.shown = b""
        self.total = 0
        self.is_open = True
        Terminal.opened.append(self)

    @classmethod
    def pump(cls, timeout_s: float) -> None:
        """Read whatever has come, waiting at most `timeout_s` for something."""
        by_fd = {t.process.fd: t for t in cls.opened if t.is_open}
        for fd in select.select(list(by_fd), [], [], max(0.0, timeout_s))[0]:
            by_fd[fd]._read()

    @classmethod
    def rest(cls, seconds: float) -> None:
        """Read for so long."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            cls.pump(left)

    def _read(self) -> None:
        try:
            data = os.read(self.process.fd, 65536)
        except OSError:
            data = b""
        if not data:
            self.is_open = False
            return
        self.total += len(data)
        self.shown = (self.shown + data)[-_KEPT:]
        for query, answer in _ANSWERS.items():
            if query in data:
                self.type(answer)

    def type(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            os.write(self.process.fd, data)

    def wait_for(self, word: bytes, timeout_s: float, count: int = 1) -> float:
        """When `word` had been shown `count` times since `forget`; infinity where it was not in time."""
        until = time.perf_counter() + timeout_s
        while self.shown.count(word) < count:
            left = until - time.perf_counter()
            if left <= 0 or not self.is_open:
                return float("inf")
            Terminal.pump(left)
        return time.perf_counter()

    def forget(self) -> None:
        self.shown = b""

    def close(self) -> None:
        """End the program with everything that has this terminal."""
        if self in Terminal.opened:
            Terminal.opened.remove(self)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(OSError, ptyprocess.PtyProcessError):
            self.process.close(force=True)
