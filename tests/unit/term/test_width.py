"""Widths are counted as the emulator counts them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from steer.term.emulator import Emulator
from steer.term.width import cell_width, clip, text_width

# Letters, marks, symbols of scripts that terminals show; unassigned ones change with every Unicode version.
PRINTED = st.characters(
    categories=("L", "Mn", "Mc", "N", "P", "S"), max_codepoint=0x1FAFF, exclude_characters="\u115f\u1160"
)


def test_agrees_with_the_emulator_on_blocks_that_agents_print() -> None:
    blocks = [(0x20, 0x7F), (0xA0, 0x250), (0x370, 0x400), (0x410, 0x450), (0x900, 0x940), (0x2000, 0x2800),
              (0x3041, 0x30FF), (0x4E00, 0x4F00), (0xAC00, 0xAD00), (0x1F300, 0x1F650)]  # fmt: skip
    emulator = Emulator(40, 2)
    wrong = []
    for first, last in blocks:
        for code in range(first, last):
            emulator.feed(f"\r\x1b[2Kx{chr(code)}".encode())
            if emulator.cursor.x - 1 != cell_width(chr(code)):
                wrong.append(hex(code))
    assert wrong == []


@given(st.text(alphabet=PRINTED, max_size=60), st.integers(min_value=0, max_value=80))
def test_clip_is_the_longest_beginning_that_fits(text: str, cells: int) -> None:
    kept = clip(text, cells)
    assert text.startswith(kept)
    assert text_width(kept) <= cells
    if kept != text:
        assert text_width(kept + text[len(kept)]) > cells
