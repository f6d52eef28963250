"""How the program gets into its isolation, and how the keeper learns that it is in there.

Between the isolating command and the program stands `steer.isolation.gate`: it looks whether what should be closed
is closed, writes one line into a pipe of the keeper's, and becomes the program. No line, no session.
"""

from __future__ import annotations

import json
import os
import select
import signal
import time
from collections.abc import Callable
from typing import Any

from steer.runtime.keeping.launch import Launch, LaunchError

_LIMIT_S = 15.0
# Ctrl-C is for the program; the isolating command in the same group must not end before it. The gate puts them back.
_NOT_FOR_WRAPPERS = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)


class Entrance:
    """For one start. Where the orders hold no gate it does nothing."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._read, self._write = os.pipe() if launch.gate else (-1, -1)
        if launch.gate:
            os.set_inheritable(self._write, True)

    @property
    def passed(self) -> tuple[int, ...]:
        return (self._write,) if self._launch.gate else ()

    def argv(self, command: list[str]) -> list[str]:
        if not self._launch.gate:
            return [*self._launch.wrapper, *command]
        from steer.isolation.gate import prefix

        order = {**self._launch.gate, "outside": os.getpid(), "report": self._write}
        return [*self._launch.wrapper, *prefix(order), *command]

    def ignore_signals(self) -> None:
        """In the child, before the isolating command runs."""
        if self._launch.gate and self._launch.wrapper:
            for signum in _NOT_FOR_WRAPPERS:
                signal.signal(signum, signal.SIG_IGN)

    def close(self) -> None:
        if self._launch.gate:
            os.close(self._read)
            os.close(self._write)

    def wait(self, read_terminal: Callable[[], bytes | None]) -> None:
        """Until the program is inside. Raises `LaunchError` saying why it is not; then it must be ended."""
        if not self._launch.gate:
            return
        os.close(self._write)
        try:
            line = self._read_line()
        finally:
            os.close(self._read)
        try:
            said: dict[str, Any] = json.loads(line)
            why = said.get("why", "")
        except ValueError:
            printed = (read_terminal() or b"").decode("utf-8", "replace").split("\n")
            why = next((p.strip()[:200] for p in reversed(printed) if p.strip()), "it ended without a word")
        if why:
            level = self._launch.isolation
            raise LaunchError(
                "isolation", f"isolation {level} does not hold here: {why}", "see `steer doctor`"
            )

    def _read_line(self) -> bytes:
        line, end = b"", time.monotonic() + _LIMIT_S
        while not line.endswith(b"\n"):
            if not select.select([self._read], [], [], max(0.0, end - time.monotonic()))[0]:
                return json.dumps({"why": f"nothing was heard from inside for {_LIMIT_S:.0f} s"}).encode()
            piece = os.read(self._read, 4096)
            if not piece:
                return line
            line += piece
        return line
