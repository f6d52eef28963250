"""Ending what a killed keeper's agent left behind, as soon as it is known that the keeper is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from steer.model import event as ev
from steer.runtime.left_over import end_left_over, keepers_of, left_over

RETRY_S = 2.0


class Clearing:
    """On the event loop only; looking and killing is done in a thread, for all sessions lost at once in one go.

    `reattach` tries to follow a session's keeper again; false where that is to be tried once more.
    Whoever starts an agent in a session that was lost waits for `settled` first: its processes carry the same mark.
    """

    def __init__(
        self,
        emit: Callable[[ev.Event], None],
        now: Callable[[], float],
        reattach: Callable[[str], Awaitable[bool]],
    ) -> None:
        self._emit = emit
        self._now = now
        self._reattach = reattach
        self._reaching: set[asyncio.Task[None]] = set()
        self._waiting: set[str] = set()
        self._under_way: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    def lost(self, session: str) -> None:
        """The session's keeper is gone, or cannot be reached; the latter is looked for first."""
        self._waiting.add(session)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def settled(self, session: str) -> None:
        """Return when nothing is being ended for this session."""
        while session in self._waiting | self._under_way and self._task:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        await asyncio.sleep(0)  # the others that were lost in the same moment come along
        while self._waiting:
            self._waiting, self._under_way = set(), self._waiting
            try:
                done, keepers = await asyncio.to_thread(_clear, self._under_way)
                for session, (count, remain) in done.items():
                    self._note(session, _words(count, remain))
                for session, pid in keepers.items():
                    self._note(
                        session, f"its recorder (pid {pid}) works, but does not answer: was it stopped?"
                    )
                self._reach(set(keepers))
            finally:
                self._under_way = set()

    def _note(self, session: str, words: str) -> None:
        self._emit(ev.SessionNoted(session, self._now(), words))

    def _reach(self, sessions: set[str]) -> None:
        if sessions:
            task = asyncio.get_running_loop().create_task(self._reach_all(sessions))
            self._reaching.add(task)
            task.add_done_callback(self._reaching.discard)

    async def _reach_all(self, sessions: set[str]) -> None:
        """Until each is followed again, or its keeper is really gone."""
        while sessions := {s for s in sessions if not await self._reattach(s)}:
            await asyncio.sleep(RETRY_S)
            alive = set(await asyncio.to_thread(keepers_of, sessions))
            for session in sessions - alive:
                self.lost(session)
            sessions = alive


def _clear(sessions: set[str]) -> tuple[dict[str, tuple[int, list[str]]], dict[str, int]]:
    """(session -> processes found and those still there, session -> its keeper, which is alive: nothing was done)."""
    done = {}
    found = left_over(sessions)
    keepers = keepers_of(found)
    for session in set(found) - set(keepers):
        remain = end_left_over(session)
        done[session] = len(found[session]), [f"{p['pid']} {p['name']}" for p in remain]
    return done, keepers


def _words(count: int, remain: list[str]) -> str:
    what = "a process was" if count == 1 else f"{count} processes were"
    left = f"; still there: {', '.join(remain[:8])}" if remain else " and ended"
    return f"its keeper was lost; {what} left behind{left}; the worktree is intact"
