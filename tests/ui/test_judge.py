"""What the judge suggests begins a correction; only the operator sends it, or writes another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steer.model.flag import Flag, Severity
from steer.model.session import Activity
from steer.model.step import Usage
from steer.ui.bar import spent_text
from steer.ui.board_state import BoardState
from steer.ui.dialog.flags import FlagsDialog
from steer.ui.dialog.inject import Composer, InjectDialog
from tests.ui.fake_fleet import NOW, FakeFleet, view
from tests.ui.harness import Screen
from tests.ui.test_dialogue import LOOP, SHOWN, asking, called, opened, story

ADVICE = "Leave the logo alone, fix the parser."
JUDGE = Flag(
    "judge", "drift, says the judge: nicer logo", Severity.WARN, NOW - 10,
    ("nicer logo", f"suggests: {ADVICE}", "confidence 80%"), "inject", key="nicer logo", suggestion=ADVICE,
)  # fmt: skip


def judged(*flags: Flag, shown: str = ADVICE) -> FakeFleet:
    fleet = asking(activity=Activity.WORKING, ask=None, flags=flags or (LOOP, JUDGE))
    fleet.results["preview"] = {**SHOWN, "shown": shown}
    return fleet


def begun(s: Screen) -> str:
    return s.app.screen.query_one(Composer).text


@pytest.mark.parametrize("key", ["enter", "i"])
def test_a_judges_flag_begins_the_correction_it_suggests(key: str) -> None:
    async def tell(s: Screen) -> None:
        await opened(s, "exclamation_mark", FlagsDialog)
        assert "suggests: Leave the logo alone" in s.text() and "nicer logo" in s.text()
        await s.press(key)
        await s.until(lambda: isinstance(s.app.screen, InjectDialog))
        await s.until(lambda: "suggested by the judge" in s.text())
        assert begun(s) == ADVICE and not called(s, "inject")

    story(judged(JUDGE), tell)


def test_the_suggestion_of_the_newest_flag_is_sent_only_after_it_could_be_read() -> None:
    async def tell(s: Screen) -> None:
        dialog = await opened(s, "i", InjectDialog)
        assert begun(s) == ADVICE
        dialog._opened_at = float("inf")  # as if it had opened this instant
        await s.press("enter")
        assert not called(s, "inject"), "this Enter was meant for something else"
        dialog._opened_at = 0.0
        await s.press("enter")
        await s.until(lambda: called(s, "inject"))
        assert called(s, "inject")[0]["text"] == ADVICE

    story(judged(), tell)


def test_own_words_replace_the_suggestion() -> None:
    async def tell(s: Screen) -> None:
        await opened(s, "i", InjectDialog)
        await s.press("n", "o", "enter")
        await s.until(lambda: called(s, "inject"))
        assert called(s, "inject")[0]["text"] == "no"

    story(judged(shown="no"), tell)


def test_a_suggestion_is_old_when_another_flag_is_newer() -> None:
    async def tell(s: Screen) -> None:
        await opened(s, "i", InjectDialog)
        assert begun(s) == "" and "suggested" not in s.text()

    story(judged(JUDGE, replace(LOOP, at=NOW)), tell)


@pytest.mark.parametrize(
    ("usage", "shown"),
    [
        (Usage("m", input=10, cost_usd=1.0), "$1.50"),
        (Usage("m", input=10), "$0.50+"),
        (Usage(), "$0.50"),
    ],
)
def test_what_the_judge_cost_is_part_of_the_fleets_cost(usage: Usage, shown: str) -> None:
    state = BoardState()
    state.fleet = replace(state.fleet, sessions=(view("alpha", usage=usage, judge_usd=0.5),))
    assert spent_text(state) == shown
