"""How a step ended."""

from __future__ import annotations

import pytest

from steer.detect.outcome import normal, outcome
from steer.model.step import Step
from tests.unit.detect.scene import edit, run, search


@pytest.mark.parametrize(
    ("step", "signature"),
    [
        (run("xxd a", "/bin/sh: 1: xxd: not found", 127), "no such command: xxd"),
        (run("python3 a.py", "ModuleNotFoundError: No module named 'torch'", 1), "no such module"),
        (run("timeout 5 make", "", 124), "timeout"),
        (run("bash -c 'if'", "bash: -c: line 1: syntax error: unexpected end of file", 2), "shell syntax"),
        (run("python3 a.py", "ValueError: no tax for 'XX'\n", 1), "ValueError: no tax for 'XX'"),
        (run("make", "", 2), "make: status 2"),
        (run("python3 a.py | tail", "KeyError: 'tax'\n", 0), "KeyError: 'tax'"),
    ],
)
def test_failures(step: Step, signature: str) -> None:
    result = outcome(step)
    assert result.is_failure
    assert result.signatures[0] == signature


@pytest.mark.parametrize(
    "step",
    [
        run("cat notes.txt", "ValueError: this is in a file\n"),
        run("grep -rn missing .", "", 1),
        run("pytest", "=== 3 passed in 0.1s ===\n"),
        run("git log", "fix error handling\n"),
        edit("a.py", "x", "y = 'error'"),
        search("failed", "src/a.py:3: failed = True"),
    ],
)
def test_no_failures(step: Step) -> None:
    assert not outcome(step).is_failure


def test_wrappers_say_nothing() -> None:
    result = outcome(
        run("mise lint", "ERROR task failed\ncart.go:3:1: unused variable tax\nexited with code 1\n", 1)
    )
    assert not any("task failed" in s for s in result.signatures)


def test_lines_without_what_changes() -> None:
    assert normal("\x1b[31m12:01:33 at /home/u/shop/cart.py:12 0x7f3a\x1b[0m") == "# at cart.py:# #"
    assert normal("ValueError: tax 3") != normal("ValueError: rate 3")
