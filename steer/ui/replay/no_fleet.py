"""A fleet port with nothing behind it, for a replay that runs without a repository."""

from __future__ import annotations

from typing import Any

from steer.errors import UserError
from steer.model.fleet import FleetView
from steer.model.port import FleetSink


class NoFleet:
    """Implements `FleetPort`."""

    async def connect(self, sink: FleetSink) -> FleetView:
        return FleetView("")

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        raise UserError(
            "no supervisor runs here, so nothing can be forked or compared",
            "open `steer` in the repository, then `v`",
        )

    def watch(self, session: str, cols: int, rows: int) -> None:
        pass

    def unwatch(self, session: str) -> None:
        pass

    def ack(self, session: str, seq: int) -> None:
        pass

    def scroll(self, session: str, offset: int) -> None:
        pass

    def key(self, session: str, key: str, character: str | None) -> None:
        pass

    def paste(self, session: str, text: str) -> None:
        pass

    def mouse(self, session: str, action: str, button: int, x: int, y: int, mods: int) -> None:
        pass

    def focus(self, session: str, has_focus: bool) -> None:
        pass

    async def close(self) -> None:
        pass
