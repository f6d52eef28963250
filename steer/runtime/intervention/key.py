"""Pressing keys by name, as the operator's keyboard would."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from steer.runtime.live import LiveSession

BETWEEN_KEYS_S = 0.1  # opencode wants escape twice and takes two at once for one


async def press(live: LiveSession, keys: Sequence[str]) -> None:
    """Press keys by name, one after the other."""
    for i, key in enumerate(keys):
        if i:
            await asyncio.sleep(BETWEEN_KEYS_S)
        await live.send(live.emulator.encode_key(key, None))
