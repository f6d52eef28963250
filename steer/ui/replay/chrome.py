"""The lines below the panes of a replay."""

from __future__ import annotations

from textual import events
from textual.message import Message

from steer.ui.bar import notice_line
from steer.ui.line import Line, Span
from steer.ui.line_widget import LineWidget
from steer.ui.notice import Notice
from steer.ui.replay.bar import bar_lines
from steer.ui.replay.state import ReplayState
from steer.ui.replay.words import footer_line, status_line


class TimelineBar(LineWidget):
    """A click or a drag on it goes there."""

    DEFAULT_CSS = "TimelineBar { height: 2; width: 1fr; }"
    base = "text.normal on:surface.background"

    class Chosen(Message):
        """`fraction` of the bar, 0 to 1."""

        def __init__(self, fraction: float) -> None:
            self.fraction = fraction
            super().__init__()

    def __init__(self, state: ReplayState) -> None:
        super().__init__()
        self.state = state

    def lines(self, width: int, height: int) -> list[Line]:
        inner = max(1, width - 2)
        axis = self.state.axis(inner)
        shown = bar_lines(
            self.state.bar(inner), axis.column(self.state.playhead.position), max(1, height - 1)
        )
        return [[Span(" "), *line] for line in shown]

    def on_mouse_down(self, event: events.MouseDown) -> None:
        event.stop()
        self.capture_mouse()
        self._choose(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self.app.mouse_captured is self:
            self._choose(event.x)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        event.stop()
        self.release_mouse()

    def _choose(self, x: float) -> None:
        inner = max(1, self.size.width - 2)
        column = min(max(int(x) - 1, 0), inner - 1)
        self.post_message(self.Chosen(column / max(1, inner - 1)))


class StatusBar(LineWidget):
    DEFAULT_CSS = "StatusBar { height: 1; width: 1fr; }"

    def __init__(self, state: ReplayState) -> None:
        super().__init__()
        self.state = state

    def lines(self, width: int, height: int) -> list[Line]:
        return [status_line(self.state, width)]


class ReplayFooter(LineWidget):
    DEFAULT_CSS = "ReplayFooter { height: 1; width: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.notice: Notice | None = None

    def lines(self, width: int, height: int) -> list[Line]:
        if self.notice is not None:
            return [notice_line(self.notice.text, self.notice.severity, self.notice.count, width)]
        return [footer_line(self.steer.replay_keymap, width)]
