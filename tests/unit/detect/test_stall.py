"""Silence."""

from __future__ import annotations

import pytest

from steer.detect.finding import Level
from steer.detect.pipeline import Pipeline
from steer.model.step import Entry, Said, Step, StepKind, Told, TurnEnd, TurnEnded


def step(at: float, ended: float = 0.0, kind: StepKind = StepKind.RUN) -> Step:
    return Step("s1", at, "Bash", kind, "make", "", 0, False, (), ended)


def levels(*entries: Entry, until: float) -> list[Level]:
    pipeline = Pipeline()
    found = [f for e in entries for f in pipeline.feed(e)] + pipeline.passed(until)
    return [f.level for f in found if f.rule == "silence" and not f.is_over]


def test_amber_then_red() -> None:
    assert levels(Told(100.0, "go"), until=279.0) == []
    assert levels(Told(100.0, "go"), until=281.0) == [Level.AMBER]
    assert levels(Told(100.0, "go"), until=401.0) == [Level.AMBER, Level.RED]
    assert levels(step(100.0, 110.0), until=411.0) == [Level.AMBER, Level.RED]


@pytest.mark.parametrize(
    "entries",
    [
        (step(100.0),),  # a tool runs
        (step(100.0, 110.0, StepKind.WAIT),),  # it polls something that runs
        (step(100.0, 110.0), Said(120.0, "Shall I?")),
        (step(100.0, 110.0), TurnEnded(120.0, TurnEnd.DONE)),
        (Told(100.0, "/release-notes"),),  # the CLI answers
        (),
    ],
)
def test_silence_that_is_no_stall(entries: tuple[Entry, ...]) -> None:
    assert levels(*entries, until=9000.0) == []


def test_it_is_over_when_something_comes() -> None:
    pipeline = Pipeline()
    found = [f for e in (Told(100.0, "go"), step(500.0, 501.0)) for f in pipeline.feed(e)]
    assert [(f.level, f.is_over) for f in found] == [
        (Level.AMBER, False),
        (Level.RED, False),
        (Level.RED, True),
    ]
    assert found[1].at == 400.0
