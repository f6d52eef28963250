"""All work on git and on worktrees, off the event loop. The repository's lock orders what must not overlap.

A thin layer: what is done is in `steer.adapters.git`; here it becomes awaitable and speaks session words.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from steer.adapters.git import branch, draft, gc, tripwire, worktree
from steer.adapters.git import fork as forking
from steer.adapters.git import trash as trash_can
from steer.adapters.git.diff import FileDiff
from steer.adapters.git.repository import (
    RepositoryInfo,
    admin_of,
    open_repository,
    read_pointer,
    resolve_base,
)
from steer.adapters.git.shadow import Checkpoint, Shadow
from steer.adapters.git.tripwire import Watched
from steer.config.path import RepositoryPath, private_dir
from steer.errors import SteerError
from steer.model import event as ev
from steer.model.codec import to_json
from steer.model.session import DiffStat, Place, SessionSpec, SessionView

WORKERS = 3  # so that a checkpoint does not wait for the worktree of a large fan-out
T = TypeVar("T")
Report = Callable[[int, int], None]
Cancelled = Callable[[], bool]


class Trees:
    def __init__(self, info: RepositoryInfo, paths: RepositoryPath) -> None:
        self.info = info
        self._paths = paths
        self._shadow: Shadow | None = None
        self._making = Lock()
        self._is_compacting = False
        self._pool = ThreadPoolExecutor(WORKERS, "git")
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def on_loop(self, action: Callable[[], None]) -> None:
        """Run `action` on the event loop; for reports from the worker thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(action)

    async def _do(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(work, *args, **kwargs))

    @property
    def shadow(self) -> Shadow:
        """Made on first use, on the worker thread: importing and opening costs 100 ms."""
        with self._making:
            if self._shadow is None:
                self._shadow = Shadow(self._paths.shadow, self.info.common_dir)
        return self._shadow

    # -- names ----------------------------------------------------------------------------------------

    async def resolve_base(self, name: str) -> tuple[str, str]:
        return await self._do(resolve_base, self.info, name or None)

    async def merge_base(self, one: str, other: str) -> str | None:
        """The newest commit that both go back to; None where there is none."""
        if one == other:
            return one

        def work() -> str | None:
            repository = open_repository(self.info.common_dir)
            try:
                found = repository.merge_base(one, other)
            except (KeyError, ValueError):  # a commit that is gone, an unborn branch
                return None
            return str(found) if found else None

        return await self._do(work)

    async def free_branch(self, wanted: str) -> str:
        return await self._do(lambda: branch.free_branch(open_repository(self.info.common_dir), wanted))

    def free_path(self, name: str) -> Path:
        """A folder for a worktree that does not exist yet."""
        return self.free_place(self._paths.worktrees / name)

    @staticmethod
    def free_place(wanted: Path) -> Path:
        """`wanted`, or with -2, -3 ... where something is there."""
        path, number = wanted, 2
        while os.path.lexists(path):
            path, number = wanted.with_name(f"{wanted.name}-{number}"), number + 1
        return path

    def checked_out(self, path: Path) -> str:
        """The branch of the worktree at `path`; empty where it has none, or there is no worktree."""
        admin = admin_of(self.info, path)
        head = read_pointer(admin / "HEAD") if admin else b""
        return os.fsdecode(head.removeprefix(b"ref: refs/heads/")) if head.startswith(b"ref: ") else ""

    # -- worktrees ------------------------------------------------------------------------------------

    async def add(self, spec: SessionSpec, report: Report, cancelled: Cancelled, cap_bytes: int) -> list[str]:
        """Make the session's worktree and branch from its base; notes on what it lacks."""
        where = (self.info, Path(spec.worktree), spec.branch, spec.base, self._paths.state)
        made = await self._do(worktree.add_worktree, *where, cap_bytes, report, cancelled)
        return [*made.notes, *(f"not carried: {n}" for n in made.not_carried)]

    async def tripwire(
        self, heads: dict[str, str]
    ) -> tuple[dict[str, Watched], dict[str, str], dict[str, str]]:
        """What git obeys in the repository, its branches now, and which of `heads` somebody moved or deleted."""

        def work() -> tuple[dict[str, Watched], dict[str, str], dict[str, str]]:
            common = self.info.common_dir
            now = tripwire.branches(common)
            return tripwire.tripwire(common), now, tripwire.moved(common, heads, now)

        return await self._do(work)

    @staticmethod
    def tripped(before: dict[str, Watched], now: dict[str, Watched]) -> dict[str, str]:
        return tripwire.tripped(before, now)

    async def add_as_of(
        self, spec: SessionSpec, checkpoint: str, report: Report, cancelled: Cancelled, cap_bytes: int
    ) -> list[str]:
        """Like `add`, with the files of a checkpoint of a session that has the same base ("": the base's)."""
        notes = await self.add(spec, report, cancelled, cap_bytes)
        if checkpoint:
            try:
                await self.put_over(spec, checkpoint)
            except BaseException:
                await self.discard(spec)
                raise
        return notes

    async def plan_fork(self, spec: SessionSpec, cap_bytes: int) -> dict[str, Any]:
        """{carried: [str], left: [str], bytes: int} for the dialog."""
        plan = await self._do(forking.plan_fork, self.info, Path(spec.worktree), self._paths.state, cap_bytes)
        carried = [
            f"{plan.modified} modified, {plan.staged} staged, {plan.untracked} untracked files",
            "the index as it is, modes, symbolic links, empty folders",
        ]
        if plan.ignored_carried:
            carried.append(f"{plan.ignored_carried} ignored files that .worktreeinclude names")
        left = []
        if plan.ignored_left:
            left.append("ignored: " + ", ".join(plan.ignored_left))
        if plan.special:
            left.append("sockets, pipes, devices: " + ", ".join(plan.special))
        return {
            "carried": carried,
            "left": left + list(plan.notes),
            "bytes": plan.changed_bytes + plan.ignored_bytes,
        }

    async def fork(
        self, parent: SessionSpec, child: SessionSpec, report: Report, cancelled: Cancelled, cap_bytes: int
    ) -> list[str]:
        source, target = Path(parent.worktree), Path(child.worktree)
        where = (self.info, source, target, child.branch, self._paths.state)
        made = await self._do(forking.fork_worktree, *where, cap_bytes, report, cancelled)
        return [*made.notes, *(f"not carried: {n}" for n in made.not_carried)]

    async def discard(self, spec: SessionSpec) -> None:
        """Put a worktree whose session could not be started into the trash: setup may have left something."""
        await self.discard_path(spec.worktree, spec.branch, spec.id)

    async def discard_path(self, path: str, branch_name: str, session: str) -> None:
        if os.path.lexists(path):
            await self.trash(await self._plan_trash(Path(path), branch_name, session, ""))

    async def recover(self) -> list[str]:
        """Roll back worktrees that a crash left half made."""
        return await self._do(draft.recover, self._paths.state)

    # -- trash ----------------------------------------------------------------------------------------

    async def plan_trash(self, spec: SessionSpec, checkpoint: str) -> dict[str, Any]:
        """The record that undo and recovery need; write it down before `trash`."""
        return await self._plan_trash(Path(spec.worktree), spec.branch, spec.id, checkpoint)

    async def _plan_trash(
        self, path: Path, branch_name: str, session: str, checkpoint: str
    ) -> dict[str, Any]:
        where = (self.info, path, branch_name, private_dir(self._paths.trash), session, int(time.time()))
        return trash_can.to_json(await self._do(trash_can.plan_trash, *where, checkpoint))

    async def trash(self, record: dict[str, Any]) -> None:
        """Carry out, or finish, what `plan_trash` planned; may be called again after a crash."""
        await self._do(trash_can.finish_trash, trash_can.from_json(record), self._paths.state)

    async def restore(self, record: dict[str, Any]) -> trash_can.Restored:
        """Bring back a trashed worktree, byte-identical."""
        return await self._do(
            trash_can.restore_worktree, self.info, trash_can.from_json(record), self._paths.state
        )

    # -- checkpoints ----------------------------------------------------------------------------------

    async def checkpoint(
        self, spec: SessionSpec, reason: str, paths: list[bytes] | None = None
    ) -> dict[str, Any]:
        """A checkpoint's record for the store: {id, tree, number, at, reason, files, ..., is_new}.

        `at`: when it was whole, exactly; what the worktree holds afterwards may differ. `paths`: nothing else has
        changed since the last one.
        """
        where = (Path(spec.worktree), spec.id, spec.base)

        def work() -> Checkpoint:
            now = int(time.time())
            made = self.shadow.checkpoint_paths(*where, paths, reason, now) if paths else None
            return made or self.shadow.checkpoint(*where, reason, now)

        made = await self._do(work)
        if made.is_new and not self._is_compacting:
            self._is_compacting = True
            self._pool.submit(self._keep_compact)
        return {**to_json(made), "reason": reason, "at": time.time()}

    def _keep_compact(self) -> None:
        """A night of a large fleet leaves hundreds of thousands of objects; on a worker thread."""
        try:
            if not self.shadow.is_compact():
                self.shadow.compact()
        except (SteerError, OSError):
            pass  # everything is where it was; the next checkpoint leads here again
        finally:
            self._is_compacting = False

    def checkpoint_event(
        self, session: str, record: dict[str, Any], now: float, *, is_new: bool
    ) -> ev.CheckpointTaken:
        stat = DiffStat(int(record["files"]), int(record["added"]), int(record["removed"]))
        return ev.CheckpointTaken(session, now, str(record["id"]), int(record["number"]), stat, is_new)

    async def materialize(self, commit: str, folder: Path) -> None:
        await self._do(lambda: self.shadow.materialize(commit, folder))

    async def put_over(self, spec: SessionSpec, commit: str) -> None:
        """Give the session's new worktree the files of a checkpoint of another session with the same base."""
        await self._do(lambda: self.shadow.put_over(spec.base, commit, Path(spec.worktree)))

    async def diff(self, base: str, checkpoint: str) -> list[dict[str, Any]]:
        """Files that differ between a base commit and a checkpoint."""
        return await self._do(lambda: _files(self.shadow.diff(self.shadow.import_base(base), checkpoint)))

    async def diff_between(self, one: tuple[str, str], other: tuple[str, str]) -> list[dict[str, Any]]:
        """Files that differ between two sessions, each (base commit, checkpoint or "" for the base's files)."""

        def work() -> list[dict[str, Any]]:
            trees = [checkpoint or self.shadow.import_base(base) for base, checkpoint in (one, other)]
            return _files(self.shadow.diff(*trees))

        return await self._do(work)

    # -- disk -----------------------------------------------------------------------------------------

    async def disk_usage(self, folders: list[Path]) -> int:
        return await self._do(lambda: sum(_usage(f) for f in folders))

    async def gc_plan(self, sessions: tuple[SessionView, ...]) -> list[gc.GcItem]:
        live = {v.spec.worktree for v in sessions if v.spec.place is Place.WORKTREE}

        def work() -> list[gc.GcItem]:
            where = (self.info, self._paths.trash, self._paths.worktrees)
            return gc.gc_plan(*where, live, int(time.time()), self.shadow.has)

        return await self._do(work)

    async def gc_apply(self, items: list[gc.GcItem]) -> int:
        """Delete for good; bytes freed."""
        gone = await self._do(gc.gc_apply, self.info, self._paths.trash, items, self._paths.state)
        return sum(item.size_bytes for item in gone)

    def is_in_trash(self, session: str) -> bool:
        return any(r.session == session for r in trash_can.records(self._paths.trash))

    def has_entry(self, record: dict[str, Any]) -> bool:
        """Whether the trash still holds what `plan_trash` described."""
        return trash_can.from_json(record).place.is_dir()


def _files(found: list[FileDiff]) -> list[dict[str, Any]]:
    return [
        {
            "path": f.path_display,
            "status": f.status,
            "added": f.added,
            "removed": f.removed,
            "is_binary": f.is_binary,
            "patch": f.patch,
        }
        for f in found
    ]


def _usage(folder: Path) -> int:
    """Bytes on disk below `folder`, links not followed."""
    total = 0
    stack = [os.fspath(folder)]
    while stack:
        try:
            with os.scandir(stack.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        stack.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
        except OSError:
            continue
    return total
