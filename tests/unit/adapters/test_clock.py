"""Times of the fleet do not follow the wall clock, and nothing measures a while by it."""

from __future__ import annotations

import ast
import time
from pathlib import Path

import pytest

import steer
from steer.adapters.clock import Clock

# Where the time of day is what is meant: written down or shown, never subtracted from another one to wait by.
SHOWN = {
    "adapters/clock.py", "runtime/keeping/place.py", "runtime/keeper.py", "runtime/tree.py", "cli/look.py",
    "runtime/conversation_follow.py", "runtime/intervention/opening.py",  # names of folders and files that hold a date
}  # fmt: skip


@pytest.mark.parametrize("jump_s", [-365 * 86_400, -3600, 3600, 365 * 86_400])
def test_a_wall_clock_that_is_set_changes_neither_order_nor_durations(
    monkeypatch: pytest.MonkeyPatch, jump_s: float
) -> None:
    clock, wall = Clock(), time.time
    before = clock.now()
    monkeypatch.setattr(time, "time", lambda: wall() + jump_s)
    assert 0 <= clock.now() - before < 3000


def test_a_suspended_machine_is_no_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hours of suspend pass on the wall and not in CLOCK_MONOTONIC (clock_gettime(2)), by which stalls are timed."""
    clock, wall = Clock(), time.time
    before = clock.now()
    monkeypatch.setattr(time, "time", lambda: wall() + 10 * 3600)
    assert clock.now() - before < 3000


def wall_clocks(source: str) -> int:
    """How often a source asks for the time of day."""
    asked = {"time", "time_ns", "now", "utcnow", "today"}
    calls = (n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call))
    return sum(
        isinstance(c.func, ast.Attribute)
        and c.func.attr in asked
        and isinstance(c.func.value, ast.Name)
        and c.func.value.id in ("time", "datetime", "date")
        for c in calls
    )


def test_only_what_shows_the_time_of_day_asks_for_it() -> None:
    package = Path(steer.__file__).parent
    sources = [p for p in package.rglob("*.py") if "demo/project" not in str(p)]
    found = {str(p.relative_to(package)) for p in sources if wall_clocks(p.read_text("utf-8"))}
    assert found == SHOWN
    assert wall_clocks("import time\nend = time.time() + 5") == 1
