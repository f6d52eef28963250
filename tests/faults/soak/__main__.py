"""`python -m tests.faults.soak --agents 8 --hours 24 [--every 10] [--seed S]`: a line per fault, then a summary.

Exit status 1 where something was lost, the board did not answer, or memory, descriptors or threads of a kind of process
grew by more than `growth.ALLOWED` and its slack.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

from steer.demo.sandbox import PROJECT
from steer.errors import SteerError
from tests.benchmarks.process import tree
from tests.e2e.place import open_place
from tests.faults.soak.audit import Audit
from tests.faults.soak.crew import Crew, Onlooker
from tests.faults.soak.fault import Faults, small_state
from tests.faults.soak.growth import Growth, disk_mb

SAMPLE_S = 10.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    parser.add_argument("--agents", type=int, default=8)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument(
        "--every", type=float, help="minutes between faults (a fiftieth of the time, at most 10)"
    )
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = parser.parse_args()
    every_s = 60 * (options.every if options.every is not None else min(10.0, options.hours * 60 / 50))
    print(
        f"{options.agents} agents, {options.hours} hours, a fault every {every_s:.0f} s, seed {options.seed}"
    )
    with (
        tempfile.TemporaryDirectory(prefix="steer-soak-", ignore_cleanup_errors=True) as folder,
        pytest.MonkeyPatch.context() as patch,
        open_place(patch, Path(folder) / "p", demo_project()) as place,
        small_state(place.root) as disk,
    ):
        (place.root / "k" / "steer").mkdir(parents=True)
        (place.root / "k" / "steer" / "welcomed").touch()
        (place.root / "c" / "steer").mkdir(parents=True)
        (place.root / "c" / "steer" / "config.toml").write_text("[recording]\nmax_mb = 32\n")
        crew = Crew(place, options.agents)
        onlooker = Onlooker(place)
        try:
            return Soak(crew, onlooker, disk, random.Random(options.seed)).run(options.hours * 3600, every_s)
        finally:
            onlooker.close()


def demo_project() -> dict[str, str]:
    """The files that the demo's agents work on."""
    paths = (p for p in PROJECT.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return {str(p.relative_to(PROJECT)): p.read_text() for p in paths}


class Soak:
    def __init__(self, crew: Crew, onlooker: Onlooker, disk: Path | None, chance: random.Random) -> None:
        self._crew, self._onlooker, self._chance = crew, onlooker, chance
        self._faults = Faults(crew, onlooker, chance, disk)
        self._audit, self._growth = Audit(crew, onlooker), Growth()
        self._lost: list[str] = []
        self._done: Counter[str] = Counter()
        self._began = time.monotonic()

    def run(self, seconds: float, every_s: float) -> int:
        end = self._began + seconds
        waiting: list[str] = []
        while time.monotonic() < end:
            self._rest(min(every_s, end - time.monotonic()))
            if not waiting:  # each once, in another order every time
                waiting = self._chance.sample(list(self._faults.operations), len(self._faults.operations))
            self._one_fault(waiting.pop())
        return self._sum_up()

    def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, SAMPLE_S))
            self._sample()

    def _sample(self) -> None:
        place = self._crew.place
        board = tree(self._onlooker.terminal.launcher)[1:2]
        keepers = list(self._crew.keepers().values())
        self._growth.take({"supervisor": [place.supervisor()], "board": board, "keeper": keepers})

    def _one_fault(self, name: str) -> None:
        began, said, wrong = time.monotonic(), "", []
        try:
            said = self._faults.operations[name]()
        except (SteerError, pytest.fail.Exception, OSError, KeyError, AssertionError) as e:
            wrong.append(f"{type(e).__name__}: {str(e)[:300]}")
        try:
            wrong += self._audit.look()
        except (SteerError, pytest.fail.Exception, OSError, KeyError) as e:
            wrong.append(f"the audit failed: {type(e).__name__}: {str(e)[:300]}")
        wrong += self._faults.problems
        self._faults.problems = []
        self._done[name] += 1
        self._lost += [f"{name}: {w}" for w in wrong]
        at, took = int(time.monotonic() - self._began), time.monotonic() - began
        when = f"{at // 3600}:{at // 60 % 60:02}:{at % 60:02}"
        what = "; ".join(wrong) or f"nothing lost, {self._audit.bytes:,} bytes of printers compared"
        print(f"{when} {f'{name} {said}'.strip()}: {what} [{took:.0f} s]", flush=True)

    def _sum_up(self) -> int:
        told, grown = self._growth.lines()
        print(
            f"\n{self._done.total()} faults: {', '.join(f'{n} {name}' for name, n in self._done.most_common())}"
        )
        print("\n".join(told))
        print(f"disk: {disk_mb(self._crew.place.root):.0f} MB")
        print(f"not explained: {len(self._audit.unexplained)}", *self._audit.unexplained[:20], sep="\n  ")
        print(f"lost or broken: {len(self._lost)}", *self._lost, sep="\n  ")
        print(f"grown: {len(grown)}", *grown, sep="\n  ")
        return int(bool(self._lost or grown))


if __name__ == "__main__":
    sys.exit(main())
