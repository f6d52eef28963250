"""What a process must not load: it would be paid for at every start of it."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("steer.cli.connection", {"asyncio", "textual", "pygit2", "anthropic"}),
        ("steer.runtime.supervisor", {"textual", "anthropic", "importlib.metadata"}),
    ],
)
def test_a_start_does_not_load_what_it_does_not_need(module: str, heavy: set[str]) -> None:
    program = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert module in loaded
    assert not heavy & loaded
