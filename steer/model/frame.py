"""A frame: what changed on one terminal's screen since the frame before it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cursor:
    x: int = 0  # column, 0-based
    y: int = 0
    is_visible: bool = True
    style: str = "block"  # block | bar | underline | hollow


@dataclass(frozen=True, slots=True)
class Modes:
    """What the program in the terminal asked for, as far as a front end needs to know."""

    is_alternate: bool = False  # alternate screen: the wheel belongs to the program or becomes arrow keys
    has_mouse: bool = False  # the program wants mouse events
    has_paste: bool = False  # bracketed paste
    kitty_flags: int = 0


@dataclass(frozen=True, slots=True)
class Frame:
    """Rows that changed, as text with SGR sequences only (each row starts and ends in the default style).

    `seq` grows by one per frame of a watcher; the watcher acknowledges it to get the next one (credit of one).
    `offset` is how many lines the shown view lies above the live bottom (0: live); `history` how many lines
    of scrollback exist.
    """

    session: str
    seq: int
    cols: int
    rows: int
    is_full: bool  # every row is present
    lines: tuple[tuple[int, str], ...]  # (row, text)
    cursor: Cursor = Cursor()
    modes: Modes = Modes()
    title: str = ""
    offset: int = 0
    history: int = 0
