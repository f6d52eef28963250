"""Telling the app when a theme file of the user changes. The kernel tells us; nothing polls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path


async def watch_themes(folder: Path, changed: Callable[[], None]) -> None:
    """Call `changed` after every change of a *.toml in `folder`, until cancelled. No folder: nothing to watch."""
    if not folder.is_dir():
        return
    from watchfiles import awatch

    stop = asyncio.Event()
    try:
        async for changes in awatch(folder, stop_event=stop, recursive=False):
            if any(path.endswith(".toml") for _, path in changes):
                changed()
    finally:
        stop.set()
