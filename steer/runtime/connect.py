"""Connecting to a Unix socket whose queue may be full: many may knock at once, agents too; Linux says EAGAIN then."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

PATIENCE_S = 5.0
_AGAIN_S = 0.02


def connect(path: Path | str, patience_s: float = PATIENCE_S) -> socket.socket:
    """A connection, blocking. Raises `OSError` where nobody listens, or the queue stays full for so long."""
    end = time.monotonic() + patience_s
    while True:
        try:
            return _connect(path)
        except BlockingIOError:
            if time.monotonic() >= end:
                raise
        time.sleep(_AGAIN_S)


async def open_connection(path: Path | str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The same for the event loop, which others use meanwhile."""
    import asyncio  # here: `steer ls` has no event loop, and would wait for it to be loaded

    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            return await asyncio.open_unix_connection(sock=_connect(path))
        except BlockingIOError:
            if time.monotonic() >= end:
                raise
        await asyncio.sleep(_AGAIN_S)


def _connect(path: Path | str) -> socket.socket:
    """At once or not at all: connecting to a Unix socket waits for nothing but a place in the queue (unix(7))."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    made.setblocking(False)
    try:
        made.connect(os.fspath(path))
    except OSError:
        made.close()
        raise
    made.setblocking(True)
    return made
