"""Repeated characters: bounded however the sequence is written and cut; everything else goes through as it is."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steer.term.emulator import Emulator
from steer.term.repeat import Repeats


def told(data: bytes, cuts: list[int], most: int = 120) -> bytes:
    repeats = Repeats()
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return b"".join(repeats.bounded(data[a:b], most) for a, b in pairwise(edges))


@pytest.mark.parametrize(
    "sequence",
    [b"\x1b[65535b", b"\x1b[0000000000121b", b"\x1b[9" + b"9" * 5000 + b"b", b"\x1b\0[6\0005\x7f535b"],
)  # fmt: skip
def test_a_line_is_the_most_wherever_it_is_cut(sequence: bytes) -> None:
    for cut in range(min(len(sequence), 40)):
        for second in {cut, cut + 1, cut + 2}:
            e = Emulator(120, 30)
            repeats = Repeats()
            for piece in (b"x" + sequence[:cut], sequence[cut:second], sequence[second:] + b"|"):
                e.feed(piece)
                assert b"5535b" not in (said := repeats.bounded(piece, 120)), (cut, second)
                assert b"121b" not in said
            assert "".join(e.screen()) == "x" * 121 + "|", (cut, second)


@given(
    st.lists(st.sampled_from([b"\x1b", b"[", b"3", b"80", b"b", b"m", b"\x1b[", b";", b"\0", b"x", b"\r\n"])),
    st.lists(st.integers(0, 40), max_size=4),
)
def test_what_repeats_less_is_not_touched(pieces: list[bytes], cuts: list[int]) -> None:
    data = b"".join(pieces)
    assert told(data, cuts, 10**8) == data


def test_neighbours_of_a_bounded_sequence_stay() -> None:
    e = Emulator(100, 4)
    e.feed(b"ab\x1b[999bcd\r\n\x1b[31mred\x1b[2bend\x1b[99")
    e.feed(b"9;1m")
    assert [row.rstrip() for row in e.screen()[:3]] == ["a" + "b" * 99, "bbcd", "redddend"]
