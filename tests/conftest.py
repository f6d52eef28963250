"""For all tests: no property is judged by how long one example takes, the machine may be busy; the table of agents.

The table is made here since the process that only hands out tests to others loads no other conftest.
"""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.agents.table import Table

settings.register_profile("steer", deadline=None)
settings.load_profile("steer")

_AGENTS = Table()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _AGENTS.take(report)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if lines := _AGENTS.lines():
        terminalreporter.section("what steer can do with which agent, as seen in this run")
        for line in lines:
            terminalreporter.write_line(line)
