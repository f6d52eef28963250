"""Keys without sense, output without sense, sizes without sense, all at once: the board lives and writes only text."""

from __future__ import annotations

import asyncio
import os
import random

import pytest

from steer.commands.registry import COMMANDS
from steer.model.flag import Flag, Severity
from steer.model.session import Activity
from tests.faults.goals.emulator_fuzz import sequence
from tests.faults.texts import ALLOWED, HOSTILE
from tests.ui.fake_fleet import NOW, FakeFleet, view
from tests.ui.harness import running

STEPS = int(os.environ.get("STEER_STEPS", "120"))
LEAVES = ("q", "ctrl+c", "ctrl+z")  # they would end or suspend the board, as they should
KEYS = sorted({key for command in COMMANDS for key in command.keys} - set(LEAVES))
MORE = ["enter", "escape", "tab", "shift+tab", "up", "down", "left", "right", "home", "end", "pageup", "pagedown",
        "backspace", "delete", "space", "ctrl+q", *map(str, range(10)), *"aäZ€[]/\\:;"]  # fmt: skip
SIZES = [(80, 24), (160, 48), (36, 8), (20, 5), (2, 2), (200, 10), (44, 60)]


@pytest.mark.parametrize("seed", range(2))
def test_nothing_that_is_pressed_printed_or_resized_ends_the_board(seed: int) -> None:
    chance = random.Random(seed)
    texts = [text[:2000] for text in HOSTILE.values()]

    async def go() -> None:
        fleet = FakeFleet(*(view(f"a{n}", id=f"s{n}") for n in range(5)))
        async with running(fleet, (80, 24), is_terminal=True) as s:
            at = len(s.written)
            for step in range(STEPS):
                did = chance.choice(["key", "key", "key", "more", "output", "change", "size"])
                session = f"s{chance.randrange(5)}"
                if did == "key":
                    await s.pilot.press(chance.choice(KEYS))
                elif did == "more":
                    await s.pilot.press(chance.choice(MORE))
                elif did == "output":
                    fleet.output(session, sequence(chance))
                elif did == "size":
                    await s.pilot.resize_terminal(*chance.choice(SIZES))
                else:
                    text = chance.choice(texts)
                    flag = Flag(text, text, chance.choice(list(Severity)), NOW, (text,))
                    fleet.change_session(
                        session,
                        activity=chance.choice(list(Activity)),
                        activity_text=text,
                        flags=(flag,),
                        title=text,
                    )
                await s.pilot.pause()
                assert s.app.is_running and s.app._exception is None, (step, did)
            assert ALLOWED.sub("", s.written[at:]) == ""

    asyncio.run(go())
