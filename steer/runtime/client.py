"""`FleetPort` over the supervisor's socket, for the UI. Reconnects by itself when the supervisor is gone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from steer.errors import EnvironmentFault, SteerError, from_json
from steer.model.fleet import FleetView
from steer.model.port import FleetSink
from steer.runtime import wire
from steer.runtime.connect import open_connection
from steer.runtime.message import apply_fleet_delta, frame_from_json
from steer.runtime.outbox import Outbox

RETRY_S = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)


class FleetClient:
    """See `steer.model.port.FleetPort` for the methods.

    `ensure` starts the supervisor if none runs and returns its socket; it is called before every connect.
    """

    def __init__(self, ensure: Callable[[], Path]) -> None:
        self._ensure = ensure
        self._sink: FleetSink | None = None
        self._view: FleetView | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._outbox: Outbox | None = None
        self._calls: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._next_call = 1
        self._watched: dict[str, tuple[int, int]] = {}
        self._first_view: asyncio.Future[FleetView] | None = None
        self._task: asyncio.Task[None] | None = None

    async def connect(self, sink: FleetSink) -> FleetView:
        self._sink = sink
        self._first_view = asyncio.get_running_loop().create_future()
        reader = await self._open()
        self._task = asyncio.ensure_future(self._run(reader))
        return await self._first_view

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._writer and self._outbox:
            self._outbox.flush()
            self._writer.close()

    # -- connection -----------------------------------------------------------------------------------

    async def _open(self) -> asyncio.StreamReader:
        path = await asyncio.to_thread(self._ensure)
        try:
            reader, self._writer = await open_connection(path)
        except OSError as e:
            raise EnvironmentFault(f"no supervisor answers on {path}: {e.strerror}") from e
        self._outbox = Outbox(self._writer)
        self._send({"t": "hello", "protocol": wire.PROTOCOL})
        self._send({"t": "subscribe"})
        for session, (cols, rows) in self._watched.items():
            self._send({"t": "watch", "s": session, "cols": cols, "rows": rows})
        return reader

    async def _run(self, reader: asyncio.StreamReader) -> None:
        while True:
            await self._read(reader)
            self._drop_calls()
            if self._sink:
                self._sink.disconnected("the supervisor is gone; connecting again")
            reader = await self._reopen()

    async def _reopen(self) -> asyncio.StreamReader:
        attempt = 0
        while True:
            await asyncio.sleep(RETRY_S[min(attempt, len(RETRY_S) - 1)])
            attempt += 1
            try:
                self._view = None
                return await self._open()
            except SteerError as e:
                if self._sink:
                    self._sink.disconnected(f"{e.message}; connecting again")
            except OSError:
                pass

    async def _read(self, reader: asyncio.StreamReader) -> None:
        unpacker = wire.Unpacker()
        with contextlib.suppress(ConnectionError, wire.WireError):
            while data := await reader.read(262144):
                for kind, payload in unpacker.feed(data):
                    if kind == "J":
                        self._receive(wire.parse_json(payload))

    def _receive(self, message: dict[str, Any]) -> None:
        assert self._sink is not None
        match message.get("t"):
            case "frame":
                self._sink.frame_arrived(frame_from_json(message))
            case "fleet":
                self._view = apply_fleet_delta(self._view, message)
                if self._first_view and not self._first_view.done():
                    self._first_view.set_result(self._view)
                self._sink.fleet_changed(self._view)
            case "result":
                self._finish_call(message)
            case "notice":
                self._sink.notice_arrived(str(message["text"]), str(message["severity"]))

    # -- calls ----------------------------------------------------------------------------------------

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        number, self._next_call = self._next_call, self._next_call + 1
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._calls[number] = future
        try:
            self._send({"t": "call", "id": number, "method": method, "params": params})
            return await future
        finally:
            self._calls.pop(number, None)

    def _finish_call(self, message: dict[str, Any]) -> None:
        future = self._calls.get(message["id"])
        if future is None or future.done():
            return
        if error := message.get("error"):
            future.set_exception(from_json(error))
        else:
            future.set_result(message.get("value") or {})

    def _drop_calls(self) -> None:
        for future in self._calls.values():
            if not future.done():
                future.set_exception(
                    EnvironmentFault(
                        "the supervisor ended before it answered", "see the log for what was done"
                    )
                )

    def _send(self, message: dict[str, Any]) -> None:
        if self._outbox is None or self._writer is None or self._writer.is_closing():
            if message["t"] == "call":
                raise EnvironmentFault("not connected to the supervisor", "it is being restarted; try again")
            return
        self._outbox.send(message)

    # -- terminals ------------------------------------------------------------------------------------

    def watch(self, session: str, cols: int, rows: int) -> None:
        self._watched[session] = (cols, rows)
        self._send({"t": "watch", "s": session, "cols": cols, "rows": rows})

    def unwatch(self, session: str) -> None:
        if self._watched.pop(session, None):
            self._send({"t": "unwatch", "s": session})

    def ack(self, session: str, seq: int) -> None:
        self._send({"t": "ack", "s": session, "q": seq})

    def scroll(self, session: str, offset: int) -> None:
        self._send({"t": "scroll", "s": session, "offset": offset})

    def key(self, session: str, key: str, character: str | None) -> None:
        self._send({"t": "key", "s": session, "key": key, "char": character})

    def paste(self, session: str, text: str) -> None:
        self._send({"t": "paste", "s": session, "text": text})

    def mouse(self, session: str, action: str, button: int, x: int, y: int, mods: int) -> None:
        event = {"action": action, "button": button, "x": x, "y": y, "mods": mods}
        self._send({"t": "mouse", "s": session, **event})

    def focus(self, session: str, has_focus: bool) -> None:
        self._send({"t": "focus", "s": session, "has": has_focus})
