"""What follows when files of a worktree change: a checkpoint, its size on disk, flags about it, the check on it."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from steer.adapters.watch import watch_folders
from steer.config.path import private_dir
from steer.errors import SteerError
from steer.model import event as ev
from steer.model.session import CheckResult, Place, SessionSpec
from steer.runtime.checker import Checker
from steer.runtime.context import Context
from steer.runtime.evidence import Evidence
from steer.runtime.isolating import Cage, plan_cages
from steer.runtime.touched import Touched

log = logging.getLogger(__name__)


class Checkpoints:
    """`spawn` runs what nobody waits for."""

    def __init__(self, c: Context, spawn: Callable[[Coroutine[Any, Any, Any]], object]) -> None:
        self.evidence = Evidence(c.trees, lambda: c.fleet.view().sessions)
        self._c = c
        self._spawn = spawn
        self._touched = Touched()
        self._checker = Checker(c.trees, c.paths.state / "scratch", c.now)

    async def watch(self, stop: asyncio.Event) -> None:
        """Tell of changed worktrees until `stop` is set."""

        def found(folders: dict[str, set[bytes]] | None) -> None:
            for v in self._c.fleet.view().sessions:
                name = Path(v.spec.worktree).name
                if v.spec.place is not Place.WORKTREE or not (folders is None or name in folders):
                    continue
                if folders is None:
                    self.forget(v.spec.id)
                else:
                    self._touched.add(v.spec.id, folders[name])
                self._c.emit(ev.TreeChanged(v.spec.id, self._c.now()))

        root = private_dir(self._c.paths.worktrees)
        await watch_folders(root, found, stop, lambda why: log.warning("files are not watched: %s", why))

    def forget(self, session: str) -> None:
        """Its worktree may have changed unseen: the next checkpoint looks at everything."""
        self._touched.forget(session)

    async def take_quickly(self, spec: SessionSpec, reason: str) -> None:
        """As `take`, looking only at what the watcher named, where that is known to be enough."""
        await self.take(spec, reason, self._touched.take(spec.id, self._c.now()))

    async def take(self, spec: SessionSpec, reason: str, paths: list[bytes] | None = None) -> str | None:
        """The commit of the worktree as it is; None (and a note on the session) where it cannot be taken.

        `paths`: all that can have changed since the last one; without, everything is looked at.
        """
        c = self._c
        if spec.place is not Place.WORKTREE:
            return None
        if not paths:
            self._touched.scanning(spec.id, c.now())
        try:
            record = await c.trees.checkpoint(spec, reason, paths)
        except SteerError as e:
            self.forget(spec.id)
            c.emit(ev.SessionNoted(spec.id, c.now(), f"no checkpoint: {e.message}"))
            return None
        is_new = bool(record["is_new"])
        if is_new:
            c.store.add_checkpoint(spec.id, record)
        c.emit(c.trees.checkpoint_event(spec.id, record, c.now(), is_new=is_new))
        if is_new:
            c.mark(spec.id, f"checkpoint {record['id'][:12]} ({reason})")
            self._spawn(self._measure(spec))
            self._spawn(self._look(spec, str(record["id"])))
        return str(record["id"])

    async def _look(self, spec: SessionSpec, commit: str) -> None:
        for event in await self.evidence.of_checkpoint(spec, commit, self._c.now()):
            self._c.emit(event)

    async def _measure(self, spec: SessionSpec) -> None:
        folders = [Path(spec.worktree), self._c.store.folder(spec.id)]
        size = await self._c.trees.disk_usage(folders)
        self._c.emit(ev.DiskMeasured(spec.id, self._c.now(), size))

    async def check(self, spec: SessionSpec, commit: str) -> None:
        """Run the session's check command on a copy of this checkpoint, in its cage."""
        c = self._c
        config = c.load_config().config
        if not config.check.on_quiet:
            return

        def changed(result: CheckResult) -> None:
            c.emit(ev.CheckChanged(spec.id, c.now(), result))

        def enter(folder: Path) -> Cage:
            return plan_cages(c, spec, config, os.environ, str(folder)).options[0]

        log_file = c.store.folder(spec.id) / "check.log"
        result = await self._checker.run(spec, commit, log_file, config.check.timeout_s, changed, enter)
        c.store.save_check_result(spec.id, result)
        changed(result)
        c.emit(self.evidence.of_check(spec, result, c.now()))
