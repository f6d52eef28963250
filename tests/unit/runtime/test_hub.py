"""Who asks a supervisor for thousands of things at once gets them, a few at a time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from steer.model.fleet import FleetView
from steer.runtime import hub, wire

CALLS = 200


class Service:
    """Answers nothing until it is let; remembers how many wait at most."""

    def __init__(self, room: int) -> None:
        self.room, self.is_full = room, asyncio.Event()
        self.waiting = self.most = self.done = 0
        self.is_open = asyncio.Event()

    def fleet_view(self) -> FleetView:
        return FleetView("", ())

    def live(self, session: str) -> None:
        return None

    def note_pane_size(self, cols: int, rows: int) -> None: ...

    def keeper_pids(self) -> frozenset[int]:
        return frozenset()

    async def handle(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        if self.waiting == self.room:
            self.is_full.set()
        await self.is_open.wait()
        self.waiting -= 1
        self.done += 1
        return {}


@pytest.mark.parametrize("role", ["operator", "reporter"])
def test_calls_of_one_client_are_bounded_and_all_are_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    monkeypatch.setattr(hub, "_role", lambda sock, keepers: role)

    async def story() -> None:
        service = Service(hub.MAX_CALLS[role])
        served = hub.Hub(service, lambda e: str(e))
        await served.open(str(tmp_path / "s"))
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
        for n in range(CALLS):
            writer.write(wire.pack_json("J", {"t": "call", "id": n, "method": "view"}))
        async with asyncio.timeout(60):
            await service.is_full.wait()
            service.is_open.set()
            unpacker, answered = wire.Unpacker(), 0
            while answered < CALLS:
                answered += sum(1 for _ in unpacker.feed(await reader.read(65536)))
        assert (service.most, service.done) == (hub.MAX_CALLS[role], CALLS)
        writer.close()
        await served.close()

    asyncio.run(story())
