"""One question to the supervisor without asyncio: the command line's way, because `steer ls` must be instant."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from steer.errors import EnvironmentFault, from_json
from steer.runtime import wire
from steer.runtime.connect import connect


class SyncClient:
    """A blocking connection. Raises `EnvironmentFault` when nobody listens on `path`."""

    def __init__(self, path: Path, timeout_s: float | None = None) -> None:
        self._deadline: float | None = None
        self._unpacker = wire.Unpacker()
        try:
            self._socket = connect(path)
        except OSError as e:
            raise EnvironmentFault(f"no supervisor answers on {path}: {e.strerror}") from e
        self._socket.settimeout(timeout_s)

    def __enter__(self) -> SyncClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def set_deadline(self, at: float | None) -> None:
        """Give up reading (`EnvironmentFault`) at this time of the monotonic clock; None: never."""
        self._deadline = at

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """The method's result (see `steer.model.port`); raises the `SteerError` it answered with."""
        self.ask(method, params)
        for message in self.messages():
            if (value := answer(message)) is not None:
                return value
        raise EnvironmentFault("the supervisor ended before it answered", "see `steer log` for what was done")

    def ask(self, method: str, params: dict[str, Any]) -> None:
        """Send a call without waiting; `answer` recognises its result among the messages."""
        self._send({"t": "call", "id": 1, "method": method, "params": params})

    def subscribe(self) -> Iterator[dict[str, Any]]:
        """Messages as the fleet changes, the whole fleet first; ends when the supervisor does."""
        self._send({"t": "subscribe"})
        return self.messages()

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self._socket.sendall(wire.pack_json("J", message))
        except OSError as e:
            raise EnvironmentFault(f"the supervisor is gone: {e.strerror}") from e

    def messages(self) -> Iterator[dict[str, Any]]:
        """What the supervisor sends, until it ends; may be called again after an interruption."""
        while True:
            if self._deadline is not None:
                self._socket.settimeout(max(0.001, self._deadline - time.monotonic()))
            try:
                data = self._socket.recv(262144)
            except TimeoutError:
                raise EnvironmentFault(
                    "the supervisor does not answer", "see its log: `steer doctor`"
                ) from None
            except ConnectionError:
                return
            if not data:
                return
            for kind, payload in self._unpacker.feed(data):
                if kind == "J":
                    yield wire.parse_json(payload)


def answer(message: dict[str, Any]) -> dict[str, Any] | None:
    """The value of a call's result, None for any other message. Raises the `SteerError` it carries."""
    if message.get("t") != "result":
        return None
    if error := message.get("error"):
        raise from_json(error)
    return dict(message.get("value") or {})
