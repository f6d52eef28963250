"""The fleet of a soak: a board on it, and agents that print, flood, ask, or work like those of the demo."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from steer.demo.scenario import SCENARIOS
from tests.e2e.board_terminal import BoardTerminal
from tests.e2e.place import Place, View
from tests.faults.goals.printer import write_program

FLOODING = "while :; do yes 'a line of a flood' | head -c 2000000; sleep 5; done"
# Asks as agents do by OSC 7501, takes any line as its answer, and asks again.
ASKING = r"""
while :; do printf '\033]7501;state=blocked\033\\proceed? '; read x; printf '\033]7501;state=done\033\\'; done
"""
LOGGED_BYTES = 1 << 20  # of what the board wrote; more is not kept


class Crew:
    """Sessions by name. Those of `printers` are compared byte by byte, those of `workers` are killed and forked."""

    def __init__(self, place: Place, count: int) -> None:
        self.place = place
        self.truths = place.root / "truths"
        self.truths.mkdir()
        self.printers: list[str] = []
        self.workers: list[str] = []
        self.names: list[str] = []
        for number in range(count):
            self._start(number)

    def _start(self, number: int) -> None:
        scenarios = list(SCENARIOS)
        env = {**os.environ, "STEER_DEMO_PACE": "0.5", "PAUSE": "0.1"}
        kind = ("printer", "flooding", "asking", "demo", "demo")[number % 5]
        name, more = f"{kind}-{number}", {"env": env}
        if kind == "printer":
            (self.truths / name).mkdir()
            program = write_program(self.place.root)
            self.place.start(
                [sys.executable, "-I", "-S", str(program), str(self.truths / name)], name, **more
            )
            self.printers.append(name)
        elif kind == "demo":
            scenario = scenarios[number % len(scenarios)]
            self.place.start([sys.executable, "-m", "steer.demo.agent", scenario], name, **more)
            self.workers.append(name)
        else:
            script = FLOODING if kind == "flooding" else ASKING
            self.place.start(["/bin/sh", "-c", script], name, **more)
        self.names.append(name)

    def views(self) -> dict[str, View]:
        return {v["spec"]["name"]: v for v in self.place.views()}

    def keepers(self) -> dict[str, int]:
        """Name -> keeper of each session that runs."""
        running = [v for v in self.place.views() if v["process"] == "running"]
        return {v["spec"]["name"]: self.place.keeper(v["spec"]["id"]) for v in running}

    def recordings(self, name: str) -> list[Path]:
        """Of all its generations, the oldest first."""
        newest = Path(self.views()[name]["recording"])
        return sorted(newest.parent.glob("recording-*.cast"), key=lambda p: int(p.stem.split("-")[1]))


class Onlooker:
    """The operator's terminal, read all the time by a thread of its own."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.terminal = BoardTerminal(place.repo, 140, 45)
        self._lock = threading.RLock()
        self._is_over = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self.open()
        self._thread.start()

    def _read(self) -> None:
        while not self._is_over:
            with self._lock:
                self.terminal.read(0.02)
            time.sleep(0.001)

    def open(self) -> None:
        with self._lock:
            self.terminal.received.clear()
            self.terminal.start()

    def pid(self) -> int:
        return self.terminal.board_pid()

    def answers(self) -> str:
        """Whether a key still opens and closes something, "" if so."""
        try:
            self.shows("quit")
            self.press(b"?")
            self.shows("type to filter")
            self.press(b"\x1b")
            self.shows("quit", without="type to filter")
        except pytest.fail.Exception as e:
            return f"the board does not answer a key: {str(e)[:300]}"
        return ""

    def press(self, keys: bytes) -> None:
        with self._lock:
            self.terminal.press(keys)

    def shows(self, word: str, without: str = "\0") -> None:
        end = time.monotonic() + 60
        while True:
            with self._lock:
                text = self.terminal.text()
            if word in text and without not in text:
                return
            if time.monotonic() > end:
                pytest.fail(f"{word!r} never came:\n{text}")
            time.sleep(0.05)

    def kill(self) -> str:
        """kill -9 of the board; what is wrong with the terminal afterwards, or ""."""
        with self._lock:
            self.terminal.kill_board()
            self.terminal.ended()
            wrong = [f"mode {mode}" for mode in self.terminal.leftover_modes()]
            wrong += [] if self.terminal.screen.cursor.is_visible else ["no cursor"]
            wrong += [] if self.terminal.attributes() == self.terminal.before else ["other settings"]
        return f"the terminal is left with {', '.join(wrong)}" if wrong else ""

    def resize(self, cols: int, rows: int) -> None:
        with self._lock:
            self.terminal.resize(cols, rows)

    def trim(self) -> None:
        with self._lock:
            if len(self.terminal.received) > LOGGED_BYTES:
                self.terminal.received.clear()

    def close(self) -> None:
        self._is_over = True
        self._thread.join(5)
        self.terminal.close()
