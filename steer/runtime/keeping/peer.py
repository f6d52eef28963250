"""One connected client: its messages, its credit, and what waits to be sent to it."""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
from collections.abc import Iterator
from typing import Any

from steer.runtime.wire import Unpacker, pack, pack_json

MAX_OUTPUT_BYTES = 256 * 1024  # of output queued for one client
MAX_QUEUED_BYTES = 2 * 1024 * 1024  # of anything; a client that lets more pile up is dropped
MAX_REQUEST_BYTES = 4 * 1024 * 1024
_MAX_CREDIT = 1 << 40
_READ_BYTES = 64 * 1024
_SO_PEERPIDFD = 77  # linux/socket.h (asm-generic); Python 3.11 has no name for it
_UCRED = struct.Struct("3i")  # pid, uid, gid: unix(7)


def has_ended(sock: socket.socket) -> bool:
    """Whether the process that connected `sock` is no more, so that its id may be another's by now.

    False also where the system cannot tell: SO_PEERPIDFD came with Linux 6.5.
    """
    try:
        process = sock.getsockopt(socket.SOL_SOCKET, _SO_PEERPIDFD)
    except OSError as e:
        return e.errno != errno.ENOPROTOOPT
    try:
        return bool(select.select([process], [], [], 0)[0])  # pidfd_open(2): readable when it has ended
    finally:
        os.close(process)


class Peer:
    """Output is sent on credit: `credit` may go below zero by one event (64 KiB), then the client must grant.

    A client without credit is `is_behind`: output goes by without it, and once it grants again it is told
    the offset from which it is complete.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.fd = sock.fileno()
        self.credit = 0
        self.has_granted = False
        self.is_behind = False
        self.is_closed = False
        self._unpacker = Unpacker(MAX_REQUEST_BYTES)
        self._queue = bytearray()
        sock.setblocking(False)

    @property
    def is_consuming(self) -> bool:
        """It follows the output: the program may be slowed down for it, for a moment."""
        return self.has_granted and not self.is_behind

    @property
    def can_take_output(self) -> bool:
        return self.credit > 0 and len(self._queue) <= MAX_OUTPUT_BYTES

    @property
    def has_queue(self) -> bool:
        return bool(self._queue)

    @property
    def has_partial(self) -> bool:
        """It began a message and has not finished it."""
        return self._unpacker.pending > 0

    def credentials(self) -> tuple[int, int]:
        """(pid, uid) of the process that connected; pid 0 where the system tells of none, -1 for one out of sight."""
        option = getattr(socket, "SO_PEERCRED", None)
        if option is None:
            return 0, os.getuid()
        pid, uid, _ = _UCRED.unpack(self.sock.getsockopt(socket.SOL_SOCKET, option, _UCRED.size))
        return pid or -1, uid

    def has_ended(self) -> bool:
        """Whether the process that connected is no more; its id may be another's by now."""
        return has_ended(self.sock)

    def receive(self) -> Iterator[tuple[str, bytes]]:
        """Whole messages that have arrived. Raises `WireError` on nonsense, `OSError` at the end."""
        try:
            data = self.sock.recv(_READ_BYTES)
        except BlockingIOError:
            return
        if not data:
            raise ConnectionResetError
        yield from self._unpacker.feed(data)

    def send_json(self, kind: str, value: dict[str, Any]) -> None:
        self.send(pack_json(kind, value))

    def send(self, message: bytes) -> None:
        """Send or queue `message`; a client that does not read its messages is given up."""
        if self.is_closed:
            return
        self._queue += message
        self.flush()
        if len(self._queue) > MAX_QUEUED_BYTES:
            self.close()

    def flush(self) -> None:
        try:
            while self._queue:
                sent = self.sock.send(self._queue)
                del self._queue[:sent]
        except BlockingIOError:
            pass
        except OSError:
            self.close()

    def offer_output(self, offset: int, data: bytes) -> None:
        """`data` was recorded up to `offset`: send it, or note that this client missed it."""
        if self.is_behind or not self.can_take_output:
            self.is_behind = True
            return
        self.credit -= len(data)
        self.send(pack("O", offset.to_bytes(8, "big") + data))

    def grant(self, size: int, offset: int) -> None:
        """The client takes `size` more bytes; where it is behind it is told to catch up to `offset`."""
        self.credit = min(self.credit + size, _MAX_CREDIT)
        self.has_granted = True
        self.catch_up(offset)

    def catch_up(self, offset: int) -> None:
        if self.is_behind and self.can_take_output:
            self.is_behind = False
            self.send(pack("S", offset.to_bytes(8, "big")))

    def close(self) -> None:
        """Mark as closed; whoever owns the loop ends its watch and the socket."""
        self.is_closed = True
