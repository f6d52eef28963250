"""Sockets are closed to others from the moment at which they are there."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from steer.runtime.hub import Hub
from steer.runtime.keeping import place


class Bound:
    """What every socket looked like right after the call that made it, before anything else could be done to it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.modes: list[int] = []
        bind = socket.socket.bind

        def watched(made: socket.socket, address: Any) -> None:
            bind(made, address)
            self.modes.append(stat.S_IMODE(Path(address).stat().st_mode))

        patch.setattr(socket.socket, "bind", watched)


@pytest.fixture
def bound(monkeypatch: pytest.MonkeyPatch) -> Bound:
    return Bound(monkeypatch)


@pytest.mark.parametrize("umask", [0, 0o022, 0o077])
def test_no_socket_is_ever_open_to_others(tmp_path: Path, bound: Bound, umask: int) -> None:
    async def serve() -> None:
        hub = Hub(MagicMock(), lambda e: "")
        await hub.open(str(tmp_path / "s.sock"))
        await hub.open_again(str(tmp_path / "again.sock"))
        await hub.close()

    before = os.umask(umask)
    try:
        place.bind(str(tmp_path / "k.sock")).close()
        (tmp_path / "k.sock").unlink()
        tmp_path.chmod(0o700)
        again = place.bind_again(str(tmp_path / "below" / "k.sock"))
        assert again
        again.close()
        asyncio.run(serve())
        assert os.umask(umask) == umask, "it is put back"
    finally:
        os.umask(before)
    assert [mode & 0o177 for mode in bound.modes] == [0, 0, 0, 0]
