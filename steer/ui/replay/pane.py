"""A pane on a recording: the board's pane, with the wheel and the scrollback answered here instead of by a fleet."""

from __future__ import annotations

from textual import events
from textual.message import Message

from steer.ui.pane import Pane
from steer.ui.pane_mouse import WHEEL_LINES, PaneMouse


class Scrolled(Message):
    """The operator wants the view `offset` lines above the newest."""

    def __init__(self, session: str, offset: int) -> None:
        self.session, self.offset = session, offset
        super().__init__()


class _Mouse(PaneMouse):
    """Nothing goes to the program: it is long gone."""

    def wheel(self, event: events.MouseEvent, is_up: bool) -> None:
        self.pane.scroll_lines(WHEEL_LINES if is_up else -WHEEL_LINES)

    def wants_mouse(self, event: events.MouseEvent) -> bool:
        return False


class ReplayPane(Pane):
    """`session` is the recording's place in the replay, as text."""

    DEFAULT_CSS = "ReplayPane { width: 1fr; height: 1fr; }"

    def __init__(self, number: int) -> None:
        super().__init__(str(number))
        self.number = number
        self.mouse = _Mouse(self)
        self.seq = 0

    def show_offset(self, offset: int) -> None:
        offset = max(0, min(self.store.history, offset))
        if offset != self.store.offset:
            self.post_message(Scrolled(self.session, offset))
