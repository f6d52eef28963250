"""What is said in one turn of the loop is written once, in order."""

import asyncio
from typing import Any, cast

from steer.runtime import wire
from steer.runtime.outbox import Outbox


class Writer:
    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def is_closing(self) -> bool:
        return self.is_closed


def test_one_turn_is_one_write() -> None:
    async def talk() -> list[bytes]:
        writer = Writer()
        outbox = Outbox(cast(Any, writer))
        for n in range(3):
            outbox.send({"n": n})
        await asyncio.sleep(0)
        outbox.send({"n": 3})
        await asyncio.sleep(0)
        return writer.written

    first, second = asyncio.run(talk())
    assert [wire.parse_json(p)["n"] for _, p in wire.Unpacker().feed(first + second)] == [0, 1, 2, 3]
    assert second == wire.pack_json("J", {"n": 3})


def test_nothing_is_written_to_a_closed_peer() -> None:
    async def talk() -> list[bytes]:
        writer = Writer()
        outbox = Outbox(cast(Any, writer))
        outbox.send({})
        writer.is_closed = True
        await asyncio.sleep(0)
        return writer.written

    assert asyncio.run(talk()) == []
