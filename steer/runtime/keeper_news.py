"""What a keeper tells of itself: its recording, the sums of it, a tree that it had to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from steer.model import event as ev
from steer.runtime import keeper_flag
from steer.runtime.verify import Held


class KeeperNews:
    """Of one session's keeper; on the event loop only."""

    def __init__(
        self, session: str, recording: Path, emit: Callable[[ev.Event], None], now: Callable[[], float]
    ) -> None:
        self._session = session
        self._emit = emit
        self._now = now
        self._held = Held(recording)
        self._is_crowded = False
        self._has_ended = False
        self._saving: set[asyncio.Task[None]] = set()

    def greeted(self, hello: dict[str, Any]) -> None:
        """Its hello, once the session is known to be running."""
        self._held.heard(hello.get("sums"), is_over=False)
        self._crowded(hello.get("crowded") or {})

    def heard(self, event: dict[str, Any]) -> None:
        """An event that is not about the terminal."""
        match event.get("event"):
            case "sums":
                self._held.heard(event.get("mark"), is_over=event.get("is_over") is True)
                if self._has_ended:
                    self.save_soon()
            case "crowded":
                self._crowded(event)
            case "recording_stalled":
                self._note(f"not recorded, agent held: {event.get('reason', '')}")
            case "recording_resumed":
                self._note("")
            case "thinned":
                self._note("thinned: over its size limit")

    def ended(self) -> None:
        """The program has ended, or the keeper has."""
        self._has_ended = True
        self._crowded({})
        self.save_soon()

    def save_soon(self) -> None:
        """Write down the newest sum, in a thread: it waits for the disk."""
        task = asyncio.get_running_loop().create_task(self.save())
        self._saving.add(task)
        task.add_done_callback(self._saving.discard)

    async def save(self) -> None:
        await asyncio.to_thread(self._held.save)

    def _note(self, words: str) -> None:
        self._emit(ev.RecordingNoted(self._session, self._now(), words))

    def _crowded(self, told: dict[str, Any]) -> None:
        """Its keeper stopped a tree with too many processes, or the operator let that go on."""
        now, processes = self._now(), int(told.get("processes", 0))
        if processes:
            self._emit(ev.PauseChanged(self._session, now, True))
        if processes or self._is_crowded:
            flags = keeper_flag.crowded(processes, int(told.get("limit", 0)), now)
            self._emit(ev.FlagsFound(self._session, now, "crowd", flags))
        self._is_crowded = bool(processes)
