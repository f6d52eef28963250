"""What is painted past the compositor: nothing but text, SGR and positions, and exactly the pane's cells."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from steer.term.cell_style import CellStyle, runs
from steer.term.emulator import Emulator
from steer.ui.paint import is_certain, paint_row
from steer.ui.pen import Pen, translate

PLAIN = Pen()
THEMED = Pen("38;2;1;2;3", "48;2;4;5;6", tuple(f"2;{i};{i};{i}" for i in range(16)))
MONO = Pen(has_colour=False)
ALLOWED = re.compile(
    r"(?:[^\x00-\x1f\x7f-\x9f\ud800-\udfff]|\x1b\[[0-9;:]*m|\x1b\[[0-9]+;[0-9]+H|\x1b\[[0-9]+G)*"
)


@given(
    st.text(alphabet=st.characters(), max_size=120),
    st.integers(1, 60),
    st.sampled_from([PLAIN, THEMED, MONO]),
)
def test_only_allowed_sequences_leave(row: str, cols: int, pen: Pen) -> None:
    assert ALLOWED.fullmatch(paint_row(row, 3, 2, cols, pen))


@given(st.binary(max_size=300))
def test_painting_an_emulators_rows_stays_inside_the_pane(data: bytes) -> None:
    """Drawn into a terminal full of x, cells outside the pane keep their x."""
    inner = Emulator(20, 3)
    inner.feed(data)
    outer = Emulator(30, 6)
    outer.feed(b"\x1b[?7l" + b"\r\n".join([b"x" * 30] * 6))
    for y, row in enumerate(inner.rows()):
        outer.feed(paint_row(row, 4, 1 + y, 20, PLAIN).encode())
    text = outer.lines()[-6:]
    assert text[0] == text[4] == "x" * 30
    assert all(line.startswith("xxxx") and line.endswith("x" * 6) for line in text)


def test_painting_is_the_same_picture() -> None:
    inner = Emulator(30, 2)
    inner.feed("\x1b[1;31mred\x1b[0m 日本 ● ok é\r\nplain".encode())
    outer = Emulator(40, 4)
    for y, row in enumerate(inner.rows()):
        outer.feed(paint_row(row, 5, 1 + y, 30, PLAIN).encode())
    assert [line[5:35].rstrip() for line in outer.lines()[1:3]] == [line.rstrip() for line in inner.lines()]


def test_columns_are_set_again_after_what_terminals_disagree_about() -> None:
    painted = paint_row("a●b", 10, 0, 5, PLAIN)
    assert "●\x1b[13Gb" in painted
    assert not is_certain("a●b") and is_certain("\x1b[31m│ok│\x1b[0m")


def test_marks_follow_their_character() -> None:
    assert "e\u0301\x1b[2G" in paint_row("e\u0301x", 0, 0, 5, PLAIN)


def test_rows_are_clipped_and_padded() -> None:
    assert paint_row("abcdef", 0, 0, 3, PLAIN).count("d") == 0
    assert "日" in paint_row("a日本", 0, 0, 3, PLAIN) and "本" not in paint_row("a日本", 0, 0, 4, PLAIN)
    assert paint_row("ab", 0, 0, 4, PLAIN).endswith("  \x1b[0m")


def test_direction_controls_do_not_reach_the_terminal() -> None:
    assert "\u202e" not in paint_row("a\u202eb", 0, 0, 5, PLAIN)


def test_sgr_on_a_theme() -> None:
    assert translate("0", THEMED) == "\x1b[0;38;2;1;2;3;48;2;4;5;6m"
    assert translate("", PLAIN) == "\x1b[0m"
    assert translate("31", THEMED) == "\x1b[38;2;1;1;1m"
    assert translate("97", THEMED) == "\x1b[38;2;15;15;15m"
    assert translate("38;5;4", THEMED) == "\x1b[38;2;4;4;4m"
    assert translate("38;5;200", THEMED) == "\x1b[38;5;200m"
    assert translate("1;39;49", THEMED) == "\x1b[1;38;2;1;2;3;48;2;4;5;6m"
    assert translate("1;31;38;2;1;2;3;48;5;7;4", MONO) == "\x1b[1;4m"
    assert translate("38;2;1", PLAIN) == ""


def test_runs() -> None:
    assert runs("a\x1b[1;31mb\x1b[0mc") == [
        ("a", CellStyle()), ("b", CellStyle(foreground="1", bold=True)), ("c", CellStyle())
    ]  # fmt: skip
    assert runs("\x1b[38;2;1;2;3;48;5;9mx")[0][1] == CellStyle(foreground="#010203", background="9")
    assert runs("\x1b[4:3mx\x1b[24my")[0][1].underline


@given(st.from_regex(r"(\x1b\[[0-9;:]{0,20}m|[a-z])*", fullmatch=True))
def test_any_sgr_is_understood_or_ignored(row: str) -> None:
    assert "".join(text for text, _ in runs(row)) == re.sub(r"\x1b\[[0-9;:]*m", "", row)
    paint_row(row, 0, 0, 40, THEMED)
