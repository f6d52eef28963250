"""Ending the whole tree: politely for a while, then for certain."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from steer.runtime.keeping import tree
from steer.runtime.keeping.loop import Loop, now

SWEEP_LIMIT_S = 5.0  # what SIGKILL did not end by then (uninterruptible sleep) is reported as a survivor
_AGAIN_S = 0.01

Answer = Callable[[dict[str, Any]], None]


class Stop:
    """Any number of requests, one stop: all are answered when it is over, the shortest grace counts."""

    def __init__(self, loop: Loop, soften: Callable[[list[int]], None]) -> None:
        """`soften(signals)` sends the polite signals to the program."""
        self._loop = loop
        self._soften = soften
        self._answers: list[Answer] = []
        self._hard_at = 0.0
        self._sweep_until = 0.0  # 0: not sweeping

    def request(self, soft: list[int], grace_s: float, answer: Answer) -> None:
        """Send `soft`, wait `grace_s` for the tree to end, then kill it. Answers `{ok, survivors}`."""
        self._answers.append(answer)
        if soft:
            self._soften(soft)
        hard_at = now() + (max(0.0, min(grace_s, 600.0)) if soft else 0.0)
        if self._sweep_until:
            return
        self._hard_at = hard_at if len(self._answers) == 1 else min(self._hard_at, hard_at)
        self._loop.set_timer("stop", self._hard_at - now(), self._begin_sweep)

    def check(self) -> None:
        """Children were reaped: perhaps that was all."""
        if self._answers and not tree.has_children():
            self._finish([])

    def _begin_sweep(self) -> None:
        self._sweep_until = now() + SWEEP_LIMIT_S
        self._sweep()

    def _sweep(self) -> None:
        if not tree.has_children():
            self._finish([])
            return
        tree.kill(os.getpid())
        if now() >= self._sweep_until:
            # There may be none: what is dead, but held by a tracer, is not waited for (ptrace(2)).
            left = tree.descendants(os.getpid())
            self._finish([{"pid": p.pid, "name": p.name} for p in left])
            return
        self._loop.set_timer("stop", _AGAIN_S, self._sweep)

    def _finish(self, survivors: list[dict[str, Any]]) -> None:
        answers, self._answers, self._sweep_until = self._answers, [], 0.0
        self._loop.cancel_timer("stop")
        for answer in answers:
            answer({"ok": True, "survivors": survivors})
