"""Running the board over a fake fleet, and reading what it shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot

from steer.ui.app import SteerApp
from steer.ui.config import UiConfig
from tests.ui.fake_fleet import NOW, FakeFleet

WAIT_S = 10.0  # how long a condition may take before the test says it never came


class RecordingDriver(HeadlessDriver):
    """Takes the app for a real terminal and keeps what was written to it."""

    written: list[str]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.written = []

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self.written.append(data)


class Screen:
    """The app, its pilot and its fleet, for one test."""

    def __init__(self, app: SteerApp, pilot: Pilot[None], fleet: FakeFleet) -> None:
        self.app, self.pilot, self.fleet = app, pilot, fleet
        self.board = app.board

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def until(self, condition: Callable[[], object]) -> None:
        """Let the app work until `condition` holds."""
        async with asyncio.timeout(WAIT_S):
            while not condition():
                await self.pilot.pause()
                await asyncio.sleep(0)

    def picture(self) -> list[str]:
        """The screen as lines of text."""
        update = self.app.screen._compositor.render_full_update()
        return ["".join(strip.text for strip in line).rstrip() for line in update.strips]

    def text(self) -> str:
        return "\n".join(self.picture())

    @property
    def written(self) -> str:
        driver = self.app._driver
        assert isinstance(driver, RecordingDriver)
        return "".join(driver.written)


@asynccontextmanager
async def running(
    fleet: FakeFleet, size: tuple[int, int] = (80, 24), is_terminal: bool = False, **config: Any
) -> AsyncIterator[Screen]:
    """The board on `fleet`, with frames on their way; `is_terminal` records what the driver writes."""
    app = SteerApp(fleet, UiConfig(clock=lambda: NOW, **config), driver_class=RecordingDriver)
    async with app.run_test(size=size, headless=not is_terminal) as pilot:
        screen = Screen(app, pilot, fleet)
        await screen.until(lambda: app.board.is_mounted and fleet.sink is not None)
        await pilot.pause()
        yield screen
