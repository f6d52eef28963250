"""The ledger of corrections: what held, what did not, where a session is heading, and when to start afresh."""

from __future__ import annotations

import pytest

from steer.detect.convergence import LOOP_AFTER, ConvergenceDetector, comparable, explain, trend, trend_of
from steer.detect.finding import Finding, Kind
from steer.detect.ledger import (
    OWN_CHECK,
    Cleared,
    Corrected,
    Fact,
    Fate,
    Kept,
    Ledger,
    Measured,
    Raised,
)
from steer.detect.pipeline import Pipeline
from steer.model.session import Trend
from steer.model.step import Entry, Step, StepKind, Told

A, B = "tests/test_a.py::test_one", "tests/test_a.py::test_two"


def ledger(*facts: Fact) -> Ledger:
    return Ledger(facts)


def failed(at: float, *ids: str, source: str = "pytest") -> Measured:
    return Measured(at, source, len(ids), ids)


def fates(made: Ledger) -> list[Fate]:
    return [c.fate for c in made.corrections]


@pytest.mark.parametrize(
    ("sizes", "wanted"),
    [
        ([], Trend.NONE),
        ([3], Trend.NONE),
        ([0, 0], Trend.NONE),
        ([33, 8, 1, 0], Trend.CONVERGING),
        ([5, 3, 3], Trend.CONVERGING),
        ([3, 3], Trend.NONE),
        ([3, 3, 3], Trend.STUCK),
        ([5, 3, 4, 3], Trend.STUCK),
        ([2, 1, 2, 1, 2], Trend.STUCK),
        ([1, 3, 6], Trend.DIVERGING),
        ([40, 41, 41], Trend.STUCK),
        ([9, 9, 9, 2], Trend.CONVERGING),
    ],
)
def test_trend(sizes: list[int], wanted: Trend) -> None:
    assert trend_of(sizes) is wanted


def test_the_sessions_own_check_decides_before_the_agents() -> None:
    made = ledger(*(failed(i, A, B) for i in range(4)))
    assert trend(made) is Trend.STUCK
    made.take(Measured(5.0, OWN_CHECK, 9))
    made.take(Measured(6.0, OWN_CHECK, 4))
    assert trend(made) is Trend.CONVERGING


def test_rewriting_all_the_time_is_no_progress() -> None:
    assert trend(ledger(*(Kept(i, 0.2) for i in range(4)))) is Trend.STUCK
    assert trend(ledger(*(Kept(i, 0.9) for i in range(4)))) is Trend.NONE


def test_a_correction_after_which_the_failure_is_gone_has_held() -> None:
    made = ledger(failed(1, A), Corrected(2, "round in one place"), failed(3, A))
    assert fates(made) == [Fate.FAILED]
    made.take(Measured(4, "pytest", 0))
    assert fates(made) == [Fate.HELD]


def test_fewer_failures_are_a_help_and_others_are_not_the_same() -> None:
    assert fates(ledger(failed(1, A, B), Corrected(2, "x"), failed(3, B))) == [Fate.HELPED]
    assert fates(ledger(failed(1, A), Corrected(2, "x"), failed(3, B))) == [Fate.HELD]
    assert fates(ledger(failed(1, A), Corrected(2, "x"), failed(3, A, source="mypy"))) == [Fate.OPEN]


def test_what_held_can_come_back_and_success_is_the_newest_corrections() -> None:
    made = ledger(failed(1, A), Corrected(2, "x"), Measured(3, "pytest", 0), failed(4, A))
    assert fates(made) == [Fate.BACK]
    made = ledger(failed(1, A), Corrected(2, "x"), failed(3, A), Corrected(4, "y"), Measured(5, "pytest", 0))
    assert fates(made) == [Fate.FAILED, Fate.HELD]


def test_a_flag_that_goes_means_that_it_held_and_one_seen_again_that_it_did_not() -> None:
    made = ledger(Raised(1, "same-error e"), Corrected(2, "x"), Cleared(3, "same-error e"))
    assert fates(made) == [Fate.HELD]
    made.take(Raised(4, "same-error e"))
    assert fates(made) == [Fate.BACK]
    assert fates(ledger(Raised(1, "loop"), Corrected(2, "x"), Raised(3, "loop"))) == [Fate.FAILED]
    assert fates(ledger(Corrected(2, "x"))) == [Fate.UNTRIED]


def run(detector: ConvergenceDetector, *facts: Fact) -> list[Finding]:
    return [f for fact in facts for f in detector.take(fact)]


def in_vain(count: int) -> list[Fact]:
    return [f for i in range(count) for f in (Corrected(10.0 * i + 2, f"text {i}"), failed(10.0 * i + 3, A))]


