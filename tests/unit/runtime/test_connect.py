"""A full queue is waited for; nobody there is said at once."""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path

import pytest

from steer.runtime.connect import connect, open_connection


def full(path: Path) -> tuple[socket.socket, list[socket.socket]]:
    """A listener whose queue takes nobody any more, and who stands in it."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(1)
    waiting = []
    while True:
        one = socket.socket(socket.AF_UNIX)
        one.setblocking(False)
        try:
            one.connect(str(path))
        except BlockingIOError:
            one.close()
            return listener, waiting
        waiting.append(one)


def close(*sockets: socket.socket) -> None:
    for each in sockets:
        each.close()


def test_a_full_queue_is_waited_for(tmp_path: Path) -> None:
    listener, waiting = full(tmp_path / "s")
    with pytest.raises(BlockingIOError):
        connect(tmp_path / "s", patience_s=0.0)
    accepted: list[socket.socket] = []
    later = threading.Timer(0.2, lambda: accepted.append(listener.accept()[0]))
    later.start()
    with connect(tmp_path / "s", patience_s=60) as made:
        assert made.getblocking()
    later.join()
    close(listener, *waiting, *accepted)


def test_a_full_queue_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    listener, waiting = full(tmp_path / "s")
    accepted: list[socket.socket] = []

    async def story() -> None:
        task = asyncio.create_task(open_connection(tmp_path / "s"))
        await asyncio.sleep(0)
        assert not task.done()
        accepted.append(listener.accept()[0])
        _, writer = await task
        writer.close()

    asyncio.run(story())
    close(listener, *waiting, *accepted)


def test_nobody_there_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        connect(tmp_path / "none", patience_s=60)
