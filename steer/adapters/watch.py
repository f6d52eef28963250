"""File changes below one folder, as (top folder name) sets: watchfiles (inotify, FSEvents), recursive.

All worktrees of a fleet lie below one root, so one watch serves them all and none is set up per session.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from watchfiles import Change, awatch

STEP_MS = 400  # the library looks for new events this often; 50 (its default) costs 0.5 % of a core
DEBOUNCE_MS = 1200


async def watch_folders(
    root: Path, found: Callable[[set[str]], None], stop: asyncio.Event, failed: Callable[[str], None]
) -> None:
    """Call `found` with the names of the folders directly below `root` in which something changed.

    Returns when `stop` is set. Where the system refuses (out of inotify watches), `failed` is told why once.
    """

    def keep(_: Change, path: str) -> bool:
        parts = Path(path).relative_to(root).parts
        return len(parts) > 1 and parts[1] != ".git"

    try:
        async for changes in awatch(
            root,
            watch_filter=keep,
            stop_event=stop,
            step=STEP_MS,
            debounce=DEBOUNCE_MS,
            ignore_permission_denied=True,
        ):
            found({Path(path).relative_to(root).parts[0] for _, path in changes})
    except (OSError, RuntimeError, ValueError) as e:
        failed(str(e))
