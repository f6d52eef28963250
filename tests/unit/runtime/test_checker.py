"""Reading test runners' summaries."""

from __future__ import annotations

import pytest

from steer.runtime.checker import read_summary


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("....\nRan 9 tests in 0.002s\n\nFAILED (failures=1, errors=1)\n", (7, 2)),
        ("Ran 3 tests in 0.1s\n\nOK\n", (3, 0)),
        ("=== 2 failed, 5 passed in 0.3s ===\n", (5, 2)),
        ("=== 5 passed in 0.3s ===\n", (5, 0)),
        ("Tests:       1 failed, 12 passed, 13 total\n", (12, 1)),
        ("test result: ok. 4 passed; 0 failed; 0 ignored\n", (4, 0)),
        ("  3 passing (12ms)\n  1 failing\n", (3, 1)),
        ("compiled\n", (-1, -1)),
        ("", (-1, -1)),
    ],
)
def test_summaries(output: str, expected: tuple[int, int]) -> None:
    assert read_summary(output) == expected
