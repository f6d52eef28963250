"""What a demo agent does to its worktree: read, edit, run the tests. All of it is real."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

from steer.demo.console import BOLD, DIM, GREEN, OFF, RED, Console

_OUTPUT_LINES = 14


class Hand:
    """`pace` scales every pause; 0 makes the agent as fast as its tests."""

    def __init__(self, console: Console, pace: float) -> None:
        self.console = console
        self._pace = pace

    def think(self, label: str, seconds: float) -> None:
        self.console.work(label, seconds * self._pace)

    def say(self, text: str) -> None:
        """A remark, wrapped at words like prose."""
        lines = textwrap.wrap(text, self.console.columns - 3)
        self.console.say(f"{BOLD}●{OFF} " + "\n  ".join(lines))

    def _show(self, line: str, colour: str) -> None:
        """A line of a tool's output, cut at the edge."""
        self.console.say(f"  {colour}{line[: self.console.columns - 3]}{OFF}")

    def read(self, path: str) -> str:
        text = Path(path).read_text()
        self.console.say(f"{BOLD}●{OFF} Read({path}) {DIM}{len(text.splitlines())} lines{OFF}")
        self.think(f"Reading {path}", 1.2)
        return text

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace `old` by `new`, showing it as a small diff. Says so where `old` is not there."""
        text = Path(path).read_text()
        self.console.say(f"{BOLD}●{OFF} Edit({path})")
        if old not in text:
            self.console.say(f"  {RED}the text to replace is not in the file{OFF}")
            return
        Path(path).write_text(text.replace(old, new, 1))
        for line in old.strip("\n").splitlines():
            self._show(f"- {line}", RED)
        for line in new.strip("\n").splitlines():
            self._show(f"+ {line}", GREEN)
        self.think("Editing", 1.5)

    def write(self, path: str, text: str) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text)
        self.console.say(f"{BOLD}●{OFF} Write({path}) {DIM}{len(text.splitlines())} lines{OFF}")
        self.think("Writing", 1.5)

    def run_tests(self) -> bool:
        """Run the project's tests, show the end of their output; whether they passed."""
        self.console.say(f"{BOLD}●{OFF} Bash(python3 -m unittest)")
        self.think("Running the tests", 1.5)
        done = subprocess.run(
            [sys.executable, "-B", "-m", "unittest"],
            capture_output=True,
            text=True,
            env={**os.environ, "NO_COLOR": "1"},
            check=False,
        )
        lines = (done.stderr + done.stdout).strip().splitlines()[-_OUTPUT_LINES:]
        for line in lines:
            colour = RED if line.startswith(("FAIL", "AssertionError")) else DIM
            self._show(line, colour)
        return done.returncode == 0
