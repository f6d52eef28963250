"""Framing on steer's sockets: a 4-byte big-endian length, a 1-byte kind, a payload.

The same framing serves keeper <-> supervisor and supervisor <-> UI or command line. This module is stdlib
only and imports nothing of steer: the keeper uses it.

Kinds, keeper -> client
    H  hello: JSON {protocol, pid, child, session, generation, cols, rows, offset, paused, exit, stalled}
    O  output: u64 (recording size after these bytes) + raw bytes of the pty
    S  resync: u64 offset; output before it was not sent, read it from the recording
    E  event: JSON {event: ...}
    R  result of a request: JSON {id, ok, ...}
Kinds, client -> keeper
    C  request: JSON {id, op, ...}
    I  input: u32 id + raw bytes for the pty
    W  credit: u32 further bytes of output the client will take
Kinds, supervisor <-> UI and command line
    J  one JSON message
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

PROTOCOL = 1
MAX_MESSAGE_BYTES = 8 * 1024 * 1024
_HEAD = struct.Struct(">IB")


class WireError(Exception):
    """The peer sent something that is not this protocol; the connection is of no more use."""


def pack(kind: str, payload: bytes) -> bytes:
    """One message: `kind` is a single ASCII letter."""
    return _HEAD.pack(len(payload), ord(kind)) + payload


def pack_json(kind: str, value: Any) -> bytes:
    return pack(kind, json.dumps(value, separators=(",", ":")).encode())


class Unpacker:
    """Bytes in, whole messages out. Memory is bounded by `MAX_MESSAGE_BYTES` plus one read."""

    def __init__(self, max_bytes: int = MAX_MESSAGE_BYTES) -> None:
        self._buffer = bytearray()
        self._max = max_bytes

    @property
    def pending(self) -> int:
        """Bytes held of a message that is not complete."""
        return len(self._buffer)

    def feed(self, data: bytes) -> Iterator[tuple[str, bytes]]:
        """Yield (kind, payload) for each message `data` completes. Raises `WireError` on one too long."""
        self._buffer += data
        start = 0
        try:
            while len(self._buffer) - start >= _HEAD.size:
                length, kind = _HEAD.unpack_from(self._buffer, start)
                if length > self._max:
                    raise WireError(f"message of {length} bytes is over the limit of {self._max}")
                end = start + _HEAD.size + length
                if len(self._buffer) < end:
                    break
                payload = bytes(self._buffer[start + _HEAD.size : end])
                start = end
                yield chr(kind), payload
        finally:
            del self._buffer[:start]


def parse_json(payload: bytes) -> dict[str, Any]:
    """The JSON object in `payload`. Raises `WireError` where it is none."""
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError) as e:
        raise WireError(f"not JSON: {e}") from e
    if not isinstance(value, dict):
        raise WireError("not a JSON object")
    return value
