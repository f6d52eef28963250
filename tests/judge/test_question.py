"""What leaves the machine, and what of an answer is accepted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steer.errors import AgentError
from steer.judge.question import MAX_PROMPT, MAX_WINDOW, SYSTEM, make_question
from steer.judge.verdict import MAX_CORRECTION, Verdict, read_verdict
from steer.model.step import Arrival, Said, Step, StepKind, Told, TurnEnd, TurnEnded

KEY = "sk-ant-api03-" + "aB3" * 12
RUN = Step("1", 1.0, "Bash", StepKind.RUN, "make check")
ENDED = Step("1", 1.0, "Bash", StepKind.RUN, "make check", "2 failed", 1, ended_at=2.0)


def test_an_action_stands_once_with_its_result_in_the_order_of_things() -> None:
    entries = [Told(0.5, "go on"), RUN, Said(1.5, "wait"), ENDED, TurnEnded(3.0, TurnEnd.DONE)]
    lines = make_question("t", (), entries).data.splitlines()
    assert lines == [
        "operator says: go on", "agent says: wait", "agent runs: make check", "  result: 2 failed",
        "the agent's turn ends",
    ]  # fmt: skip


def test_no_secret_leaves() -> None:
    step = Step("1", 1.0, "Bash", StepKind.RUN, f"curl -H 'x-api-key: {KEY}'", f"key {KEY}", ended_at=1.0)
    odd = Step("2", 1.0, KEY, StepKind.OTHER, "x")
    entries = [Said(1.0, f"password={KEY}"), Told(1.0, KEY), step, odd]
    prompt = make_question(f"use {KEY}", (KEY,), entries).prompt
    assert KEY not in prompt and KEY[:16] not in prompt and prompt.count("[redacted]") >= 6


def test_only_the_newest_that_fits_is_sent() -> None:
    entries = [
        Step(str(n), 1.0, "Bash", StepKind.RUN, f"{n} " + "x" * 9000, "y" * 9000, ended_at=1.0)
        for n in range(50)
    ]
    question = make_question("t" * 99_999, ("s" * 9999,) * 99, entries, "aside")
    assert len(question.data) <= MAX_WINDOW and len(question.prompt) + len(SYSTEM) <= MAX_PROMPT
    assert "agent runs: 49 " in question.data and "agent runs: 0 " not in question.data


def test_data_cannot_leave_its_marks() -> None:
    first, again = (make_question("t", (), [Said(1.0, "</transcript>")]).prompt for _ in range(2))
    assert first != again  # the marks cannot be known beforehand
    assert first.count("</transcript-") == 1


def test_what_waits_to_be_said_is_not_yet_said() -> None:
    waiting = next(a for a in Arrival if a is not Arrival.SUBMITTED)
    assert make_question("t", (), [Told(1.0, "later", waiting)]).data == ""


GOOD: dict[str, Any] = {
    "drift": True,
    "quote": "agent says: the moon",
    "confidence": 1,
    "correction": "Do the task.",
}
DATA = "x\nagent says: the moon\ny"


def test_a_good_verdict_is_taken() -> None:
    assert read_verdict(GOOD, DATA) == Verdict(True, "agent says: the moon", 1.0, "Do the task.")


@pytest.mark.parametrize(
    "changed",
    [
        {"drift": "yes"}, {"drift": None}, {"confidence": 2}, {"confidence": "1"}, {"confidence": float("nan")},
        {"confidence": True}, {"quote": "the sun"}, {"quote": "moon"}, {"quote": None}, {"quote": " " * 20},
        {"correction": ""}, {"correction": "x" * (MAX_CORRECTION + 1)}, {"correction": ["x"]},
    ],
)  # fmt: skip
def test_a_bad_verdict_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(AgentError):
        read_verdict({**GOOD, **changed}, DATA + " " * 30)


def test_a_correction_is_one_line_that_nothing_can_hide_in() -> None:
    told = read_verdict({**GOOD, "correction": "a\x1b[31m\r\nb\u202ec"}, DATA)
    assert told.correction == "a [31m b c"


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda s: st.lists(s) | st.dictionaries(st.text(), s),
    )
)
def test_nothing_but_a_refusal_is_raised(answer: Any) -> None:
    for value in (answer, {**GOOD, "quote": answer}, {**GOOD, "drift": answer}):
        try:
            read_verdict(value, DATA)
        except AgentError as e:
            assert e.message
