"""The real board in a pty, and an emulator as the operator's terminal: what is on it, what state it is left in."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from ptyprocess import PtyProcess

from steer.term.emulator import Emulator

DEADLINE_S = 60.0
MODES = (1000, 1002, 1003, 1004, 1006, 2004, 2026)


class BoardTerminal:
    """A shell-like parent owns the pty, so that it outlives the board, as a user's shell does."""

    def __init__(
        self,
        folder: Path,
        cols: int = 100,
        rows: int = 30,
        *,
        env: dict[str, str] | None = None,
        answers: bool = True,
    ) -> None:
        """`answers`: whether it answers what the board asks it; `env`: what differs from a capable terminal."""
        self.screen = Emulator(cols, rows)
        self.received = bytearray()  # every byte that was written to the terminal
        self._answers = answers
        env = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(env or {})}
        keep_open = "import signal; signal.pause()"  # it must not read what is typed for the board
        self._holder = PtyProcess.spawn(
            [sys.executable, "-c", keep_open], dimensions=(rows, cols), env=env, cwd=str(folder)
        )
        self._tty = os.ttyname(self._slave())
        self._env, self._folder = env, folder
        self.before = self.attributes()
        self.launcher = 0
        self.listen: Callable[[bytes], None] = lambda data: None  # gets all that was written to the terminal

    def _slave(self) -> int:
        return os.open(f"/proc/{self._holder.pid}/fd/0", os.O_RDWR | os.O_NOCTTY)

    def attributes(self) -> list[object]:
        """The terminal's settings without the read position that `tcgetattr` may report differently."""
        return list(termios.tcgetattr(self._holder.fd))

    def start(self, *args: str, program: Sequence[str] = (sys.executable, "-m", "steer")) -> None:
        """Run `steer ARGS`, or another program, on this terminal, in a process group of its own."""
        self.launcher = os.fork()
        if self.launcher == 0:
            os.setpgid(0, 0)
            fd = os.open(self._tty, os.O_RDWR)
            for target in (0, 1, 2):
                os.dup2(fd, target)
            os.chdir(self._folder)
            os.execve(program[0], [*program, *args], self._env)

    def read(self, timeout_s: float = 0.05) -> None:
        """Take what the board wrote and answer its terminal queries."""
        if select.select([self._holder.fd], [], [], timeout_s)[0]:
            data = os.read(self._holder.fd, 65536)
            self.received += data
            self.listen(data)
            self.screen.feed(data)
            if (reply := self.screen.take_replies()) and self._answers:
                os.write(self._holder.fd, reply)

    def resize(self, cols: int, rows: int) -> None:
        """The operator drags the window: a new size, and the signal that says so to whoever draws."""
        self._holder.setwinsize(rows, cols)
        self.screen.resize(cols, rows)
        os.kill(self.board_pid(), signal.SIGWINCH)

    def text(self) -> str:
        return "\n".join(self.screen.screen())

    def shows(self, *words: str) -> None:
        end = time.monotonic() + DEADLINE_S
        while not all(w in self.text() for w in words):
            if time.monotonic() > end:
                pytest.fail(f"the board never showed {words}:\n{self.text()}")
            self.read()

    def lacks(self, words: str) -> None:
        end = time.monotonic() + DEADLINE_S
        while words in self.text():
            if time.monotonic() > end:
                pytest.fail(f"the board went on showing {words}:\n{self.text()}")
            self.read()

    def press(self, keys: bytes) -> None:
        os.write(self._holder.fd, keys)

    def board_pid(self) -> int:
        """The UI process: the launcher's child."""
        with open(f"/proc/{self.launcher}/task/{self.launcher}/children") as f:  # noqa: PTH123 - a /proc file
            return int(f.read().split()[0])

    def kill_board(self) -> None:
        os.kill(self.board_pid(), signal.SIGKILL)

    def kill_itself(self) -> None:
        """kill -9 of the program that was started: of the launcher, where it is `steer`."""
        os.kill(self.launcher, signal.SIGKILL)

    def ended(self) -> int:
        """The launcher's exit status; what it wrote last is on the screen."""
        end = time.monotonic() + DEADLINE_S
        while True:
            pid, status = os.waitpid(self.launcher, os.WNOHANG)
            self.read(0.01)
            if pid:
                self.launcher = 0
                while select.select([self._holder.fd], [], [], 0.05)[0]:
                    self.read()
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() > end:
                pytest.fail(f"the launcher never ended:\n{self.text()}")

    def leftover_modes(self) -> list[int]:
        """Modes a shell does not want that are still on, 1049 standing for the alternate screen."""
        on = [m for m in MODES if self.screen._screen.mode(m)]
        return on + ([1049] if self.screen.modes.is_alternate else [])

    def close(self) -> None:
        """End a board that still runs: it is no job of a shell here, so the end of its terminal does not."""
        if self.launcher:
            os.killpg(self.launcher, signal.SIGKILL)
            os.waitpid(self.launcher, 0)
            self.launcher = 0
        self._holder.close(force=True)
