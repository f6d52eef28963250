"""Dialogs that steer an agent: answering what it asks, ways to say something, what a fork knows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from steer.model.ask import Ask, AskKind, Choice, Meaning
from steer.model.flag import Flag, Severity
from steer.model.session import Activity
from steer.ui.board_state import Mode
from steer.ui.dialog.answer import AnswerDialog
from steer.ui.dialog.card import Card
from steer.ui.dialog.flags import FlagsDialog
from steer.ui.dialog.fork import ForkDialog
from steer.ui.dialog.inject import Composer, InjectDialog
from steer.ui.dialog.palette import Palette
from steer.ui.dialog.restart import RestartDialog
from steer.ui.dialog.start import RenameDialog
from tests.ui.fake_fleet import NOW, FakeFleet, view
from tests.ui.harness import Screen, running

A = "salphaxxx"
COMMAND = "python -m pytest tests/test_prices.py && rm -rf build " + "x" * 90
ASK = Ask(
    AskKind.PERMISSION,
    "Bash command",
    f"Bash command\n{COMMAND}\nDo you want to proceed?",
    (Choice("Yes", ("1",)), Choice("Yes, always for \x1b[31mpytest", ("2",)), Choice("No", ("escape",))),
    selected=0,
    tool="Bash",
    subject=COMMAND,
    takes_text=True,
)
MODES = {
    "modes": [
        {"id": "steer", "title": "within the turn", "reason": ""},
        {"id": "queue", "title": "after the turn", "reason": ""},
        {"id": "interrupt", "title": "interrupt first", "reason": "it is idle"},
    ],
    "default": "queue",
}
SHOWN = {
    "shown": "x",
    "size": 1,
    "warnings": [],
    "refusal": "",
    "is_bracketed": True,
    "generation": 1,
    "digest": "d",
}
PLAN = {
    "carried": ["all files"],
    "left": ["nothing"],
    "branch": "steer/alpha-fork",
    "name": "alpha-fork",
    "conversation": {
        "mode": "whole",
        "text": "",
        "turns": [
            {"id": "t1", "at": 0.0, "text": "fix prices"},
            {"id": "t2", "at": 1.0, "text": "not there"},
        ],
    },
    "moment": {},
}


def asking(**changes: Any) -> FakeFleet:
    fleet = FakeFleet(view("alpha", **{"id": A, "activity": Activity.ASKING, "ask": ASK, **changes}))
    fleet.results = {
        "answer": {"delivery": "submitted", "detail": "the dialog is gone"},
        "modes": MODES,
        "preview": SHOWN,
        "inject": {"delivery": "queued", "detail": ""},
        "plan_fork": PLAN,
        "fork": {"session": A, "notes": []},
    }
    return fleet


def story(
    fleet: FakeFleet, tell: Callable[[Screen], Awaitable[None]], size: tuple[int, int] = (100, 30)
) -> None:
    async def go() -> None:
        async with running(fleet, size) as screen:
            await tell(screen)

    asyncio.run(go())


async def opened(s: Screen, key: str, kind: type[Card[Any]]) -> Card[Any]:
    """Press the key; the dialog, past its guard."""
    await s.press(key)
    await s.until(lambda: isinstance(s.app.screen, kind))
    dialog = s.app.screen
    assert isinstance(dialog, Card)
    dialog._opened_at = 0.0
    return dialog


def called(s: Screen, method: str) -> list[dict[str, Any]]:
    return [params for name, params in s.fleet.calls if name == method]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_all_that_is_asked_is_shown_and_a_number_answers(size: tuple[int, int]) -> None:
    async def tell(s: Screen) -> None:
        await opened(s, "a", AnswerDialog)
        text = "".join(line.strip(" │▌┃▊▎").strip() for line in s.picture())
        assert "rm -rf build" in text and "Do you want to proceed?" in s.text()
        assert s.text().count("x" * 20) >= 1 and "always for ␛[31mpytest" in s.text(), (
            "made visible, not obeyed"
        )
        await s.press("3")
        await s.until(lambda: called(s, "answer"))
        (sent,) = called(s, "answer")
        assert (sent["session"], sent["choice"], sent["text"]) == (A, 2, "")
        assert sent["digest"] == ASK.digest and sent["generation"] == 1 and sent["token"]
        await s.until(lambda: "submitted: the dialog is gone" in s.picture()[-1])

    story(asking(), tell, size)


def test_an_answer_in_words_and_enter_typed_before_reading_sends_nothing() -> None:
    async def tell(s: Screen) -> None:
        dialog = await opened(s, "a", AnswerDialog)
        dialog._opened_at = float("inf")  # no key can be late enough
        await s.press("enter", "1")
        assert s.app.screen is dialog and not called(s, "answer"), "guarded"
        dialog._opened_at = 0.0
        await s.press("tab", *"no 1", "enter")
        await s.until(lambda: called(s, "answer"))
        assert called(s, "answer")[0]["text"] == "no 1" and called(s, "answer")[0]["choice"] == -1

    story(asking(), tell)


def test_the_choice_that_takes_words_asks_for_them() -> None:
    async def tell(s: Screen) -> None:
        await opened(s, "a", AnswerDialog)
        await s.press("4")
        assert not called(s, "answer")
        await s.press(*"yes", "enter")
        await s.until(lambda: called(s, "answer"))
        assert (called(s, "answer")[0]["choice"], called(s, "answer")[0]["text"]) == (-1, "yes")

    words = Choice("Type something", ("4",), Meaning.WORDS)
    story(asking(ask=replace(ASK, choices=(*ASK.choices, words))), tell)


def test_arrows_mark_a_choice_and_escape_answers_nothing() -> None:
    async def tell(s: Screen) -> None:
        await opened(s, "a", AnswerDialog)
        await s.press("down", "escape")
        await s.until(lambda: s.app.screen is s.board)
        assert not called(s, "answer")
        await opened(s, "a", AnswerDialog)
        await s.press("down", "enter")
        await s.until(lambda: called(s, "answer"))
        assert called(s, "answer")[0]["choice"] == 1

    story(asking(), tell)


def test_a_dialog_that_cannot_be_read_is_answered_in_its_terminal() -> None:
    async def tell(s: Screen) -> None:
        await s.press("a")
        assert s.board.state.mode is Mode.FOCUS

    story(asking(ask=None), tell)


def test_the_ways_to_say_something_are_the_agents_own() -> None:
    async def tell(s: Screen) -> None:
        await opened(s, "i", InjectDialog)
        assert "● after the turn" in s.text() and "○ within the turn" in s.text()
        await s.press(*"wrong", "tab")
        assert "it is idle" in s.text(), "why that way is not possible"
        await s.press("enter")
        assert isinstance(s.app.screen, InjectDialog) and not called(s, "inject")
        await s.press("tab", "enter")
        await s.until(lambda: called(s, "inject"))
        assert called(s, "inject")[0]["mode"] == "steer" and called(s, "inject")[0]["text"] == "wrong"
        await s.until(lambda: "alpha: queued" in s.picture()[-1])

    story(asking(), tell)


def test_a_fork_says_what_it_knows_and_takes_an_earlier_turn() -> None:
    async def tell(s: Screen) -> None:
        await opened(s, "f", ForkDialog)
        assert "the whole conversation" in s.text() and "1 of 5" in s.text()
        await s.press("right", "right")
        assert "up to turn 1: fix prices" in s.text()
        await s.press("enter")
        await s.until(lambda: called(s, "fork"))
        sent = called(s, "fork")[0]
        assert (sent["conversation"], sent["turn"], sent["task"]) == ("cut", "t1", "")

    story(asking(), tell)


LOOP = Flag(
    "same-error",
    "same error, no progress",
    Severity.WARN,
    NOW - 60,
    ("step 4", "AssertionError: 3 != 4"),
    "inject",
    3,
    "e1",
)


def test_flags_show_their_evidence_and_the_key_that_helps() -> None:
    async def tell(s: Screen) -> None:
        await opened(s, "exclamation_mark", FlagsDialog)
        text = s.text()
        assert "same error, no progress ×3" in text and "AssertionError: 3 != 4" in text
        assert "correct the agent" in text
        await s.press("enter")
        await s.until(lambda: isinstance(s.app.screen, InjectDialog))

    story(asking(activity=Activity.WORKING, ask=None, flags=(LOOP,)), tell)


@pytest.mark.parametrize(("key", "minutes"), [("x", 0), ("z", 30)])
def test_a_flag_is_dismissed_or_snoozed_by_its_own_name(key: str, minutes: int) -> None:
    async def tell(s: Screen) -> None:
        await opened(s, "exclamation_mark", FlagsDialog)
        await s.press("down", key)
        await s.until(lambda: called(s, "dismiss"))
        assert called(s, "dismiss") == [{"session": A, "flag": "same-error e2", "minutes": minutes}]

    fleet = asking(activity=Activity.WORKING, ask=None, flags=(LOOP, replace(LOOP, key="e2", at=NOW)))
    fleet.results["dismiss"] = {"hidden": "same-error"}
    story(fleet, tell)


def test_the_evidence_is_shown_where_it_stands() -> None:
    async def tell(s: Screen) -> None:
        s.fleet.output(A, b"AssertionError: 3 != 4\r\n" + b"more\r\n" * 200)
        await opened(s, "exclamation_mark", FlagsDialog)
        await s.press("s")
        await s.until(lambda: any(c[:1] == ("scroll",) and c[2] > 100 for c in s.fleet.sent))

    story(asking(activity=Activity.WORKING, ask=None, flags=(LOOP,)), tell)


def test_enter_sends_what_stands_there_now_with_its_own_preview() -> None:
    async def tell(s: Screen) -> None:
        await opened(s, "i", InjectDialog)
        await s.press(*"old")
        await s.until(lambda: called(s, "preview"))
        s.fleet.results["preview"] = {**SHOWN, "shown": "older", "digest": "new"}
        composer = s.app.screen.query_one(Composer)
        composer.insert("er")  # its change is told to the dialog only later
        assert isinstance(s.app.screen, InjectDialog)
        await s.app.screen._send()
        await s.until(lambda: called(s, "inject"))
        assert (called(s, "inject")[0]["text"], called(s, "inject")[0]["digest"]) == ("older", "new")

    story(asking(), tell)


def test_what_differs_from_what_was_typed_is_read_before_it_is_sent() -> None:
    async def tell(s: Screen) -> None:
        await opened(s, "i", InjectDialog)
        s.fleet.results["preview"] = {**SHOWN, "shown": "Note: /clear", "digest": "new"}
        s.app.screen.query_one(Composer).insert("/clear")
        assert isinstance(s.app.screen, InjectDialog)
        await s.app.screen._send()
        assert isinstance(s.app.screen, InjectDialog) and not called(s, "inject")
        await s.until(lambda: "Note: /clear" in s.text())
        await s.press("enter")
        await s.until(lambda: called(s, "inject"))

    story(asking(), tell)


def test_a_vague_correction_gets_a_hint_and_is_sent_all_the_same() -> None:
    async def tell(s: Screen) -> None:
        await opened(s, "i", InjectDialog)
        await s.press(*"fix it")
        await s.until(lambda: "vague: say what is wrong" in s.text())
        await s.press("enter")
        await s.until(lambda: called(s, "inject"))
        assert called(s, "inject")[0]["text"] == "fix it"

    story(asking(), tell)


def restartable(before: dict[str, Any], **changes: Any) -> FakeFleet:
    fleet = asking(activity=Activity.WORKING, ask=None, **changes)
    fleet.results["plan_restart"] = {
        "brief": "make it green\n\nStill failing there:\n- test_tax",
        "name": "alpha-again",
        "base": "main",
        "before": before,
    }
    fleet.results["restart"] = {"session": A, "notes": ["not carried: a socket"]}
    return fleet


BEFORE = {"id": "c" * 40, "at": NOW - 900, "flag": "4 corrections on one issue"}


def test_a_restart_shows_its_brief_which_can_be_edited_and_where_it_starts() -> None:
    async def tell(s: Screen) -> None:
        await opened(s, "R", RestartDialog)
        assert "make it green" in s.text() and "- test_tax" in s.text() and "from the base: main" in s.text()
        await s.press(*"Now ", "enter")
        await s.until(lambda: called(s, "restart"))
        (sent,) = called(s, "restart")
        assert sent["brief"].startswith("Now make it green") and sent["session"] == A
        assert (sent["checkpoint"], sent["kill"], sent["name"]) == ("", "", "alpha-again")
        await s.until(lambda: "not carried" in s.text())

    story(restartable(BEFORE), tell, (110, 36))


def test_a_restart_from_before_it_went_wrong_and_in_place_of_the_old_one() -> None:
    async def tell(s: Screen) -> None:
        await opened(s, "R", RestartDialog)
        await s.press("tab", "right")
        assert "before it went wrong" in s.text() and "4 corrections" in s.text()
        await s.press("tab", "right", "enter")
        await s.until(lambda: called(s, "restart"))
        (sent,) = called(s, "restart")
        assert (sent["checkpoint"], bool(sent["kill"])) == ("c" * 40, True)

    story(restartable(BEFORE), tell, (110, 36))


def test_a_correction_loop_leads_to_a_restart_and_escape_changes_nothing() -> None:
    async def tell(s: Screen) -> None:
        await opened(s, "exclamation_mark", FlagsDialog)
        assert "restart afresh" in s.text()
        await s.press("enter")
        await s.until(lambda: isinstance(s.app.screen, RestartDialog))
        assert "checkpoint before" not in s.text(), "there is none to choose"
        await s.press("escape")
        await s.until(lambda: s.app.screen is s.board)
        assert not called(s, "restart")

    loop = Flag("correction-loop", "4 corrections on one issue", Severity.WARN, NOW, propose="restart")
    story(restartable({}, flags=(loop,)), tell, (110, 36))


def test_arrows_move_in_the_brief() -> None:
    async def tell(s: Screen) -> None:
        await opened(s, "R", RestartDialog)
        await s.press("down", "down", "X", "enter")
        await s.until(lambda: called(s, "restart"))
        assert called(s, "restart")[0]["brief"].splitlines()[2] == "XStill failing there:"

    story(restartable({}), tell, (80, 24))


def test_a_correction_can_be_edited_while_it_is_typed() -> None:
    async def tell(s: Screen) -> None:
        await opened(s, "i", InjectDialog)
        await s.press(*"abx", "backspace", "left", "c", "enter")
        await s.until(lambda: called(s, "inject"))
        assert called(s, "inject")[0]["text"] == "acb"

    fleet = asking()
    fleet.results["preview"] = {**SHOWN, "shown": "acb"}
    story(fleet, tell)


def test_a_typed_correction_may_be_sent_at_once_but_a_proposed_one_must_be_read() -> None:
    async def tell(s: Screen) -> None:
        dialog = await opened(s, "i", InjectDialog)
        dialog._opened_at = float("inf")  # as if it had opened this instant
        await s.press("enter")
        assert not called(s, "inject"), "nothing was typed: this Enter was meant for something else"
        await s.press("o", "k", "enter")
        await s.until(lambda: called(s, "inject"))

    fleet = asking()
    fleet.results["preview"] = {**SHOWN, "shown": "ok"}
    story(fleet, tell)


def test_keys_that_come_late_take_away_no_other_screen() -> None:
    """The second Escape of two quick ones; a dialog that came over the one that is being left."""

    async def tell(s: Screen) -> None:
        await s.press("ctrl+p")
        palette = s.app.screen
        assert isinstance(palette, Palette)
        palette.dismiss()
        palette.dismiss()
        await s.until(lambda: s.app.screen is s.board)
        await s.press("question_mark")
        under = s.app.screen
        assert isinstance(under, Card)
        s.app.push_screen(RenameDialog("name"))
        under.dismiss(None)
        await s.pilot.pause()
        assert isinstance(s.app.screen, RenameDialog)
        await s.press("escape", "escape")
        await s.until(lambda: s.app.screen is s.board)
        under.dismiss(None)
        await s.press("question_mark")
        assert s.app.is_running and isinstance(s.app.screen, Card)

    story(asking(), tell)
