"""All clients of one keeper: who may come in, who is served, who is let go."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from typing import Any

from steer.runtime.keeping import tree
from steer.runtime.keeping.loop import READ, WRITE, Loop
from steer.runtime.keeping.peer import Peer
from steer.runtime.wire import WireError

MAX_PEERS = 16
PARTIAL_S = 10.0  # a message that stays incomplete for so long ends the connection


class Audience:
    """Accepts this user's processes, except those of the session itself, and passes their messages on.

    `greet` makes the hello, `on_message(peer, kind, payload)` may raise `WireError` to end the connection,
    `on_change` is called when credit, queues or the number of peers changed.
    """

    def __init__(
        self,
        loop: Loop,
        listener: socket.socket,
        greet: Callable[[], dict[str, Any]],
        on_message: Callable[[Peer, str, bytes], None],
        on_change: Callable[[], None],
    ) -> None:
        self.peers: list[Peer] = []
        self._loop = loop
        self._greet = greet
        self._on_message = on_message
        self._on_change = on_change
        self._listener = listener
        listener.setblocking(False)
        self._open()

    def listen(self, listener: socket.socket) -> None:
        """Accept from `listener` from now on; those who are connected stay so."""
        self._loop.unwatch(self._listener.fileno())
        self._listener.close()
        self._listener = listener
        listener.setblocking(False)
        self._open()

    @property
    def has_consumer(self) -> bool:
        return any(peer.is_consuming for peer in self.peers)

    @property
    def has_late_consumer(self) -> bool:
        """Some client that follows the output cannot take more just now."""
        return any(peer.is_consuming and not peer.can_take_output for peer in self.peers)

    @property
    def has_queue(self) -> bool:
        return any(peer.has_queue for peer in self.peers)

    def output(self, offset: int, data: bytes) -> None:
        for peer in list(self.peers):
            peer.offer_output(offset, data)
            self._settle(peer)

    def event(self, value: dict[str, Any]) -> None:
        for peer in list(self.peers):
            self.send(peer, "E", value)

    def send(self, peer: Peer, kind: str, value: dict[str, Any]) -> None:
        peer.send_json(kind, value)
        self._settle(peer)

    def grant(self, peer: Peer, size: int, offset: int) -> None:
        peer.grant(size, offset)
        self._settle(peer)
        self._on_change()

    def close(self) -> None:
        self._loop.unwatch(self._listener.fileno())
        self._listener.close()
        for peer in list(self.peers):
            self._drop(peer)

    def _open(self) -> None:
        self._loop.watch(self._listener.fileno(), READ, self._accept)

    def _accept(self, mask: int) -> None:
        try:
            sock, _ = self._listener.accept()
        except OSError as e:
            if e.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS):
                self._loop.unwatch(self._listener.fileno())  # the pending one would keep the loop spinning
                self._loop.set_timer("accept", 1.0, self._open)
            return
        peer = Peer(sock)
        if len(self.peers) >= MAX_PEERS or not self._is_welcome(peer):
            sock.close()
            return
        self.peers.append(peer)
        self._loop.watch(peer.fd, READ, lambda mask: self._serve(peer, mask))
        self.send(peer, "H", self._greet())
        self._on_change()

    def _is_welcome(self, peer: Peer) -> bool:
        """This user (or root), but no agent, this keeper's or another's: it could answer its own questions."""
        try:
            pid, uid = peer.credentials()
        except OSError:
            return False
        if uid not in (os.geteuid(), 0):
            return False
        return not pid or not (tree.is_inside_session(pid, os.getpid()) or peer.has_ended())

    def _serve(self, peer: Peer, mask: int) -> None:
        if mask & WRITE:
            peer.flush()
        if mask & READ:
            self._receive(peer)
        self._settle(peer)
        if mask & WRITE:
            self._on_change()

    def _receive(self, peer: Peer) -> None:
        try:
            for kind, payload in peer.receive():
                self._on_message(peer, kind, payload)
                if peer.is_closed:
                    return
        except (WireError, OSError):
            peer.close()
            return
        timer = f"partial {peer.fd}"
        if not peer.has_partial:
            self._loop.cancel_timer(timer)
        elif not self._loop.has_timer(timer):
            self._loop.set_timer(timer, PARTIAL_S, lambda: self._drop(peer))

    def _settle(self, peer: Peer) -> None:
        """Watch for what the peer waits for, or let go of a closed one."""
        if peer not in self.peers:
            return
        if peer.is_closed:
            self._drop(peer)
            return
        mask = READ | WRITE if peer.has_queue else READ
        self._loop.watch(peer.fd, mask, lambda mask: self._serve(peer, mask))

    def _drop(self, peer: Peer) -> None:
        if peer not in self.peers:
            return
        self.peers.remove(peer)
        peer.close()
        self._loop.cancel_timer(f"partial {peer.fd}")
        self._loop.unwatch(peer.fd)
        peer.sock.close()
        self._on_change()
