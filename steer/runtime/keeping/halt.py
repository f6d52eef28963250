"""Stopping the tree where it is and letting it go on: because the operator says so, or because it is too large."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from steer.runtime.keeping import tree
from steer.runtime.keeping.crowd import Crowd
from steer.runtime.keeping.loop import Loop, now

CHECK_S = 1.0
LATE_S = 0.5  # a keeper that runs so late may have lost the processor to its own tree


class Halt:
    """`living` gives the program's process id, 0 once it was reaped; `on_crowd` is told when `crowd` changed."""

    def __init__(
        self, loop: Loop, limit: int, living: Callable[[], int], on_crowd: Callable[[], None]
    ) -> None:
        self.is_paused = False
        self.crowd = Crowd(limit)
        self._loop = loop
        self._living = living
        self._on_crowd = on_crowd
        self._frozen: list[tree.Process] = []
        self._is_group_stopped = False

    def pause(self) -> None:
        """What somebody else had stopped before is not ours to continue."""
        self._frozen += tree.freeze(os.getpid())
        self.is_paused = True

    def go_on(self) -> None:
        frozen, self._frozen = self._frozen, []
        self.is_paused = False
        if self.crowd.count:
            self.crowd.allow_more()
            self._on_crowd()
        tree.thaw(frozen)
        self._thaw_group()

    def watch(self, due: float = 0.0) -> None:
        """Look at the size of the tree, now and every `CHECK_S`, where there is a limit."""
        if not self.crowd.limit:
            return
        if not self.crowd.count:
            self._look(is_late=0 < due < now() - LATE_S)
        again = now() + CHECK_S
        self._loop.set_timer("tree", CHECK_S, lambda: self.watch(again))

    def _look(self, *, is_late: bool) -> None:
        """A tree that takes all the time there is would fork on faster than it is walked: its first process group,
        where such a thing mostly happens, is stopped with one call before that.
        """
        if is_late and not self.is_paused and self._living() and self.crowd.is_possible():
            os.killpg(self._living(), signal.SIGSTOP)
            self._is_group_stopped = True
        if self.crowd.is_over(os.getpid()):
            self.pause()
            self.crowd.count = len(tree.descendants(os.getpid()))
            self._on_crowd()
        else:
            self._thaw_group()

    def _thaw_group(self) -> None:
        if self._is_group_stopped and self._living():
            os.killpg(self._living(), signal.SIGCONT)
        self._is_group_stopped = False
