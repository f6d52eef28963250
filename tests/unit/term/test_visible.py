"""Nothing that is invisible, or that moves or colours anything, survives `visible`."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steer.term.visible import visible
from steer.term.width import text_width

ANY = st.text(alphabet=st.characters(), max_size=200)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain name", "plain name"),
        ("a\x1b[31mb", "a␛[31mb"),
        ("\x07\x7f\n\t", "␇␡␊␉"),
        ("\x9b31m", "\\x9b31m"),
        ("ab\u202ecd", "ab\\u202ecd"),
        ("zero\u200bwidth\u200d", "zero\\u200bwidth\\u200d"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("file\udcff", "file\\xff"),
        ("lone\ud800", "lone\\ud800"),
        ("⚠\ufe0f", "⚠\\ufe0f"),
        ("日本", "日本"),
        ("e\u0301", "e\u0301"),
        ("[@click=app.quit]x[/]", "[@click=app.quit]x[/]"),
    ],
)
def test_shows_what_hides(text: str, shown: str) -> None:
    assert visible(text, 80) == shown


def test_cuts_with_an_ellipsis_and_counts_wide_characters() -> None:
    assert visible("abcdef", 4) == "abc…"
    assert visible("日本語", 5) == "日本…"
    assert visible("日本語", 4) == "日…"
    assert visible("abc", 0) == ""


def test_marks_cannot_pile_up() -> None:
    assert len(visible("a" + "\u0301" * 100_000, 40)) < 50


@given(ANY, st.integers(min_value=0, max_value=120))
def test_any_text_becomes_harmless_and_fits(text: str, limit: int) -> None:
    shown = visible(text, limit)
    assert text_width(shown) <= limit
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp") for c in shown)
    shown.encode("utf-8")
