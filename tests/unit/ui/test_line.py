"""Lines of spans."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from steer.ui.line import plain, wrapped


@given(st.text(st.sampled_from("ab \u4e2d"), max_size=60), st.integers(4, 20))
def test_wrapping_loses_nothing_and_breaks_words_only_where_it_must(text: str, width: int) -> None:
    lines = [plain(line) for line in wrapped(text, width, "text.normal")]
    assert "".join(lines) == text
    assert all(cell_len(line) <= width for line in lines)
    for line, after in itertools.pairwise(lines):
        assert line.endswith(" ") or after.startswith(" ") or " " not in line.strip()


def test_a_rule_is_cut_and_not_wrapped() -> None:
    assert [plain(line) for line in wrapped("a\n" + "\u254c" * 40 + "\nb", 10, "text.normal")] == [
        "a",
        "\u254c" * 10,
        "b",
    ]
    assert "".join(plain(line) for line in wrapped("/" * 40, 10, "text.normal")) == "/" * 40
