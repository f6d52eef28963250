"""Bounds "full reset" (RIS, ESC c): two bytes are 20 µs of work for an emulator (pyghostty 0.1.3), 64 KiB are 0.3 s."""

from __future__ import annotations

_RESET = b"\x1bc"
MOST = 16  # in one piece of output; programs reset once


def few_resets(data: bytes) -> bytes:
    """`data` without the resets beyond the first `MOST`, except the last: after that one nothing before it shows."""
    if data.count(_RESET) <= MOST:
        return data
    *kept, rest = data.split(_RESET, MOST)
    dropped, reset, last = rest.rpartition(_RESET)
    return _RESET.join(kept) + _RESET + dropped.replace(_RESET, b"\x18") + reset + last
