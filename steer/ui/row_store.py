"""A pane's copy of its terminal's rows, kept equal to what was painted by either path."""

from __future__ import annotations

from steer.model.frame import Cursor, Frame, Modes


class RowStore:
    """Rows as text with SGR sequences. `history` and `offset` are lines, see `Frame`."""

    def __init__(self) -> None:
        self.rows: list[str] = []
        self.cols = 0
        self.cursor = Cursor()
        self.modes = Modes()
        self.title = ""
        self.offset = 0
        self.history = 0

    def apply(self, frame: Frame) -> list[int]:
        """Take a frame; the indices of the rows that look different now."""
        before = self.rows
        changed_size = frame.rows != len(before) or frame.cols != self.cols
        if frame.is_full or changed_size:
            blank = [] if frame.is_full else before[: frame.rows]
            self.rows = blank + [""] * (frame.rows - len(blank))
        dirty = [at for at, text in frame.lines if self._write(at, text)]
        self.cols, self.cursor, self.modes, self.title = frame.cols, frame.cursor, frame.modes, frame.title
        self.offset, self.history = frame.offset, frame.history
        if changed_size:
            return list(range(max(len(before), len(self.rows))))
        return dirty

    def _write(self, at: int, text: str) -> bool:
        """Whether there is such a row."""
        if 0 <= at < len(self.rows):
            self.rows[at] = text
            return True
        return False

    def row(self, at: int) -> str:
        return self.rows[at] if 0 <= at < len(self.rows) else ""

    def line_of(self, row: int) -> int:
        """The line, counted from the oldest of the scrollback, that is shown in `row`."""
        return self.history - self.offset + row

    def row_of(self, line: int) -> int:
        """The inverse; may lie outside the screen."""
        return line - self.history + self.offset
