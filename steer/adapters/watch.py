"""File changes below one folder, by the folders directly in it: watchfiles (inotify, FSEvents), recursive.

All worktrees of a fleet lie below one root, so one watch serves them all and none is set up per session.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from watchfiles import Change, awatch

STEP_MS = 400  # the library looks for new events this often; 50 (its default) costs 0.5 % of a core
DEBOUNCE_MS = 1200


async def watch_folders(
    root: Path,
    found: Callable[[dict[str, set[bytes]]], None],
    stop: asyncio.Event,
    failed: Callable[[str], None],
) -> None:
    """Call `found` with what changed: names of the folders directly below `root` -> paths in them, relative, as bytes.

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
            found(_by_folder(os.fsencode(root) + b"/", (os.fsencode(path) for _, path in changes)))
    except (OSError, RuntimeError, ValueError) as e:
        failed(str(e))


def _by_folder(root: bytes, paths: Iterable[bytes]) -> dict[str, set[bytes]]:
    folders: dict[str, set[bytes]] = {}
    for path in paths:
        folder, _, inner = path.removeprefix(root).partition(b"/")
        folders.setdefault(os.fsdecode(folder), set()).add(inner)
    return folders
