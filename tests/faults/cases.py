"""`python -m tests.faults.cases [A1 B ...]`: runs the tests that hold the cases and keeps how they ended.

A letter stands for its group; without any, all of them run, those for a long run (gate "N") included.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict

import pytest

from tests.faults import figures
from tests.faults.table import ROOT, Case, load, write_page


class Outcomes:
    """A pytest plugin: how every test ended, by its id without parameters."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self.seconds: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test = report.nodeid.partition("[")[0]
        self.seconds[test] += report.duration
        if report.when == "call" or report.outcome != "passed":
            self.counts[test][report.outcome] += 1

    def of(self, case: Case) -> dict[str, int | float]:
        total = sum((self.counts[test] for test in case.tests), Counter[str]())
        seconds = round(sum(self.seconds[test] for test in case.tests), 1)
        return {
            "passed": total["passed"],
            "failed": total["failed"],
            "skipped": total["skipped"],
            "seconds": seconds,
        }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.cases", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="A1")
    parser.add_argument("-n", type=int, default=4, metavar="N", help="so many tests side by side (4)")
    options = parser.parse_args()
    named = options.cases
    chosen = [c for c in load().cases if c.tests and (not named or c.id in named or c.id[0] in named)]
    if not chosen:
        parser.error(f"no test holds {', '.join(named)}")
    outcomes = Outcomes()
    tests = sorted({test for case in chosen for test in case.tests})
    side_by_side = ["-n", str(options.n), "--dist", "loadgroup"] if options.n > 1 else []
    where = [str(ROOT / test) for test in tests]
    status = pytest.main(["-q", "--rootdir", str(ROOT), *side_by_side, *where], [outcomes])
    figures.keep_cases({case.id: outcomes.of(case) for case in chosen})
    write_page()
    raise SystemExit(status)


if __name__ == "__main__":
    main()
