"""Output made to hang, fill or confuse a terminal emulator: it is taken, bounded, and what follows is shown."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steer.term.emulator import MAX_COLS, MAX_ROWS, MIN_COLS, MIN_ROWS, Emulator

MANY = 2_000_000
STRINGS = {
    "apc": b"\x1b_G", "dcs": b"\x1bP", "dcs c1": b"\x90", "osc title": b"\x1b]0;", "osc clipboard": b"\x1b]52;c;",
    "osc link": b"\x1b]8;;", "osc notice": b"\x1b]9;", "osc status": b"\x1b]7501;state=working:msg=",
    "pm": b"\x1b^", "sos": b"\x1bX",
}  # fmt: skip
NUMBERS = {
    "long": b"\x1b[" + b"9" * 1_000_000 + b"A",
    "many": b"\x1b[" + b"1;" * 100_000 + b"m",
    "repeat": b"a\x1b[2147483647b",
    "insert": b"\x1b[4294967295@\x1b[4294967296L",
    "scroll": b"\x1b[2147483648S\x1b[99999999999T",
    "erase": b"\x1b[18446744073709551615X\x1b[18446744073709551616P",
    "tabs": b"\x1b[4294967295I\x1b[4294967295Z",
    "margins": b"\x1b[4294967295;1r\x1b[0;0r",
}


@pytest.mark.parametrize("kind", STRINGS)
def test_a_string_without_end_is_dropped_and_what_follows_it_is_shown(kind: str) -> None:
    e = Emulator(80, 4)
    for piece in (STRINGS[kind], *[b"x" * 100_000] * (MANY // 100_000)):
        e.feed(piece)
    assert not e.take_replies()
    e.feed(b"\x1b\\\x1b[Hafter\x1b[K")
    assert e.rows()[0].startswith("after")
    assert len(e.title) <= 256 and len(e.dump()) < 100_000
    assert not e.take_replies()


@pytest.mark.parametrize("kind", NUMBERS)
def test_absurd_numbers_are_clamped(kind: str) -> None:
    e = Emulator(80, 4)
    e.feed(NUMBERS[kind])
    e.feed(b"\x1b[r\x1b[0m\x1b[Hafter\x1b[K")
    assert e.lines()[-4].startswith("after")
    assert 0 <= e.cursor.x < 80 and 0 <= e.cursor.y < 4


@pytest.mark.parametrize("mark", ["\u0301", "\u20e3", "\U0001f468\u200d", "\ufe0f", "\U000e0041"])
def test_a_million_marks_on_one_character_stay_small(mark: str) -> None:
    e = Emulator(80, 4)
    e.feed(b"a" + mark.encode() * 1_000_000)
    e.feed(b"\r\n\x1b[0mafter")
    assert any(row.endswith("after") for row in e.rows())
    assert max(map(len, e.rows())) < 80 * 100


def test_a_line_without_end_is_bounded_by_the_scrollback() -> None:
    e = Emulator(80, 4)
    e.feed(b"x" * 10_000_000)
    first = e.history
    for _ in range(5):
        e.feed(b"x" * 10_000_000)
    assert e.history <= first + 1000
    e.feed(b"\r\nafter")
    assert any(row.endswith("after") for row in e.rows())


def test_questions_without_end_are_not_answered_without_end() -> None:
    e = Emulator(80, 4)
    e.feed(b"\x1b[6n\x1b[c\x1b[?2026$p" * 100_000)
    assert len(e.take_replies()) < 8192


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.binary(max_size=60), st.integers(-(2**31), 2**31), st.integers(-(2**31), 2**31)),
        max_size=6,
    )
)
def test_any_size_is_clamped_between_any_bytes(steps: list[tuple[bytes, int, int]]) -> None:
    e = Emulator(80, 24)
    for data, cols, rows in steps:
        e.feed(b"\x1b[" + data)
        e.resize(cols, rows)
        assert MIN_COLS <= e.cols <= MAX_COLS and MIN_ROWS <= e.rows_count <= MAX_ROWS
        assert len(e.rows()) == e.rows_count
        assert 0 <= e.cursor.x < e.cols and 0 <= e.cursor.y < e.rows_count
