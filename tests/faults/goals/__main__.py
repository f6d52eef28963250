"""`python -m tests.faults.goals [R1 ...] [--long]`: measures the goals, prints and keeps what came out.

What comes out is kept in `figures.json`, which the page shows. The exit status is 1 where a goal is not met.
"""

from __future__ import annotations

import argparse
import importlib
import os
import tempfile
import time
from pathlib import Path

from tests.faults import figures
from tests.faults.goals.measure import MODULES, Outcome, Size
from tests.faults.table import write_page


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.goals", description=__doc__)
    parser.add_argument("goals", nargs="*", metavar="R1", help="all if none is named")
    parser.add_argument("--long", action="store_true", help="as many tries as a night is for")
    parser.add_argument("--share", type=float, default=1.0, help="this part of the tries (0.1: a tenth)")
    parser.add_argument(
        "--keep", action=argparse.BooleanOptionalAction, default=True, help="write figures.json"
    )
    options = parser.parse_args()
    if unknown := set(options.goals) - set(MODULES):
        parser.error(f"no such goal: {', '.join(sorted(unknown))}; there are {', '.join(MODULES)}")
    os.environ.pop(
        "PYTHONDONTWRITEBYTECODE", None
    )  # as installed: else every process measured compiles steer first
    size, missed = Size(options.long, options.share), []
    for goal in options.goals or MODULES:
        began = time.monotonic()
        outcome = _measure(goal, size)
        seconds = time.monotonic() - began
        _show(goal, outcome, seconds)
        missed += [] if outcome.met else [goal]
        if options.keep:
            figures.keep_goal(goal, outcome, seconds, long=options.long)
            write_page()
    if missed:
        raise SystemExit(f"not met: {', '.join(missed)}")


def _measure(goal: str, size: Size) -> Outcome:
    module = importlib.import_module(f"tests.faults.goals.{MODULES[goal]}")
    with tempfile.TemporaryDirectory(prefix="steer-goal-", ignore_cleanup_errors=True) as folder:
        outcome = module.measure(size, Path(folder))
    assert isinstance(outcome, Outcome)
    return outcome


def _show(goal: str, outcome: Outcome, seconds: float) -> None:
    print(
        f"{goal:4} {'met   ' if outcome.met else 'MISSED'} steer: {outcome.steer}  [{seconds:.0f} s]",
        flush=True,
    )
    for name, what in outcome.beside.items():
        print(f"{'':12}{name}: {what}", flush=True)


if __name__ == "__main__":
    main()
