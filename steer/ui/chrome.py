"""The bars and the list around the panes."""

from __future__ import annotations

from textual import events
from textual.message import Message

from steer.ui.bar import focus_line, footer_line, notice_line, top_line
from steer.ui.board_state import BoardState, Mode
from steer.ui.line import Line, Span
from steer.ui.line_widget import LineWidget
from steer.ui.notice import Notice
from steer.ui.session_list import Row, list_rows, row_lines


class TopBar(LineWidget):
    DEFAULT_CSS = "TopBar { height: 1; width: 1fr; }"

    def __init__(self, state: BoardState) -> None:
        super().__init__()
        self.state = state
        self.page = (1, 1)
        self.lost = ""

    def lines(self, width: int, height: int) -> list[Line]:
        return [top_line(self.state, self.page, self.lost, width)]


class Footer(LineWidget):
    """Keys that matter now, or the newest notice."""

    DEFAULT_CSS = "Footer { height: 1; width: 1fr; }"

    def __init__(self, state: BoardState) -> None:
        super().__init__()
        self.state = state
        self.notice: Notice | None = None

    def lines(self, width: int, height: int) -> list[Line]:
        if self.notice is not None:
            return [notice_line(self.notice.text, self.notice.severity, self.notice.count, width)]
        session = self.state.session
        if self.state.mode is Mode.FOCUS and session is not None:
            return [focus_line(self.steer.config.leave, session.spec.name, width)]
        return [footer_line(self.state, self.steer.keymap, self.steer.actions, width)]


class SessionList(LineWidget):
    DEFAULT_CSS = "SessionList { height: 1fr; width: 34; }"

    class Chosen(Message):
        def __init__(self, session: str) -> None:
            self.session = session
            super().__init__()

    def __init__(self, state: BoardState) -> None:
        super().__init__()
        self.state = state
        self._first = 0

    def lines(self, width: int, height: int) -> list[Line]:
        rows, per_row = self._shown()
        now = self.steer.config.clock()
        result: list[Line] = []
        for row in rows[self._first : self._first + height // per_row]:
            is_selected = row.session.spec.id == self.state.selected
            lines = row_lines(row, is_selected, now, width - 1, per_row)
            result += [[*line, Span(" ", "text.faint")] for line in lines]
        hidden = len(rows) - self._first - height // per_row
        if hidden > 0 and result:
            result[-1] = [Span(f"  … {hidden} more", "text.muted")]
        return result

    def _shown(self) -> tuple[list[Row], int]:
        """The rows and the lines each takes; scrolls so that the selected one is among them."""
        rows = list_rows(self.state)
        height = max(1, self.size.height)
        per_row = 2 if 2 * len(rows) <= height else 1
        at = next((i for i, row in enumerate(rows) if row.session.spec.id == self.state.selected), 0)
        fit = max(1, height // per_row)
        last_first = max(0, len(rows) - fit)
        self._first = min(max(min(self._first, at), at - max(0, fit - 2)), last_first)
        return rows, per_row

    def on_click(self, event: events.Click) -> None:
        rows, per_row = self._shown()
        at = self._first + int(event.y) // per_row
        if 0 <= at < len(rows):
            self.post_message(self.Chosen(rows[at].session.spec.id))
