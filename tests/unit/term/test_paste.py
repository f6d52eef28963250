"""Text for an agent: what is shown is what is sent, and nothing in it can end the paste."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steer.term.paste import END, MAX_PIECE_CHARS, MAX_TEXT_BYTES, START, make_paste, refusal, warnings


@given(st.text())
def test_nothing_in_the_text_can_close_the_paste(text: str) -> None:
    paste = make_paste(text, is_bracketed=True)
    assert paste.data.startswith(START)
    assert paste.data.endswith(END)
    body = paste.data[len(START) : -len(END)]
    assert not any(b < 0x20 and b not in (0x09, 0x0A) for b in body)
    assert 0x7F not in body
    assert not any(0x80 <= ord(c) <= 0x9F for c in body.decode())


@given(st.text())
def test_what_is_shown_is_what_is_sent(text: str) -> None:
    paste = make_paste(text, is_bracketed=False)
    assert paste.data.decode() == paste.text


@pytest.mark.parametrize(
    "attack", ["\x1b[201~rm x\n", "\x9b201~x", "\x1b\x1b[201~[201~", "a\x03b\x04c", "\x7f\x08"]
)
def test_controls_become_pictures_and_are_counted(attack: str) -> None:
    paste = make_paste(attack, is_bracketed=True)
    assert paste.replaced > 0
    assert any("control characters" in w for w in warnings(paste))


@given(st.text(max_size=3000), st.integers(1, 5))
def test_several_short_pastes_say_the_same(text: str, max_lines: int) -> None:
    paste = make_paste(text, is_bracketed=True, max_lines=max_lines)
    pieces = [p.removesuffix(END) for p in paste.data.split(START)[1:]]
    assert b"".join(pieces).decode() == paste.text
    assert START + (END + START).join(pieces) + END == paste.data
    for piece in pieces:
        assert len(piece.decode()) <= MAX_PIECE_CHARS
        assert len(piece.decode().splitlines()) <= max_lines


def test_plain_text_is_untouched() -> None:
    text = "use half-up rounding\n\tnot //100 – ünïcode 🎉"
    paste = make_paste(text, is_bracketed=True)
    assert paste.text == text
    assert warnings(paste) == []
    assert refusal(paste) == ""


def test_warnings_and_refusals() -> None:
    assert any("Enter" in w for w in warnings(make_paste("a\nb", is_bracketed=False)))
    assert any("command" in w for w in warnings(make_paste("!rm", is_bracketed=True)))
    assert refusal(make_paste(" \n", is_bracketed=True))
    assert refusal(make_paste("x" * (MAX_TEXT_BYTES + 1), is_bracketed=False))
