"""Desktop notices: an agent began to need somebody while nobody was looking at the board.

`notify-send` where it is installed and a desktop is there, else the terminal is asked (OSC 777 and OSC 9, which
terminals show or ignore; a terminal that knows both shows the first).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable

from steer.model.attention import Rank
from steer.term.visible import visible

QUIET_S = 60.0  # between two notices about one session
_TEXT_CELLS = 120


class DesktopNotices:
    """`write`: bytes for the operator's terminal, as text. Times are seconds since the epoch."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._ranks: dict[str, int] = {}
        self._told: dict[str, float] = {}
        self.is_looking = True  # the terminal has the focus; one that never says so is taken for looked at

    def note(self, sessions: Iterable[tuple[str, str, int, str]], now: float) -> None:
        """Every session as (id, name, rank, reason); those that newly need somebody are told, once in a while."""
        ranks: dict[str, int] = {}
        for session, name, rank, reason in sessions:
            ranks[session] = rank
            is_new = rank >= Rank.URGENT > self._ranks.get(session, rank)
            if is_new and not self.is_looking and now - self._told.get(session, 0.0) >= QUIET_S:
                self._told[session] = now
                self._tell(f"{name}: {reason}")
        self._ranks = ranks

    def _tell(self, text: str) -> None:
        words = visible(text, _TEXT_CELLS)
        if has_desktop() and (program := shutil.which("notify-send")):
            try:
                subprocess.Popen(
                    [program, "--app-name=steer", "--", "steer", words],
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )  # fmt: skip
                return
            except OSError:
                pass
        self._write(terminal_notice(words))


def has_desktop() -> bool:
    """Whether a notice would reach somebody on this machine's own screen."""
    has_screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(os.environ.get("DBUS_SESSION_BUS_ADDRESS") and has_screen)


def terminal_notice(words: str) -> str:
    """The sequences for `words`, which are visible text; a semicolon would end a field."""
    body = words.replace(";", ",")
    return f"\x1b]777;notify;steer;{body}\x1b\\" if not _knows_osc_9() else f"\x1b]9;{body}\x1b\\"


def _knows_osc_9() -> bool:
    """Terminals that show OSC 9 and not OSC 777: iTerm2, WezTerm, Windows Terminal, as they name themselves."""
    return os.environ.get("TERM_PROGRAM", "") in ("iTerm.app", "WezTerm") or "WT_SESSION" in os.environ
