"""Searching what was ever on screen: what appeared and went, what scrolled by, and not every tick of a clock."""

from __future__ import annotations

from steer.record.reader import Event, Header, Kind
from steer.replay.search import Needle, hits


def found(query: str, *output: bytes) -> list[float]:
    events = [Event(float(at), Kind.OUTPUT, data) for at, data in enumerate(output)]
    return [at for at in hits(Header(cols=40, rows=5), events, Needle(query)) if at is not None]


def test_text_that_is_gone_again_is_found() -> None:
    assert found("error", b"fine", b"\x1b[2J\x1b[Hone error", b"\x1b[2J", b"\x1b[Herror") == [1.0, 3.0]


def test_text_drawn_in_pieces_and_styles_is_found() -> None:
    assert found("hello", b"\x1b[31mhe", b"\x1b[1;3H\x1b[1mllo") == [1.0]


def test_a_line_that_stays_is_one_hit_and_another_is_a_second() -> None:
    assert found("fail", b"fail one\r\n", b"more\r\n", b"fail two\r\n") == [0.0, 2.0]


def test_a_running_clock_is_one_hit() -> None:
    ticks = ["\r⠋ working 1s", "\r⠙ working 2s", "\r⠹ working 13s"]
    assert found("working", *(tick.encode() for tick in ticks)) == [0.0]


def test_what_scrolls_by_within_one_event_is_found() -> None:
    flood = b"".join(b"line %d\r\n" % i for i in range(2000))
    assert found("line 1000", flood) == [0.0]


def test_case_matters_only_when_it_is_typed() -> None:
    assert found("error", b"ERROR") == [0.0] and found("Error", b"ERROR") == []


def test_nothing_is_found_by_nothing() -> None:
    assert found("", b"x") == []
