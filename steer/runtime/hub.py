"""The supervisor's door: a unix socket that UIs, command lines and agents knock on.

An agent runs as the same user, so file modes do not keep it out. What it may do follows from where it comes
from: a peer inside any session's process tree (double-forked too: the keeper is its subreaper) is a `reporter`,
who may look but not act. Everybody else of this user is the `operator`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from steer.errors import InternalError, SteerError, UserError
from steer.model.fleet import FleetView
from steer.model.frame import Frame
from steer.runtime import wire
from steer.runtime.keeping.peer import has_ended
from steer.runtime.live import LiveSession
from steer.runtime.message import fleet_delta, frame_to_json
from steer.runtime.origin import is_inside_session
from steer.runtime.outbox import Outbox
from steer.runtime.watcher import Watcher

BROADCAST_S = 0.1  # changes of the fleet within this time are sent together
MAX_CLIENTS = 64
MAX_REPORTERS = 16  # of these from inside sessions: agents cannot use up the operator's connections
MAX_CALLS = {"operator": 32, "reporter": 1}  # of one client at once; what it asks beyond that is not read yet
MAX_BACKLOG_BYTES = 4 * 1024 * 1024  # faults R13: at most 4 MB for a client that stopped reading
READ_ONLY = frozenset({"view", "log", "diff", "checkpoints", "search", "text", "explain", "profiles", "ping"})


class Service(Protocol):
    """What the hub serves; the supervisor."""

    def fleet_view(self) -> FleetView: ...

    def live(self, session: str) -> LiveSession | None: ...

    def note_pane_size(self, cols: int, rows: int) -> None:
        """How large panes are now; new sessions start at that size."""

    def keeper_pids(self) -> frozenset[int]: ...

    async def handle(self, method: str, params: dict[str, Any]) -> dict[str, Any]: ...


class Hub:
    def __init__(self, service: Service, on_crash: Callable[[BaseException], str]) -> None:
        self._service = service
        self._on_crash = on_crash
        self._clients: set[Client] = set()
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def open(self, path: str) -> None:
        """Listen on `path`, mode 0600 from the moment it exists."""
        old = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._accept, path)
        finally:
            os.umask(old)

    async def open_again(self, path: str) -> None:
        """Listen anew where the socket was removed; those who are connected stay so."""
        if self._server:
            self._server.close()
        await self.open(path)

    async def close(self) -> None:
        if self._server:
            self._server.close()
        for client in list(self._clients):
            client.close()

    @property
    def has_clients(self) -> bool:
        return bool(self._clients)

    @property
    def has_subscribers(self) -> bool:
        return any(c.is_subscribed for c in self._clients)

    def fleet_changed(self) -> None:
        """Tell subscribers soon; cheap to call for every event."""
        if self._timer is None and self.has_subscribers:
            self._timer = asyncio.get_running_loop().call_later(BROADCAST_S, self._broadcast)

    def _broadcast(self) -> None:
        self._timer = None
        view = self._service.fleet_view()
        for client in list(self._clients):
            client.send_view(view)

    def notice(self, text: str, severity: str = "information") -> None:
        for client in self._clients:
            client.send({"t": "notice", "text": text, "severity": severity})

    def session_changed(self, session: str) -> None:
        """A session was (re)attached or is gone: its watchers must find the new terminal."""
        for client in self._clients:
            client.rewatch(session)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        role = _role(writer.get_extra_info("socket"), self._service.keeper_pids())
        if role is None or self._is_full(role):
            writer.close()
            return
        client = Client(self._service, writer, role, self._on_crash)
        self._clients.add(client)
        try:
            await client.serve(reader)
        finally:
            self._clients.discard(client)
            client.close()

    def _is_full(self, role: str) -> bool:
        same = sum(1 for client in self._clients if client.role == role)
        return len(self._clients) >= MAX_CLIENTS or (role == "reporter" and same >= MAX_REPORTERS)


class Client:
    """One connection. Calls run concurrently; keys, pastes and mouse events keep their order."""

    def __init__(
        self,
        service: Service,
        writer: asyncio.StreamWriter,
        role: str,
        on_crash: Callable[[BaseException], str],
    ) -> None:
        self._service = service
        self._writer = writer
        self._outbox = Outbox(writer)
        self.role = role
        self._on_crash = on_crash
        self._watchers: dict[str, Watcher] = {}
        self._wanted: dict[str, tuple[int, int]] = {}
        self._known: FleetView | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.is_subscribed = False

    async def serve(self, reader: asyncio.StreamReader) -> None:
        unpacker = wire.Unpacker()
        with contextlib.suppress(wire.WireError, ConnectionError, KeyError, TypeError, ValueError):
            while data := await reader.read(65536):
                for kind, payload in unpacker.feed(data):
                    if kind == "J":
                        self._receive(wire.parse_json(payload))
                        await self._has_room()

    def send(self, message: dict[str, Any]) -> None:
        if self._writer.is_closing():
            return
        if self._writer.transport.get_write_buffer_size() > MAX_BACKLOG_BYTES:
            self._writer.transport.abort()  # it stopped reading; frames it has credit for are not the cause
            return
        self._outbox.send(message)

    def send_view(self, view: FleetView) -> None:
        if self.is_subscribed and (delta := fleet_delta(self._known, view)):
            self._known = view
            self.send(delta)

    def close(self) -> None:
        for session in list(self._watchers):
            self._unwatch(session)
        for task in self._tasks:
            task.cancel()
        self._outbox.flush()
        if not self._writer.is_closing():
            self._writer.close()

    # -- messages -------------------------------------------------------------------------------------

    def _receive(self, message: dict[str, Any]) -> None:
        match message.get("t"):
            case "hello":
                hello = {"t": "hello", "protocol": wire.PROTOCOL, "role": self.role, "pid": os.getpid()}
                self.send(hello)
            case "call":
                self._spawn(self._call(message))
            case "subscribe":
                self.is_subscribed, self._known = True, None
                self.send_view(self._service.fleet_view())
            case "watch":
                self._watch(message["s"], int(message["cols"]), int(message["rows"]))
            case "unwatch":
                self._wanted.pop(message["s"], None)
                self._unwatch(message["s"])
            case "ack" | "scroll":
                self._steer_watcher(message)
            case "key" | "paste" | "mouse" | "focus":
                self._type(message)

    def _steer_watcher(self, message: dict[str, Any]) -> None:
        watcher = self._watchers.get(message["s"])
        if watcher is None:
            return
        if message["t"] == "ack":
            watcher.acknowledge(int(message["q"]))
        else:
            watcher.offset = max(0, int(message["offset"]))
            watcher.hurry()
            watcher.poke()

    def _type(self, message: dict[str, Any]) -> None:
        live = self._service.live(message["s"])
        if live is None or self.role != "operator":
            return
        emulator = live.emulator
        if watcher := self._watchers.get(message["s"]):
            watcher.hurry()
        match message["t"]:
            case "key":
                live.type_soon(emulator.encode_key(message["key"], message.get("char")))
            case "paste":
                live.paste_soon(message["text"])
            case "mouse":
                where = int(message["button"]), int(message["x"]), int(message["y"]), int(message["mods"])
                live.type_soon(emulator.encode_mouse(message["action"], *where))
            case "focus":
                live.type_soon(emulator.encode_focus(bool(message["has"])))

    # -- watching -------------------------------------------------------------------------------------

    def _watch(self, session: str, cols: int, rows: int) -> None:
        self._wanted[session] = (cols, rows)
        live = self._service.live(session)
        if live is None:
            return
        watcher = self._watchers.get(session)
        if watcher is None:
            watcher = Watcher(live, self._send_frame)
            self._watchers[session] = watcher
            live.watchers.append(watcher)
        if self.role == "operator":
            self._service.note_pane_size(cols, rows)
            live.resize_soon(cols, rows)
        watcher.redraw()

    def _unwatch(self, session: str) -> None:
        watcher = self._watchers.pop(session, None)
        if watcher is not None:
            watcher.leave()

    def rewatch(self, session: str) -> None:
        self._unwatch(session)
        if session in self._wanted:
            self._watch(session, *self._wanted[session])

    def _send_frame(self, frame: Frame) -> None:
        self.send(frame_to_json(frame))

    # -- calls ----------------------------------------------------------------------------------------

    async def _has_room(self) -> None:
        """Until it may call again: thousands of calls at once would keep everybody else waiting."""
        while len(self._tasks) >= MAX_CALLS[self.role]:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _call(self, message: dict[str, Any]) -> None:
        answer: dict[str, Any] = {"t": "result", "id": message.get("id")}
        try:
            method, params = str(message["method"]), dict(message.get("params") or {})
            if self.role != "operator" and method not in READ_ONLY:
                raise UserError(
                    f"{method} is for the operator, and this call comes from inside a session",
                    "run it from a terminal of your own",
                )
            # The work goes on if this client dies: half an intervention is worse than one nobody waits for.
            answer["value"] = await asyncio.shield(
                asyncio.ensure_future(self._service.handle(method, params))
            )
        except SteerError as e:
            answer["error"] = e.to_json()
        except Exception as e:
            answer["error"] = InternalError(
                f"{type(e).__name__} in the supervisor", self._on_crash(e)
            ).to_json()
        self.send(answer)


def _role(sock: Any, keepers: frozenset[int]) -> str | None:
    """operator, reporter, or None for another user."""
    credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, _gid = struct.unpack("3i", credentials)
    if uid != os.getuid():
        return None
    return "reporter" if is_inside_session(pid, keepers) or has_ended(sock) else "operator"
