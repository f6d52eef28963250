"""The terminal emulator as the rest of steer sees it: bytes in; rows, replies and signals out.

One `Emulator` follows one session's output, live or replayed. It never writes anywhere: answers to queries
are collected for whoever owns the pty (`take_replies`), and a replay simply drops them.
"""

from __future__ import annotations

from dataclasses import dataclass

from steer.model.frame import Cursor, Modes
from steer.term import reply, status
from steer.term.ghostty import ACTIVE, SCREEN, Screen
from steer.term.key import legacy_control, parse_key
from steer.term.repeat import Repeats
from steer.term.reset import few_resets
from steer.term.status import Status

MIN_COLS, MIN_ROWS, MAX_COLS, MAX_ROWS = 2, 2, 1000, 500
SCROLLBACK_LINES = 10_000
_BYTES_PER_CELL = 8  # libghostty's cell
_MAX_PENDING_REPLY_BYTES = 4096  # between two reads; a program that asks more often is flooding
_MAX_TITLE = 256

_SYNC, _PASTE, _FOCUS = 2026, 2004, 1004
_WHEEL_BUTTONS = {4: 4, 5: 5}
_BUTTONS = {0: 0, 1: 1, 2: 3, 3: 2}  # ours (1 left, 2 middle, 3 right) -> libghostty's
_ACTIONS = {"press": 0, "release": 1, "motion": 2}
_MOUSE_MODS = ((1, 1), (2, 4), (4, 2))  # ours (shift 1, alt 2, ctrl 4) -> libghostty's


@dataclass(frozen=True, slots=True)
class Bell:
    pass


@dataclass(frozen=True, slots=True)
class Notification:
    """OSC 9 or 777: the program wants the operator's attention. Untrusted text."""

    title: str
    body: str


Signal = Bell | Notification | Status


def clamp_size(cols: int, rows: int) -> tuple[int, int]:
    return min(max(cols, MIN_COLS), MAX_COLS), min(max(rows, MIN_ROWS), MAX_ROWS)


