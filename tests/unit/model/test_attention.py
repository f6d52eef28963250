"""Who needs the operator comes first, in an order that does not jump."""

from __future__ import annotations

from steer.model.attention import Rank, attention
from steer.model.flag import Flag, Severity
from steer.model.session import Activity, ProcessState
from tests.ui.fake_fleet import NOW, view

URGENT = Flag("repeated-failure", "same failure again", Severity.URGENT, NOW)
WARN = Flag("out-of-scope", "outside src", Severity.WARN, NOW)


def test_ranks_in_order() -> None:
    ladder = [
        view("a", activity=Activity.ASKING, flags=(URGENT,)),
        view("b", activity=Activity.ERROR),
        view("c", flags=(WARN, URGENT)),
        view("d", flags=(WARN,)),
        view("e", activity=Activity.IDLE),
        view("f", is_paused=True),
        view("g"),
        view("h", activity=Activity.UNKNOWN),
        view("i", process=ProcessState.EXITED, activity=Activity.ASKING),
    ]
    ranks = [attention(v).rank for v in ladder]
    assert ranks == sorted(ranks, reverse=True)
    assert len(set(ranks)) == len(ranks)


def test_dead_sessions_are_broken_whatever_they_last_did() -> None:
    for process in (ProcessState.FAILED, ProcessState.LOST):
        assert attention(view("a", process=process, activity=Activity.ASKING)).rank == Rank.BROKEN


def test_idle_is_news_only_until_it_was_looked_at() -> None:
    idle = view("a", activity=Activity.IDLE, activity_at=NOW)
    assert attention(idle, seen_at=NOW - 1).rank == Rank.IDLE_UNSEEN
    assert attention(idle, seen_at=NOW + 1).rank == Rank.IDLE


def test_reasons_are_words() -> None:
    assert attention(view("a", activity=Activity.ASKING, activity_text="approve rm")).reason == "approve rm"
    assert attention(view("a", flags=(URGENT,))).reason == "same failure again"