def test_the_fourth_correction_in_vain_proposes_a_fresh_start() -> None:
    detector = ConvergenceDetector()
    assert run(detector, failed(1, A), *in_vain(LOOP_AFTER - 1)) == []
    (found,) = run(detector, Corrected(40, "once more"), failed(41, A))
    assert (found.kind, found.propose, found.count) == (Kind.CORRECTION_LOOP, "restart", 4)
    assert any("once more" in line for line in found.evidence) and A in found.evidence


def test_the_flag_goes_when_a_correction_holds_at_last() -> None:
    detector = ConvergenceDetector()
    assert run(detector, failed(1, A), *in_vain(4))
    assert run(detector, Corrected(50, "look at the rounding")) == [], "not known yet"
    (gone,) = run(detector, Measured(51, "pytest", 0))
    assert gone.is_over


@pytest.mark.parametrize(
    "facts",
    [
        # each on something else
        [
            f
            for i in range(6)
            for f in (
                failed(10 * i + 1, f"t::{i}"),
                Corrected(10 * i + 2, f"text {i}"),
                failed(10 * i + 3, f"t::{i}"),
            )
        ],
        # fewer fail each time
        [f for i in range(6) for f in (Corrected(i + 2, "round once"), Measured(i + 2.5, "p", 10 - i))],
        # different wishes while nothing fails
        [Corrected(i, f"now change the {w}") for i, w in enumerate(("colour", "title", "footer", "font", "border"))],
    ],
)  # fmt: skip
def test_progress_and_different_wishes_are_no_loop(facts: list[Fact]) -> None:
    assert run(ConvergenceDetector(), *facts) == []


def test_saying_the_same_again_and_again_is_a_loop_without_any_check() -> None:
    texts = ("do not touch the lock file", "I said do not touch the lock file", "do NOT touch the lock file!",
             "again: do not touch the lock file")  # fmt: skip
    found = run(ConvergenceDetector(), *(Corrected(i + 1, t) for i, t in enumerate(texts)))
    assert [f.kind for f in found] == [Kind.CORRECTION_LOOP]


def test_more_and_more_failures_of_the_own_check_are_flagged_until_they_go() -> None:
    detector = ConvergenceDetector()
    (found,) = run(detector, *(Measured(i, OWN_CHECK, n) for i, n in enumerate((1, 3, 6), 1)))
    assert found.kind is Kind.DIVERGING and found.evidence == ("failing: 1 → 3 → 6",)
    (gone,) = run(detector, Measured(9, OWN_CHECK, 0))
    assert gone.is_over


def pytest_run(number: int, is_good: bool) -> Step:
    result = "1 passed" if is_good else f"FAILED {A} - assert 1 == 2\n==== 1 failed in 0.1s ===="
    command = f"cd /w && python -m pytest -q 2>&1 | tail -{number}"
    return Step(str(number), 10.0 * number, "Bash", StepKind.RUN, command, result, 0 if is_good else 1,
                not is_good, ended_at=10.0 * number + 1)  # fmt: skip


def conversation(corrections: int) -> list[Entry]:
    entries: list[Entry] = [Told(1.0, "make the tests pass"), pytest_run(1, False)]
    for i in range(corrections):
        entries += [
            Told(20.0 + 10 * i, f"no, look at rounding {i}"),
            Told(21.0 + 10 * i, "yes"),
            pytest_run(i + 2, False),
        ]
    return entries


def test_a_stream_of_entries_makes_the_ledger_the_task_and_assent_left_out() -> None:
    kept: list[Fact] = []
    detector = ConvergenceDetector("make the tests pass", wrote=kept.append, how=lambda text: "steer")
    pipeline = Pipeline("make the tests pass", convergence=detector)
    found = [f for e in conversation(4) for f in pipeline.feed(e)]
    assert [f.kind for f in found if f.rule == "correction-loop"] == [Kind.CORRECTION_LOOP]
    assert [c.said.how for c in detector.ledger.corrections] == ["steer"] * 4
    assert set(detector.ledger.measured) == {"python -m pytest -q"}, "however the output was cut"
    lines = explain(detector.ledger)
    assert lines[0] == "trend stuck, no progress: 1 → 1 → 1 → 1 → 1 failing in python -m pytest -q"
    assert "correction, steer: no, look at rounding 0 (then: 1 failing): did not hold" in lines

    again = ConvergenceDetector("make the tests pass", Ledger(kept))
    replayed = Pipeline("make the tests pass", convergence=again)
    twice = [f for e in conversation(4) for f in replayed.feed(e) if f.rule == "correction-loop"]
    assert len(again.ledger.corrections) == 4 and twice == [], "what is known is not counted again"
    assert [f.rule for f in again.now(99.0)] == ["correction-loop"], "and the flag is held up again"


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("cd a && pytest -q | tail -5", "pytest -q"),
        ("pytest -q 2>&1 | grep FAIL | head", "pytest -q"),
        ("export A=1; cd b; npm test", "npm test"),
    ],
)
def test_commands_are_compared_by_what_they_check(command: str, wanted: str) -> None:
    assert comparable(command) == wanted
