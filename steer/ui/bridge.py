"""From the fleet's port to the board: a `FleetSink` that knows widgets only by what it calls on them."""

from __future__ import annotations

from typing import Protocol

from steer.model.fleet import FleetView
from steer.model.frame import Frame
from steer.model.port import FleetPort


class BoardSink(Protocol):
    """The board screen, as far as the fleet may reach into it."""

    def show_fleet(self, view: FleetView, is_reconnected: bool) -> None: ...

    def show_frame(self, frame: Frame) -> bool:
        """False when no pane wants it."""

    def say(self, text: str, severity: str = "information") -> None: ...

    def show_lost(self, reason: str) -> None: ...


class Bridge:
    """Implements `FleetSink`."""

    def __init__(self, port: FleetPort, board: BoardSink) -> None:
        self._port = port
        self._board = board
        self._is_lost = False

    def fleet_changed(self, view: FleetView) -> None:
        was_lost, self._is_lost = self._is_lost, False
        self._board.show_fleet(view, was_lost)

    def frame_arrived(self, frame: Frame) -> None:
        if not self._board.show_frame(frame):
            self._port.ack(frame.session, frame.seq)

    def notice_arrived(self, text: str, severity: str) -> None:
        self._board.say(text, severity)

    def disconnected(self, reason: str) -> None:
        self._is_lost = True
        self._board.show_lost(reason)
