"""The terminal side of a demo agent: a scrolling log, a status line, and a box to type into.

Real agents do the same things in their own ways: raw mode, bracketed paste, a redrawn bottom, a title, and
the Program Status Protocol (OSC 7501) that tells a cockpit what they are doing. Standard library only.
"""

from __future__ import annotations

import base64
import os
import select
import shutil
import sys
import termios
import time
import tty
from collections import deque
from types import TracebackType

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
DIM, BOLD, RED, GREEN, YELLOW, BLUE, OFF = (
    "\x1b[2m",
    "\x1b[1m",
    "\x1b[31m",
    "\x1b[32m",
    "\x1b[33m",
    "\x1b[34m",
    "\x1b[0m",
)
_PASTE_START, _PASTE_END = b"\x1b[200~", b"\x1b[201~"
_RULE = 20  # short, so that a narrower window does not wrap it and break the redraw
_TICK_S = 0.12
_EXIT_WINDOW_S = 1.5  # ctrl+c twice within this time leaves, as in most agents


class Interrupted(Exception):
    """The operator pressed escape or ctrl+c while the agent worked."""


class Console:
    """Use as a context manager: it puts the terminal into raw mode and back."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.messages: deque[str] = deque()
        self._draft = ""
        self._pending = b""
        self._bottom = 0  # lines of the redrawn bottom that are on screen
        self._label = ""
        self._started = 0.0
        self._last_ctrl_c = 0.0
        self._mode: list[object] = []

    def __enter__(self) -> Console:
        if os.isatty(0):
            self._mode = termios.tcgetattr(0)
            tty.setraw(0)
        self._write("\x1b[?2004h\x1b]0;" + self.name + "\x07")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._clear_bottom()
        self._write("\x1b[?2004l\x1b]7501;state=clear\x1b\\\x1b[?25h" + OFF)
        if self._mode:
            termios.tcsetattr(0, termios.TCSAFLUSH, self._mode)  # type: ignore[arg-type]  # as tcgetattr gave it

    # -- output ---------------------------------------------------------------------------------------

    def status(self, state: str, text: str = "", kind: str = "") -> None:
        """Report through OSC 7501: working, blocked, done, idle, error."""
        parts = [f"state={state}"]
        if kind:
            parts.append(f"kind={kind}")
        if text:
            parts.append("msg=" + base64.b64encode(text.encode()).decode())
        self._write("\x1b]7501;" + ":".join(parts) + "\x1b\\")

    @property
    def columns(self) -> int:
        return max(10, shutil.get_terminal_size().columns)

    def say(self, text: str = "") -> None:
        """Print into the log, above the bottom."""
        body = text.replace("\n", "\r\n")
        self._write("\x1b[?2026h" + self._erase() + body + OFF + "\r\n" + self._draw() + "\x1b[?2026l")

    def _write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

    def _erase(self) -> str:
        up = f"\x1b[{self._bottom - 1}A" if self._bottom > 1 else ""
        text = f"\r{up}\x1b[J" if self._bottom else ""
        self._bottom = 0
        return text

    def _clear_bottom(self) -> None:
        self._write(self._erase())

    def _draw(self) -> str:
        """Three lines, none wider than the terminal: a wrapped one would not be erased again."""
        width = self.columns - 1
        draft = self._draft.replace("\n", " ⏎ ")[-(width - 2) :]
        queued = f"  {len(self.messages)} queued" if self.messages else ""
        status = (self._label or "ready")[: max(0, width - len(queued))]
        self._bottom = 3
        rule = "─" * min(width, _RULE)
        return f"{DIM}{rule}{OFF}\r\n{BLUE}{status}{OFF}{DIM}{queued}{OFF}\r\n{BOLD}›{OFF} {draft}"

    def _refresh(self) -> None:
        self._write("\x1b[?2026h" + self._erase() + self._draw() + "\x1b[?2026l")

    # -- input ----------------------------------------------------------------------------------------

    def work(self, label: str, seconds: float) -> None:
        """Look busy for `seconds`, taking keys meanwhile. Raises `Interrupted`."""
        end = time.monotonic() + seconds
        self._started = self._started or time.monotonic()
        tick = 0
        while (left := end - time.monotonic()) > 0:
            age = int(time.monotonic() - self._started)
            self._label = f"{SPINNER[tick % len(SPINNER)]} {label} ({age}s · esc to interrupt)"
            self._refresh()
            tick += 1
            self._read(min(left, _TICK_S), is_working=True)

    def idle(self) -> str:
        """Wait for a message at the prompt."""
        self._label, self._started = "", 0.0
        while not self.messages:
            self._refresh()
            self._read(None, is_working=False)
        return self.messages.popleft()

    def choose(self, question: str, options: list[str]) -> int:
        """A dialog: a digit, y, n or Enter answers it; pastes are ignored, as real agents do."""
        lines = [f"{YELLOW}{question}{OFF}"] + [f"  {i}. {text}" for i, text in enumerate(options, 1)]
        self.say("\n".join(lines))
        self._label = "waiting for your answer (1-9, enter = 1)"
        self._refresh()
        while True:
            keys = os.read(0, 4096)
            if not keys:
                raise EOFError
            if keys in (b"\x03", b"\x1b"):
                return len(options) - 1
            if keys.startswith(_PASTE_START):
                continue
            choice = {b"\r": 1, b"y": 1, b"n": len(options)}.get(keys[:1]) or _digit(keys[:1])
            if 1 <= choice <= len(options):
                return choice - 1

    def _read(self, timeout: float | None, *, is_working: bool) -> None:
        ready, _, _ = select.select([0], [], [], timeout)
        if not ready:
            return
        data = os.read(0, 65536)
        if not data:
            raise EOFError
        self._pending += data
        self._take(is_working)
        self._refresh()

    def _take(self, is_working: bool) -> None:
        while self._pending:
            if self._pending.startswith(_PASTE_START):
                end = self._pending.find(_PASTE_END)
                if end < 0:
                    return
                self._draft += self._pending[6:end].decode("utf-8", "replace")
                self._pending = self._pending[end + 6 :]
                continue
            key, self._pending = _split_key(self._pending)
            self._press(key, is_working)

    def _press(self, key: bytes, is_working: bool) -> None:
        if key in (b"\r", b"\n"):
            if text := self._draft.strip():
                self.messages.append(text)
            self._draft = ""
        elif key in (b"\x7f", b"\x08"):
            self._draft = self._draft[:-1]
        elif key in (b"\x03", b"\x1b"):
            self._stop(key, is_working)
        elif key == b"\x04":
            raise EOFError
        elif key == b"\x15":
            self._draft = ""
        elif key[:1] >= b" ":
            self._draft += key.decode("utf-8", "replace")

    def _stop(self, key: bytes, is_working: bool) -> None:
        if is_working:
            self._label = ""
            raise Interrupted
        if key == b"\x03":
            now = time.monotonic()
            if now - self._last_ctrl_c < _EXIT_WINDOW_S:
                raise EOFError
            self._last_ctrl_c = now
            self.say(f"{DIM}press ctrl+c again to leave{OFF}")


def _digit(key: bytes) -> int:
    return int(key) if key.isdigit() else 0


def _split_key(data: bytes) -> tuple[bytes, bytes]:
    """The first key of `data` and the rest; escape sequences are one key and mean nothing here."""
    if data[:1] == b"\x1b" and len(data) > 1:
        end = next((i for i, b in enumerate(data[2:], 2) if 0x40 <= b <= 0x7E), len(data) - 1)
        return b"\x00" + data[1 : end + 1], data[end + 1 :]
    size = 1
    first = data[0]
    if first >= 0xC0:
        size = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
    return data[:size], data[size:]
