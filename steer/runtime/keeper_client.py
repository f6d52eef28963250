"""The supervisor's side of a keeper's socket, for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from steer.errors import EnvironmentFault, InternalError
from steer.runtime.connect import open_connection
from steer.runtime.wire import PROTOCOL, Unpacker, WireError, pack, pack_json, parse_json

GREET_S = 3.0  # one that stands still must not hold up a supervisor that finds its sessions again
_READ_BYTES = 256 * 1024
_MAX_GRANT = 0xFFFFFFFF


class KeeperClient:
    """One connection. Set the callbacks right after `connect`: no message is handled before the next await.

    `on_output(data, offset)`   bytes of the pty; the recording's size once it has them
    `on_resync(offset)`         output was skipped: read the recording up to `offset`, what follows is live
    `on_event(event)`           {"event": "resized" | "exited" | "recording_stalled" ...}
    `on_closed(reason)`         once, at the end; reason "" when this side closed
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.hello: dict[str, Any] = {}
        self.on_output: Callable[[bytes, int], None] = lambda data, offset: None
        self.on_resync: Callable[[int], None] = lambda offset: None
        self.on_event: Callable[[dict[str, Any]], None] = lambda event: None
        self.on_closed: Callable[[str], None] = lambda reason: None
        self.heard = 0  # how often something came from it
        self._reader = reader
        self._writer = writer
        self._unpacker = Unpacker()
        self._early: list[tuple[str, bytes]] = []  # what came with the hello
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._next_id = 0
        self._is_closing = False
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def connect(cls, path: str) -> KeeperClient:
        """Connect and wait for the hello. Raises `EnvironmentFault` when no fitting keeper is there."""
        try:
            reader, writer = await open_connection(path)
        except OSError as e:
            raise EnvironmentFault(f"no keeper listens at {path}: {e.strerror or e}") from e
        client = cls(reader, writer)
        try:
            async with asyncio.timeout(GREET_S):
                await client._greet(path)
        except TimeoutError:
            writer.close()
            raise EnvironmentFault(f"the keeper at {path} does not answer", "was it stopped?") from None
        except BaseException:
            writer.close()
            raise
        client._task = asyncio.create_task(client._run())
        return client

    async def _greet(self, path: str) -> None:
        messages: list[tuple[str, bytes]] = []
        try:
            while not messages:
                data = await self._reader.read(_READ_BYTES)
                if not data:
                    raise EnvironmentFault(f"the keeper at {path} closed the connection")
                messages += self._unpacker.feed(data)
            (kind, payload), *self._early = messages
            self.hello = parse_json(payload) if kind == "H" else {}
        except (WireError, OSError) as e:
            raise EnvironmentFault(f"what listens at {path} is no keeper: {e}") from e
        if self.hello.get("protocol") != PROTOCOL:
            raise EnvironmentFault(f"the keeper at {path} speaks another version of the protocol")

    @property
    def pid(self) -> int:
        """Of the keeper's process."""
        return int(self.hello.get("pid") or 0)

    async def request(self, op: str, **arguments: Any) -> dict[str, Any]:
        """Ask and wait for the answer, `{"ok": bool, ...}` with `error` where it is false.

        Raises `EnvironmentFault` when the connection ends first: whether it was done is then unknown.
        """
        ident, future = self._expect()
        self._send(pack_json("C", {"id": ident, "op": op, **arguments}))
        return await future

    async def send_input(self, data: bytes) -> dict[str, Any]:
        """Type `data` and wait until the terminal has it: `{ok, written, error?}`. Raises as `request`."""
        ident, future = self._expect()
        self._send(pack("I", ident.to_bytes(4, "big") + data))
        return await future

    def grant(self, size: int) -> None:
        """Take `size` more bytes of output; the keeper may send up to 64 KiB more than granted."""
        if not self._is_closing:
            self._send(pack("W", min(size, _MAX_GRANT).to_bytes(4, "big")))

    async def close(self) -> None:
        self._is_closing = True
        self._writer.close()
        if self._task and self._task is not asyncio.current_task():
            await self._task

    def _expect(self) -> tuple[int, asyncio.Future[dict[str, Any]]]:
        if self._is_closing:
            raise EnvironmentFault("the connection to the keeper is closed")
        self._next_id = (self._next_id + 1) & _MAX_GRANT
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[self._next_id] = future
        return self._next_id, future

    def _send(self, message: bytes) -> None:
        self._writer.write(message)

    async def _run(self) -> None:
        reason = "the keeper closed the connection"
        try:
            for kind, payload in self._early:
                self._handle(kind, payload)
            while data := await self._reader.read(_READ_BYTES):
                self.heard += 1
                for kind, payload in self._unpacker.feed(data):
                    self._handle(kind, payload)
        except (WireError, OSError) as e:
            reason = f"the connection to the keeper broke: {e}"
        finally:
            self._end("" if self._is_closing else reason)

    def _end(self, reason: str) -> None:
        self._is_closing = True
        self._writer.close()
        waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            if not future.done():
                future.set_exception(EnvironmentFault(reason or "the connection to the keeper was closed"))
        self.on_closed(reason)

    def _handle(self, kind: str, payload: bytes) -> None:
        if kind == "O":
            self.on_output(payload[8:], int.from_bytes(payload[:8], "big"))
        elif kind == "S":
            self.on_resync(int.from_bytes(payload, "big"))
        elif kind == "E":
            self.on_event(parse_json(payload))
        elif kind == "R":
            self._answered(parse_json(payload))

    def _answered(self, result: dict[str, Any]) -> None:
        future = self._waiting.pop(int(result.get("id") or 0), None)
        if future and not future.done():
            future.set_result(result)


def check(result: dict[str, Any]) -> dict[str, Any]:
    """`result` if it is ok. Raises `InternalError` with the keeper's words otherwise."""
    if not result.get("ok"):
        raise InternalError(str(result.get("error", "the keeper refused")))
    return result
