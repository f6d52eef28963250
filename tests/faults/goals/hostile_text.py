"""R10: hostile texts in every widget of the board and its dialogs that shows text from outside.

The twenty kinds go into every place; generated ones are dealt out, each to one place. Counted are rounds in which
the board ended, lost its screen, or called something that nobody asked for. Beside it a Static as Textual gives it.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from textual.app import App, ComposeResult
from textual.widgets import Static

from tests.faults.goals.measure import Outcome, Size, Tally, package, sum_of
from tests.faults.texts import HOSTILE, hostile
from tests.ui.everywhere import READING, Deal, hostile_views, open_dialogs, show_everywhere
from tests.ui.fake_fleet import FakeFleet
from tests.ui.harness import Screen, running

ROUNDS_PER_BOARD = 12


def measure(size: Size, folder: Path) -> Outcome:
    count, shares = size.tries(1_000, 100_000), os.cpu_count() or 1
    texts = (
        list(HOSTILE.items()) if size.share >= 1 else random.sample(list(HOSTILE.items()), size.tries(20, 20))
    )
    with multiprocessing.get_context("spawn").Pool(shares) as pool:
        hands = pool.map_async(_by_hand, [dict(texts[n::shares]) for n in range(shares)])
        runs = pool.map(_generated, [-(-count // shares)] * shares)
        hand = sum_of(hands.get())
    tally, dealt = sum_of(run[0] for run in runs), sum(run[1] for run in runs)
    said = f"{hand} kinds, each in every place, and {tally} rounds of {dealt:,} generated texts end the board"
    return Outcome(said, hand.wrong == tally.wrong == 0, _textual())


def _by_hand(kinds: dict[str, str]) -> Tally:
    tally, texts = Tally(), [text[:20_000] for text in kinds.values()]
    while tally.tries < len(texts):  # a new board where the last one ended
        for wrong in asyncio.run(_a_board([partial(str, text) for text in texts[tally.tries :]])):
            tally.add(wrong)
    return tally


def _generated(count: int) -> tuple[Tally, int]:
    """(rounds, texts)"""
    chance, tally, dealt = random.Random(), Tally(), 0

    def deal() -> str:
        nonlocal dealt
        dealt += 1
        return hostile(chance)

    while dealt < count:
        for wrong in asyncio.run(_a_board([deal] * min(ROUNDS_PER_BOARD, 1 + (count - dealt) // 80))):
            tally.add(wrong)
    return tally, dealt


async def _a_board(rounds: Sequence[Deal]) -> list[str]:
    """What was wrong in each round, "" where nothing was; the first that was wrong is the last."""
    said: list[str] = []
    try:
        async with running(FakeFleet(*hostile_views(rounds[0])), (120, 40)) as s:
            for deal in rounds:
                said.append(await _round(s, deal))
                if said[-1]:
                    break
    except Exception as e:
        said.append(f"{type(e).__name__}: {e}"[:200])
    return said


async def _round(s: Screen, deal: Deal) -> str:
    s.fleet.calls.clear()
    await show_everywhere(s, deal)
    await open_dialogs(s, deal)
    called = {call for call, _ in s.fleet.calls} - READING - {"interrupt"}
    if called:
        return f"did {', '.join(sorted(called))} without being asked"
    return "" if s.app.is_running and s.app.screen is s.board else "the board is gone"


class _Plain(App[None]):
    """A Static as it comes; an action that a text may not reach."""

    ran = 0

    def compose(self) -> ComposeResult:
        yield Static("", id="text")

    def action_pwn(self) -> None:
        self.ran += 1


def _textual() -> dict[str, str]:
    chance, crashed, acted = random.Random(1), Tally(), Tally()
    texts = [text[:2000] for text in HOSTILE.values()] + [hostile(chance) for _ in range(40)]
    texts.append("[@click=app.pwn]click[/]")
    while crashed.tries < len(texts):  # a new app where the last one ended
        asyncio.run(_in_a_static(texts[crashed.tries :], crashed, acted))
    said = f"{crashed} texts end the app; {acted.wrong} of {acted.tries} run an action when clicked"
    return {f"{package('textual')} Static": said}


async def _in_a_static(texts: list[str], crashed: Tally, acted: Tally) -> None:
    app, shown = _Plain(), 0
    try:
        async with app.run_test() as pilot:
            for text in texts:
                shown += 1
                before = app.ran
                app.query_one("#text", Static).update(text)
                await pilot.pause()
                await pilot.click("#text", offset=(1, 0))
                await pilot.pause()
                crashed.add("")
                acted.add("it ran" if app.ran > before else "")
                shown -= 1
    except Exception as e:
        if not shown:
            raise
        crashed.add(type(e).__name__)
        acted.add("")
