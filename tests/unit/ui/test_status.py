"""Ages are looked at as often as they can change; arrows say where a session is heading."""

import pytest

from steer.model.session import CheckResult, Trend
from steer.ui.status import MINUTES_TICK_S, SECONDS_TICK_S, age, status_spans, tick_s
from tests.ui.fake_fleet import NOW, view


def test_seconds_are_counted_only_in_the_first_minute() -> None:
    young, old = view("young", activity_at=NOW - 59), view("old", activity_at=NOW - 60)
    assert (age(young, NOW), age(old, NOW)) == ("59s", "1m")
    assert tick_s([old, young], NOW) == SECONDS_TICK_S
    assert tick_s([old], NOW) == MINUTES_TICK_S


def test_an_empty_board_ticks_slowly() -> None:
    assert tick_s([], NOW) == MINUTES_TICK_S


@pytest.mark.parametrize(
    ("trend", "arrow"), [("converging", "↗"), ("stuck", "→"), ("diverging", "↘"), ("", "")]
)
def test_the_trend_is_an_arrow_beside_the_checks(trend: str, arrow: str) -> None:
    shown = view("alpha", trend=Trend(trend), check=CheckResult("failed", 1, 2))
    text = "".join(s.text for s in status_spans(shown, NOW, 90))
    assert ("✗ 2 failing " + arrow).strip() in text and sum(text.count(a) for a in "↗→↘") == len(arrow)
