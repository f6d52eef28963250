"""Resets beyond a few are left out, and nothing that is shown afterwards tells."""

from __future__ import annotations

import random

import pytest

from steer.term.emulator import Emulator
from steer.term.reset import MOST, few_resets

PIECES = [
    b"\x1bc",
    b"\x1bc",
    b"text ",
    b"\x1b[31m",
    b"\x1b]2;title",
    b"\x1b[5;5H",
    b"\r\n",
    b"\x1b(0q",
    b"\x1b[?1049h",
]


@pytest.mark.parametrize("seed", range(40))
def test_the_screen_is_the_same(seed: int) -> None:
    chance = random.Random(seed)
    data = b"".join(chance.choice(PIECES) for _ in range(300))
    plain, bounded = Emulator(40, 10), Emulator(40, 10)
    plain._screen.feed(data)
    bounded.feed(data)
    assert bounded.rows() == plain.rows() and bounded.cursor == plain.cursor


def test_few_are_not_touched_and_many_are_bounded() -> None:
    few = b"a\x1bcb" * MOST
    assert few_resets(few) is few
    many = b"\x1bc" * 5000 + b"end"
    assert few_resets(many).count(b"\x1bc") == MOST + 1
    assert few_resets(many).endswith(b"\x1bcend")
