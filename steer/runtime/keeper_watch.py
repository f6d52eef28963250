"""Whether keepers answer: one that stands still holds up its agent, and says nothing of it by itself."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

from steer.errors import SteerError
from steer.model import event as ev
from steer.runtime import keeper_flag
from steer.runtime.keeper_client import KeeperClient
from steer.runtime.keeping import tree
from steer.runtime.live import LiveSession

TICK_S = 2.0
LATE_S = 0.5  # a tick so late says that this process, or the whole machine, had no time: it proves nothing
STOPPED_TICKS = 2  # without an answer, of a keeper that the system calls stopped
BUSY_TICKS = 10  # of one that may only be waiting for the disk or the processor
_STOPPED = "Tt"  # proc(5)


@dataclass
class _Known:
    keeper: KeeperClient
    heard: int = -1
    is_asked: bool = False
    ticks: int = 0  # on time, since it was asked
    is_silent: bool = False


class KeeperWatch:
    """On the event loop only. One that says something by itself is not asked, another one every second tick."""

    def __init__(
        self,
        lives: Callable[[], Iterable[LiveSession]],
        emit: Callable[[ev.Event], None],
        now: Callable[[], float],
    ) -> None:
        self._lives = lives
        self._emit = emit
        self._now = now
        self._known: dict[str, _Known] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + TICK_S
            await asyncio.sleep(TICK_S)
            self.tick(is_late=loop.time() > due + LATE_S)

    def tick(self, *, is_late: bool) -> None:
        """Look at every keeper once."""
        lives = {live.spec.id: live for live in self._lives() if live.keeper}
        self._known = {session: known for session, known in self._known.items() if session in lives}
        for session, live in lives.items():
            assert live.keeper
            known = self._known.get(session)
            if known is None or known.keeper is not live.keeper:
                known = self._known[session] = _Known(live.keeper)
            self._look(live, known, is_late=is_late)

    def _look(self, live: LiveSession, known: _Known, *, is_late: bool) -> None:
        if known.heard != known.keeper.heard:
            known.heard, known.is_asked, known.ticks = known.keeper.heard, False, 0
            self._say(live, known, is_silent=False)
        elif not known.is_asked:
            known.is_asked = True
            self._spawn(_ask(known.keeper))
        elif is_late:
            known.ticks = 0
        else:
            known.ticks += 1
            process = tree.read_process(known.keeper.pid)
            is_stopped = process is not None and process.state in _STOPPED
            if known.ticks >= (STOPPED_TICKS if is_stopped else BUSY_TICKS):
                self._say(live, known, is_silent=True, is_stopped=is_stopped)

    def _say(self, live: LiveSession, known: _Known, *, is_silent: bool, is_stopped: bool = False) -> None:
        if is_silent == known.is_silent:
            return
        known.is_silent = is_silent
        at = self._now()
        flags = keeper_flag.silent(known.keeper.pid, is_stopped=is_stopped, at=at) if is_silent else ()
        live.silence = flags[0].evidence[0] if flags else ""
        self._emit(ev.FlagsFound(live.spec.id, at, "keeper", flags))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _ask(keeper: KeeperClient) -> None:
    with contextlib.suppress(SteerError):  # any answer is one
        await keeper.request("ping")
