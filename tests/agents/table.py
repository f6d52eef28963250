"""What was seen to work in this run, agent by agent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest


@dataclass
class Table:
    """`cells[agent, capability]`: "yes", "yes: what failed at first", or "no: why"."""

    cells: dict[tuple[str, str], str] = field(default_factory=dict)

    @contextmanager
    def seeing(self, agent: str, capability: str, refused: str = "") -> Iterator[None]:
        """What happens in this block decides the cell. `refused`: why it cannot be; the test is skipped then."""
        if refused:
            self.cells[agent, capability] = f"no: {refused}"
            pytest.skip(f"{agent}: {capability}: {refused}")
        try:
            yield
        except BaseException as e:
            self.cells[agent, capability] = f"no: {_first_line(e)}"
            raise
        before = self.cells.get((agent, capability), "")
        self.cells[agent, capability] = (
            f"yes: at another try; first {before[4:]}" if before.startswith("no:") else "yes"
        )

    def lines(self) -> list[str]:
        """A table of yes and no, then the reasons."""
        if not self.cells:
            return []
        agents = list(dict.fromkeys(agent for agent, _ in self.cells))
        capabilities = list(dict.fromkeys(capability for _, capability in self.cells))
        width = max(len(c) for c in capabilities)
        lines = [f"{'':{width}}  " + "  ".join(f"{a:8}" for a in agents)]
        for capability in capabilities:
            cells = [self.cells.get((a, capability), "-").partition(":")[0] for a in agents]
            lines.append(f"{capability:{width}}  " + "  ".join(f"{c:8}" for c in cells))
        for (agent, capability), cell in self.cells.items():
            if cell != "yes":
                lines.append(f"{agent}, {capability}: {cell.partition(': ')[2]}")
        return [line.rstrip() for line in lines]


def _first_line(e: BaseException) -> str:
    return (str(e).strip().splitlines() or [type(e).__name__])[0][:200]


TABLE = Table()
