"""Messages to one peer, gathered for one turn of the event loop and written together.

A system call and a wake-up of the other process cost more than a small message; what belongs together (the
frames of several panes, their acknowledgements) goes out as one.
"""

from __future__ import annotations

import asyncio
from typing import Any

from steer.runtime import wire


class Outbox:
    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._gathered: list[bytes] = []

    def send(self, message: dict[str, Any]) -> None:
        """Send `message` as JSON at the end of this turn."""
        if not self._gathered:
            asyncio.get_running_loop().call_soon(self.flush)
        self._gathered.append(wire.pack_json("J", message))

    def flush(self) -> None:
        data, self._gathered = b"".join(self._gathered), []
        if data and not self._writer.is_closing():
            self._writer.write(data)
