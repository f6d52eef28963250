"""File changes below one folder, by the folders directly in it: watchfiles (inotify, FSEvents), recursive.

All worktrees of a fleet lie below one root, so one watch serves them all and none is set up per session.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from watchfiles import Change, awatch
from watchfiles._rust_notify import WatchfilesRustInternalError

STEP_MS = 400  # the library looks for new events this often; 50 (its default) costs 0.5 % of a core
DEBOUNCE_MS = 1200
AGAIN_S = 1.0  # between the end of a watch that failed and the next one
SETTLED_S = 1.0  # a new watch is in place by then

Found = Callable[[dict[str, set[bytes]] | None], None]


async def watch_folders(root: Path, found: Found, stop: asyncio.Event, failed: Callable[[str], None]) -> None:
    """Call `found` with what changed: names of the folders directly below `root` -> paths in them, relative, as bytes.

    None stands for anything anywhere: the library gives up at a name that is no UTF-8 (watchfiles 1.1) and with it
    whatever it had seen; it is started again. Returns when `stop` is set. Where the system refuses (out of inotify
    watches), `failed` is told why once.
    """
    try:
        while not await _watch(root, found, stop):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), AGAIN_S)
            asyncio.get_running_loop().call_later(SETTLED_S, found, None)
    except (OSError, RuntimeError, ValueError) as e:
        failed(str(e))


async def _watch(root: Path, found: Found, stop: asyncio.Event) -> bool:
    """Until `stop` is set; False where the library gave up before."""

    def keep(_: Change, path: str) -> bool:
        parts = Path(path).relative_to(root).parts
        return len(parts) > 1 and parts[1] != ".git"

    inside = os.fsencode(root) + b"/"
    try:
        async for changes in awatch(
            root,
            watch_filter=keep,
            stop_event=stop,
            step=STEP_MS,
            debounce=DEBOUNCE_MS,
            ignore_permission_denied=True,
        ):
            found(_by_folder(inside, (os.fsencode(path) for _, path in changes)))
    except* WatchfilesRustInternalError:
        pass
    return stop.is_set()


def _by_folder(root: bytes, paths: Iterable[bytes]) -> dict[str, set[bytes]]:
    folders: dict[str, set[bytes]] = {}
    for path in paths:
        folder, _, inner = path.removeprefix(root).partition(b"/")
        folders.setdefault(os.fsdecode(folder), set()).add(inner)
    return folders
