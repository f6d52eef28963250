"""Watches what one session's agent does and asks: feeds its sources, tells the fleet, lets others wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from steer.agents.hook import HookEvent
from steer.agents.profile import GENERIC, Profile
from steer.model import event as ev
from steer.model.ask import Ask
from steer.model.session import Activity
from steer.model.step import Told
from steer.runtime.activity import SETTLE_S, ActivitySource, Look, News
from steer.term.emulator import Emulator
from steer.term.status import Status

PACE_S = 0.05  # between two looks of somebody who waits
MAX_HEARD = 50


@dataclass(frozen=True, slots=True)
class Heard:
    """A text that the agent took, and who says so: its hook or its transcript."""

    at: float
    text: str
    source: str


class Observer:
    """One session's. On the event loop only."""

    def __init__(
        self,
        session: str,
        emulator: Emulator,
        emit: Callable[[ev.Event], None],
        now: Callable[[], float],
        profile: Profile = GENERIC,
    ) -> None:
        self._emulator = emulator
        self._emit = emit
        self.now = now
        self._source = ActivitySource(session, profile)
        self._timer: asyncio.TimerHandle | None = None
        self._changed = asyncio.Event()
        self._is_over = False
        self.is_told = False  # its hooks or its transcript tell which texts arrive
        self.heard: list[Heard] = []  # the newest of them

    @property
    def activity(self) -> Activity:
        return self._source.activity

    @property
    def ask(self) -> Ask | None:
        return self._source.ask

    @property
    def source(self) -> str:
        """Which source says what the activity is: "osc7501", "hook Stop", "title rule ...", "screen rule ..."."""
        return self._source.source

    @property
    def hint(self) -> str:
        return self._source.hint

    def end(self) -> None:
        """The agent is gone: its screen says nothing any more."""
        self._is_over = True
        self._changed.set()

    # -- sources --------------------------------------------------------------------------------------

    def output(self) -> None:
        """The agent printed something."""
        self._changed.set()
        if self._source.wants_screen:
            self._look_soon()

    def reported(self, status: Status, at: float) -> None:
        self._tell(self._source.reported(status, at))
        if self._source.wants_screen:
            self._look_soon()

    def hooked(self, event: HookEvent) -> None:
        self.is_told = True
        if event.name == "UserPromptSubmit":
            self._hear(Heard(event.at, event.text, "hook"))
        self._tell(self._source.hooked(event))
        if self._source.wants_screen:
            self._look_soon()

    def told(self, entry: Told) -> None:
        """Its transcript holds a text of the operator."""
        self.is_told = True
        self._hear(Heard(entry.at, entry.text, "transcript"))
        self._changed.set()

    def _hear(self, heard: Heard) -> None:
        self.heard = [*self.heard, heard][-MAX_HEARD:]

    def look(self) -> Look:
        """The screen as it is now; what it says is told at once."""
        look = Look(self._emulator.title, self._emulator.screen(), self._emulator.rows())
        if self._source.wants_screen and not self._is_over:
            self._tell(self._source.seen(look, self.now()))
        return look

    def explain(self) -> list[str]:
        """What each source of its activity says, best first; one line each."""
        return self._source.explain(self.look(), self.now())

    def _look_soon(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SETTLE_S, self._look_settled)

    def _look_settled(self) -> None:
        self._timer = None
        self.look()

    def _tell(self, news: News) -> None:
        for event in news:
            self._emit(event)
        self._changed.set()

    # -- waiting --------------------------------------------------------------------------------------

    async def wait(self, holds: Callable[[], bool], timeout_s: float) -> bool:
        """Whether `holds` became true within the time; asked again after whatever the agent does."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_s
        while not holds():
            left = end - loop.time()
            if left <= 0 or self._is_over:
                return False
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except TimeoutError:
                return holds()
            await asyncio.sleep(PACE_S)
        return True
