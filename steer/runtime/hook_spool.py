"""Events that agents' hooks drop as files, read as they come: one folder per session below one root.

The folder outlives the supervisor: what an agent reports meanwhile waits there, up to a limit, and what nobody
reads is dropped by the hook itself. A file is read once and removed.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

from watchfiles import Change, awatch

from steer.agents.hook import MAX_EVENT_BYTES, MAX_EVENTS, HookEvent, parse_hook, settings
from steer.config.path import private_dir
from steer.errors import SteerError
from steer.runtime.store import write_atomically

STEP_MS = 100  # how often the library looks for new events; each costs microseconds
DEBOUNCE_MS = 200

Listener = Callable[[str, HookEvent], None]


class HookSpool:
    """`root`/<session>/ are the folders; `heard(session, event)` is called on the event loop, oldest first."""

    def __init__(self, root: Path, heard: Listener) -> None:
        self._root = root
        self._heard = heard

    def prepare(self, session: str, file: Path) -> None:
        """An empty folder for the session's events and, at `file`, the settings that make its agent use it.

        Raises `SteerError` where they cannot be made.
        """
        self.forget(session)
        private_dir(self._root)
        write_atomically(file, settings(private_dir(self._root / session)))

    def forget(self, session: str) -> None:
        shutil.rmtree(self._root / session, ignore_errors=True)

    def read(self, session: str) -> None:
        """Tell what lies in the session's folder, and remove it."""
        found = []
        try:
            with os.scandir(self._root / session) as entries:
                found = [e.path for e in entries if e.name.startswith("e")]
        except OSError:
            return
        events = [(at, event) for path in found[: 2 * MAX_EVENTS] for at, event in [_take(path)] if event]
        for _, event in sorted(events, key=lambda pair: pair[0]):
            self._heard(session, event)

    def read_all(self) -> None:
        try:
            names = [path.name for path in self._root.iterdir()]
        except OSError:
            return
        for name in names:
            self.read(name)

    async def watch(self, stop: asyncio.Event, failed: Callable[[str], None]) -> None:
        """Tell events as they come, until `stop`. Where the system refuses to watch, `failed` is told why once."""

        def keep(_: Change, path: str) -> bool:
            return Path(path).name.startswith("e")

        try:
            root = private_dir(self._root)
            async for changes in awatch(
                root, watch_filter=keep, stop_event=stop, step=STEP_MS, debounce=DEBOUNCE_MS
            ):
                for name in {
                    Path(path).parent.name for change, path in changes if change is not Change.deleted
                }:
                    self.read(name)
        except (OSError, RuntimeError, ValueError, SteerError) as e:
            failed(str(e))


def _take(path: str) -> tuple[int, HookEvent | None]:
    """(when it was written in ns, the event in the file); the file is gone afterwards. Links are not followed."""
    written, event = 0, None
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            info = os.fstat(fd)
            written = info.st_mtime_ns
            if stat.S_ISREG(info.st_mode) and info.st_size <= MAX_EVENT_BYTES:
                event = parse_hook(os.read(fd, MAX_EVENT_BYTES), written / 1e9)
        finally:
            os.close(fd)
    except OSError:
        pass
    try:
        Path(path).unlink()
    except OSError:
        pass
    return written, event
