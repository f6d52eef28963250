"""Comparing what an agent says of its version."""

from __future__ import annotations

import pytest

from steer.agents.version import is_older, warning


@pytest.mark.parametrize(
    ("said", "observed", "older"),
    [
        ("2.1.100 (Claude Code)", "2.1.329", True),
        ("codex-cli 0.169.0", "0.169.0", False),
        ("2.10.0", "2.9.9", False),
        ("aider 0.86", "0.86.2", True),
        ("unknown", "1.0", False),
        ("", "", False),
    ],
)
def test_older(said: str, observed: str, older: bool) -> None:
    assert is_older(said, observed) is older
    assert bool(warning("X", said, observed)) is older
