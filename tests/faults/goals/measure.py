"""What a goal's module is given and gives back."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import metadata

import pytest

MODULES = {
    "R1": "kill_points",
    "R2": "power_cut",
    "R3": "supervisor_kills",
    "R4": "board_kills",
    "R5": "escapees",
    "R6": "work_lost",
    "R7": "planted_programs",
    "R8": "emulator_fuzz",
    "R9": "leaking_bytes",
    "R10": "hostile_text",
    "R11": "damaged_recordings",
    "R12": "exact_bytes",
    "R13": "flood",
    "R14": "paste_break_out",
    "R15": "worktrees_at_once",
    "R16": "secrets_found",
    "R17": "full_disk",
    "R18": "access",
}


@dataclass(frozen=True)
class Size:
    """How much is tried. `share` 1 is the size for every day, `long` the one for a night."""

    long: bool = False
    share: float = 1.0

    def tries(self, daily: int, nightly: int) -> int:
        """At least one."""
        return max(1, round((nightly if self.long else daily) * self.share))


@dataclass(frozen=True)
class Outcome:
    """`steer` and each text of `beside` (name and version of the tool -> what it did, or why it was not measured) are
    one line with the number of tries in it; `met` is whether steer's figure is what the goal asks for.
    """

    steer: str
    met: bool
    beside: dict[str, str] = field(default_factory=dict)


@dataclass
class Tally:
    """Counts tries and what went wrong in them, and keeps the first words of it."""

    tries: int = 0
    wrong: int = 0
    first: str = ""

    def add(self, wrong: str) -> None:
        """One try; `wrong` is what was wrong with it, or ""."""
        self.tries += 1
        self.wrong += bool(wrong)
        self.first = self.first or wrong

    @contextmanager
    def each(self) -> Iterator[None]:
        """One try, wrong where it raises."""
        try:
            yield
        except (Exception, pytest.fail.Exception) as e:
            self.add(f"{type(e).__name__}: {e}"[:200])
        else:
            self.add("")

    def __str__(self) -> str:
        return f"{self.wrong:,} of {self.tries:,}" + (f" (first: {self.first})" if self.first else "")


def sum_of(tallies: Iterable[Tally]) -> Tally:
    """One tally of several, with the first words of the first that has some."""
    total = Tally()
    for tally in tallies:
        total.tries += tally.tries
        total.wrong += tally.wrong
        total.first = total.first or tally.first
    return total


def tool(name: str, *version: str) -> str | None:
    """A program's name with its version as it tells it, None where it is not installed."""
    if not shutil.which(name):
        return None
    said = subprocess.run([name, *(version or ("--version",))], capture_output=True, text=True, timeout=30)
    number = next((w for w in (said.stdout + said.stderr).split() if any(c.isdigit() for c in w)), "")
    return f"{name} {number.strip(',()')}".strip()


def package(name: str) -> str | None:
    """A Python package's name with its version, None where it is not installed."""
    try:
        return f"{name} {metadata.version(name)}"
    except metadata.PackageNotFoundError:
        return None


def percentile(values: list[float], share: float) -> float:
    """The value that `share` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
