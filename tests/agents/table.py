"""What was seen to work in this run, agent by agent.

A test tells it in its own properties, which pytest hands to the process that writes the summary, whoever ran the test.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

PROPERTY = "capability"


@dataclass
class Witness:
    """Of one agent, in one test."""

    agent: str
    told: list[tuple[str, object]]

    @contextmanager
    def seeing(self, capability: str, refused: str = "") -> Iterator[None]:
        """What happens in this block decides the cell. `refused`: why it cannot be; the test is skipped then."""
        if refused:
            self._tell(capability, f"no: {refused}")
            pytest.skip(f"{self.agent}: {capability}: {refused}")
        try:
            yield
        except BaseException as e:
            self._tell(capability, f"no: {_first_line(e)}")
            raise
        self._tell(capability, "yes")

    def _tell(self, capability: str, cell: str) -> None:
        self.told.append((PROPERTY, [self.agent, capability, cell]))


@dataclass
class Table:
    """`cells[agent, capability]`: "yes", "yes: what failed at first", or "no: why"."""

    cells: dict[tuple[str, str], str] = field(default_factory=dict)

    def take(self, report: pytest.TestReport) -> None:
        """What a test told when it was over; tests that are told again come several times."""
        for name, value in report.user_properties if report.when == "teardown" else ():
            if name == PROPERTY:
                agent, capability, cell = value  # type: ignore[misc]
                before = self.cells.get((agent, capability), "")
                if cell == "yes" and before.startswith("no:"):
                    cell = f"yes: at another try; first {before[4:]}"
                if cell == "yes" and before.startswith("yes:"):
                    cell = before
                self.cells[agent, capability] = cell

    def lines(self) -> list[str]:
        """A table of yes and no, then the reasons."""
        if not self.cells:
            return []
        agents = sorted({agent for agent, _ in self.cells})
        capabilities = sorted({capability for _, capability in self.cells})
        width = max(len(c) for c in capabilities)
        lines = [f"{'':{width}}  " + "  ".join(f"{a:8}" for a in agents)]
        for capability in capabilities:
            cells = [self.cells.get((a, capability), "-").partition(":")[0] for a in agents]
            lines.append(f"{capability:{width}}  " + "  ".join(f"{c:8}" for c in cells))
        for (agent, capability), cell in sorted(self.cells.items()):
            if cell != "yes":
                lines.append(f"{agent}, {capability}: {cell.partition(': ')[2]}")
        return [line.rstrip() for line in lines]


def _first_line(e: BaseException) -> str:
    return (str(e).strip().splitlines() or [type(e).__name__])[0][:2000]
