"""A stage for keepers: start one on a scripted program, follow it, and clear everything away afterwards."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from steer.errors import SteerError
from steer.record.reader import Event, Kind, Reader
from steer.runtime.keeper_client import KeeperClient
from steer.runtime.keeper_launch import LaunchResult, launch

DEADLINE_S = 60.0  # generous: reached only when something hangs
READY = b"READY"
PRELUDE = """
import os, sys, time, signal, tty
def ready():
    tty.setraw(0)
    os.write(1, b"READY")
"""


def python(code: str) -> list[str]:
    """A program for the session: `code` in a bare interpreter.

    `ready()` in it makes the terminal raw, which drops what was typed before, and says so.
    """
    return [sys.executable, "-I", "-S", "-c", PRELUDE + code]


def read_recording(path: Path) -> tuple[list[Event], list[str]]:
    reader = Reader()
    return reader.feed(path.read_bytes()) + reader.finish(), reader.problems


def output_of(path: Path) -> bytes:
    events, problems = read_recording(path)
    assert problems == []
    return b"".join(e.data for e in events if e.kind is Kind.OUTPUT).removeprefix(READY)


class Session:
    """A keeper's files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "k.sock"
        self.recording = folder / "r.cast"
        self.result: LaunchResult | None = None

    @property
    def pid(self) -> int:
        assert self.result
        return self.result.pid

    def wait_until_gone(self) -> None:
        """Return when the keeper's process has ended."""
        try:
            fd = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        ready = select.select([fd], [], [], DEADLINE_S)[0]
        os.close(fd)
        assert ready, "the keeper did not end"


class Client:
    """A connection that keeps what it is told and lets a test wait for it."""

    def __init__(self, client: KeeperClient, session: Session) -> None:
        self.keeper = client
        self.session = session
        self.data = bytearray()
        self.offset = 0
        self.resyncs: list[int] = []
        self.events: list[dict[str, Any]] = []
        self.closed: str | None = None
        self._changed = asyncio.Event()
        client.on_output = self._output
        client.on_resync = self._resync
        client.on_event = self._event
        client.on_closed = self._close

    def _resync(self, offset: int) -> None:
        self.resyncs.append(offset)
        self._changed.set()

    def _event(self, event: dict[str, Any]) -> None:
        self.events.append(event)
        self._changed.set()

    def _output(self, data: bytes, offset: int) -> None:
        self.data += data
        self.offset = offset
        self._changed.set()

    def _close(self, reason: str) -> None:
        self.closed = reason
        self._changed.set()

    @property
    def shown(self) -> bytes:
        """Live output without the word of `ready()`."""
        return bytes(self.data).removeprefix(READY)

    async def when(self, word: bytes = READY) -> None:
        """Wait until the program has printed `word`, before this client came or after."""
        async with asyncio.timeout(DEADLINE_S):
            while word not in self.session.recording.read_bytes():
                await self.keeper.request("status")

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something the keeper said makes `condition` true."""
        async with asyncio.timeout(DEADLINE_S):
            while not condition():
                assert self.closed is None, self.closed
                self._changed.clear()
                await self._changed.wait()

    async def until_event(self, name: str) -> dict[str, Any]:
        await self.until(lambda: any(e["event"] == name for e in self.events))
        return next(e for e in self.events if e["event"] == name)

    async def request(self, op: str, **arguments: Any) -> dict[str, Any]:
        async with asyncio.timeout(DEADLINE_S):
            return await self.keeper.request(op, **arguments)

    async def type(self, data: bytes) -> dict[str, Any]:
        async with asyncio.timeout(DEADLINE_S):
            return await self.keeper.send_input(data)


class Stage:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sessions: list[Session] = []

    def prepare(self, argv: list[str], **changes: Any) -> Session:
        """The launch file of a session that runs `argv`."""
        folder = self.folder / str(len(self.sessions))
        folder.mkdir(mode=0o700)
        session = Session(folder)
        value: dict[str, Any] = {
            "session": "s12345678",
            "generation": 1,
            "argv": argv,
            "env": {"PATH": os.environ["PATH"], "HOME": str(folder), "SECRET": "hunter2"},
            "cwd": str(folder),
            "cols": 80,
            "rows": 24,
            "recording": str(session.recording),
            "socket": str(session.socket),
            "title": "a title",
            "max_recording_bytes": 0,
            "thin_bytes_per_s": 0,
            "unattended_bytes_per_s": 0,
            "term": "xterm-256color",
        }
        (folder / "launch.json").write_text(json.dumps(value | changes))
        self.sessions.append(session)
        return session

    def start(self, argv: list[str], **changes: Any) -> Session:
        session = self.prepare(argv, **changes)
        session.result = launch(session.folder / "launch.json")
        return session

    async def connect(self, session: Session, credit: int = 1 << 30) -> Client:
        client = Client(await KeeperClient.connect(str(session.socket)), session)
        if credit:
            client.keeper.grant(credit)
        return client

    async def clear(self) -> None:
        for session in self.sessions:
            if session.result:
                await self._end(session)

    async def _end(self, session: Session) -> None:
        try:
            client = await self.connect(session, 0)
            async with asyncio.timeout(20):
                await client.keeper.request("stop", soft=[], grace_s=0)
                await client.keeper.request("forget")
                await client.keeper.close()
            await asyncio.to_thread(session.wait_until_gone)
        except (SteerError, TimeoutError, AssertionError):
            kill(session.pid)


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def is_alive(pid: int) -> bool:
    """Whether the process exists and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