class Emulator:
    """A terminal of `cols` x `rows` cells (clamped to 2x2..1000x500) with bounded scrollback."""

    def __init__(
        self,
        cols: int = 80,
        rows: int = 24,
        scrollback_lines: int = SCROLLBACK_LINES,
        snapshot: bytes = b"",
    ) -> None:
        """`snapshot` (see there): begin with that screen, at its size. Raises `ValueError` if it is damaged."""
        cols, rows = clamp_size(cols, rows)
        self._scrollback_bytes = scrollback_lines * (max(cols, 80) * _BYTES_PER_CELL + 16)
        self._screen = Screen(cols, rows, self._scrollback_bytes, snapshot)
        if snapshot:
            cols, rows = self._screen.size
        self._repeats = Repeats()
        self._replies = bytearray()
        self._signals: list[Signal] = []
        self._screen.on_reply(self._reply)
        self._screen.on_unknown_osc(self._unknown_osc, max_bytes=4096)
        self._screen.on_bell(lambda: self._signal(Bell()))
        self._screen.on_notification(self._notify)
        self._screen.answer_version(b"steer")
        self.cols, self.rows_count = cols, rows

    # -- the program's side ---------------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Interpret output of the program. Never raises, whatever the bytes are."""
        self._screen.feed(self._repeats.bounded(few_resets(data), self.cols))

    def resize(self, cols: int, rows: int) -> None:
        self.cols, self.rows_count = clamp_size(cols, rows)
        self._screen.resize(self.cols, self.rows_count)

    def take_replies(self) -> bytes:
        """Answers to the program's queries since the last call: for its input, once."""
        data = bytes(self._replies)
        self._replies.clear()
        return data

    def take_signals(self) -> list[Signal]:
        signals, self._signals = self._signals, []
        return signals

    def _reply(self, data: bytes) -> None:
        if len(self._replies) < _MAX_PENDING_REPLY_BYTES:
            self._replies += reply.allowed(data)

    def _unknown_osc(self, content: bytes) -> None:
        if content == status.QUERY:
            self._replies += status.ANSWER
        elif report := status.parse_status(content):
            self._signal(report)

    def _notify(self, title: bytes, body: bytes) -> None:
        self._signal(Notification(title.decode("utf-8", "replace"), body.decode("utf-8", "replace")))

    def _signal(self, signal: Signal) -> None:
        if len(self._signals) < 256:
            self._signals.append(signal)

    # -- the screen -----------------------------------------------------------------------------------

    def rows(self) -> list[str]:
        """The live screen: one string per row, text with SGR sequences only, default style at both ends."""
        return self._screen.rows(ACTIVE, 0, self.rows_count - 1)

    def view(self, offset: int) -> list[str]:
        """The screen as it looks scrolled `offset` lines up (clamped to the history there is)."""
        history = self.history
        first = max(history - offset, 0)
        return self._screen.rows(SCREEN, first, first + self.rows_count - 1)

    @property
    def history(self) -> int:
        """Lines of scrollback above the live screen."""
        return self._screen.history

    def lines(self) -> list[str]:
        """Scrollback and screen as plain rows, oldest first, as displayed (soft wraps kept)."""
        last = (self.history + self.rows_count - 1, self.cols - 1)
        text = self._screen.plain((0, 0), last, unwrap=False)
        lines = text.split("\n")
        return lines + [""] * (last[0] + 1 - len(lines))

    def screen(self) -> list[str]:
        """The live screen as plain rows."""
        history = self.history
        text = self._screen.plain((history, 0), (history + self.rows_count - 1, self.cols - 1), unwrap=False)
        lines = text.split("\n")
        return lines + [""] * (self.rows_count - len(lines))

    def text(self, start: tuple[int, int], end: tuple[int, int]) -> str:
        """Plain text between two (line, column) places of `lines()`, soft wraps joined; for copying."""
        last = self.history + self.rows_count - 1
        places = [(min(max(y, 0), last), min(max(x, 0), self.cols - 1)) for y, x in sorted((start, end))]
        return self._screen.plain(places[0], places[1], unwrap=True)

    def dump(self) -> bytes:
        """Bytes that recreate this screen in an empty terminal of the same size."""
        return self._screen.dump()

    def keep_unfinished(self, max_bytes: int) -> None:
        """Have snapshots carry a sequence of up to `max_bytes` of which only the begin was fed yet."""
        self._screen.keep_unfinished(max_bytes)

    def snapshot(self) -> bytes:
        """The whole state, scrollback and half-fed sequences included, for `Emulator(snapshot=...)` of this
        process; b"" at the rare moments when there is none. Unlike `dump` it is no terminal output."""
        return self._screen.snapshot()

    def span(self, first: int, last: int) -> list[str]:
        """Rows `first`..`last` (both included, counted from the oldest of the scrollback) as `rows` gives them."""
        return self._screen.rows(SCREEN, first, last)

    def plain(self, first: int, last: int) -> str:
        """The same rows as plain text, one line each; blank ones at the end may be missing."""
        return self._screen.plain((first, 0), (last, self.cols - 1), unwrap=False)

    @property
    def cursor(self) -> Cursor:
        return Cursor(*self._screen.cursor)

    @property
    def title(self) -> str:
        return self._screen.title[:_MAX_TITLE]

    @property
    def modes(self) -> Modes:
        s = self._screen
        return Modes(s.is_alternate, s.has_mouse, s.mode(_PASTE), s.kitty_flags)

    @property
    def is_held(self) -> bool:
        """The program is in the middle of a synchronized update (mode 2026): do not draw yet."""
        return self._screen.mode(_SYNC)

    @property
    def has_paste(self) -> bool:
        return self._screen.mode(_PASTE)

    # -- the operator's side --------------------------------------------------------------------------

    def encode_key(self, name: str, character: str | None) -> bytes:
        """The bytes for a key, in the encoding the program asked for; empty where there are none."""
        press = parse_key(name, character)
        if press is None:
            return b""
        data = self._screen.encode_key(press.physical, press.text, press.mods, press.unshifted)
        return data or legacy_control(press)

    def encode_mouse(self, action: str, button: int, x: int, y: int, mods: int) -> bytes:
        """Bytes for a mouse event (see `FleetPort.mouse`), empty if the program does not want it."""
        code = _WHEEL_BUTTONS.get(button, _BUTTONS.get(button))
        if code is None or action not in _ACTIONS or not self._screen.has_mouse:
            return b""
        native = sum(theirs for ours, theirs in _MOUSE_MODS if mods & ours)
        return self._screen.encode_mouse(_ACTIONS[action], code, x, y, native)

    def encode_focus(self, has_focus: bool) -> bytes:
        if not self._screen.mode(_FOCUS):
            return b""
        return b"\x1b[I" if has_focus else b"\x1b[O"

    def close(self) -> None:
        self._screen.close()
