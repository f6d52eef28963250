"""Text from outside, in every place that shows it: no exception, no action, nothing but text reaches the terminal."""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.faults.texts import ALLOWED, HOSTILE, hostile
from tests.ui.everywhere import DIALOGS, READING, hostile_views, open_dialogs, show_everywhere
from tests.ui.fake_fleet import FakeFleet, view
from tests.ui.harness import running

ROUNDS, SEED = 4, random.randrange(1 << 30)
ALL_AT_ONCE = {"all": " ".join(text[:60] for text in HOSTILE.values())}


@pytest.mark.parametrize(("size", "texts"), [((160, 48), HOSTILE), ((80, 24), ALL_AT_ONCE)])
def test_hostile_text_is_only_text(size: tuple[int, int], texts: dict[str, str]) -> None:
    async def go() -> None:
        fleet = FakeFleet(*hostile_views(lambda: "calm"))
        async with running(fleet, size, is_terminal=True) as s:
            await s.until(lambda: all(watch.is_watched for watch in fleet.watches.values()))
            for kind, text in texts.items():
                fleet.calls.clear()
                at = len(s.written)
                await show_everywhere(s, lambda text=text: text)
                assert s.app.is_running and s.app.screen is s.board, kind
                assert [c for c, _ in fleet.calls] == ["interrupt"], f"{kind}: done without being asked"
                written = s.written[at:]
                assert written and ALLOWED.sub("", written) == "", kind

    asyncio.run(go())


def test_generated_text_is_only_text_in_boards_and_dialogs() -> None:
    chance = random.Random(SEED)

    def deal() -> str:
        return hostile(chance)

    async def go() -> None:
        fleet = FakeFleet(*hostile_views(deal))
        async with running(fleet, (120, 40), is_terminal=True) as s:
            for _ in range(ROUNDS):
                at = len(s.written)
                await show_everywhere(s, deal)
                fleet.calls.clear()
                seen = await open_dialogs(s, deal)
                assert s.app.is_running and s.app.screen is s.board and len(seen) == len(DIALOGS), seen
                assert {c for c, _ in fleet.calls} <= READING, "done without being asked"
                assert ALLOWED.sub("", s.written[at:]) == ""

    asyncio.run(go())


def test_agents_cannot_reach_the_terminal_by_what_they_print() -> None:
    """The direct path and the compositor's, over everything at once and with each frame drawn both ways."""
    noise = "".join(HOSTILE[k][:400] for k in HOSTILE).encode("utf-8", "surrogatepass")

    async def go() -> str:
        fleet = FakeFleet(view("a", id="s1"), view("b", id="s2"))
        async with running(fleet, (100, 30), is_terminal=True) as s:
            await s.until(lambda: fleet.watches["s2"].is_watched)
            for at in range(0, len(noise), 97):
                fleet.output("s1", noise[at : at + 97])
                fleet.output("s2", noise[: at + 97])
                if at % 5 == 0:
                    s.board.area.panes["s1"].refresh()
                await s.pilot.pause()
            return s.written

    written = asyncio.run(go())
    assert ALLOWED.sub("", written) == ""
