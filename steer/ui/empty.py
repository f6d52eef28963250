"""What stands where panes would be: the empty board, and a terminal too small for one."""

from __future__ import annotations

from steer.ui.line import Line, Span, line_width
from steer.ui.line_widget import LineWidget

MIN_SCREEN = (40, 10)


def centred(block: list[Line], width: int, height: int) -> list[Line]:
    """`block` in the middle of the area, its lines starting in one column."""
    indent = max(0, (width - max(map(line_width, block), default=0)) // 2)
    above = max(0, (height - len(block)) // 2)
    return [[] for _ in range(above)] + [[Span(" " * indent), *line] for line in block]


def empty_block(keys: list[tuple[str, str]]) -> list[Line]:
    """Words for a board without sessions; `keys` are (key, what it does)."""
    lines: list[Line] = [
        [Span("No agents yet.", "text.normal bold")],
        [],
    ]
    lines += [[Span(f"{key:>5}", "text.accent bold"), Span(f"  {what}", "text.muted")] for key, what in keys]
    return lines


class EmptyBoard(LineWidget):
    DEFAULT_CSS = "EmptyBoard { width: 1fr; height: 1fr; }"
    base = "text.normal on:surface.background"

    def lines(self, width: int, height: int) -> list[Line]:
        wanted = (("new", "start an agent in a worktree of its own"), ("fan", "give one task to several agents"),
                  ("undo", "take back the last kill"), ("palette", "every command by name"),
                  ("help", "all keys"))  # fmt: skip
        shown = self.steer.keymap.shown
        keys = [(shown(name), what) for name, what in wanted if self.steer.is_possible(name) and shown(name)]
        return centred(empty_block(keys), width, height)


class TooSmall(LineWidget):
    DEFAULT_CSS = "TooSmall { width: 1fr; height: 1fr; display: none; }"
    base = "text.normal on:surface.background"

    def lines(self, width: int, height: int) -> list[Line]:
        cols, rows = MIN_SCREEN
        text = f"steer needs at least {cols} by {rows} cells; this terminal has {width} by {height}."
        words: list[Line] = [[]]
        for word in text.split():
            if line_width(words[-1]) + len(word) + 1 > width:
                words.append([])
            words[-1].append(Span(word + " ", "text.normal"))
        return centred(words, width, height)
