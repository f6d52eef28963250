"""Which sessions change the same lines, kept up to date as their checkpoints change."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from steer.detect.overlap import Clash, clashes, overlap
from steer.detect.tree import FileChange
from steer.model import event as ev
from steer.model.flag import Flag
from steer.model.session import LIVE, Place, SessionSpec, SessionView
from steer.runtime.tree import Trees


class Overlaps:
    """`sessions` gives the fleet as it is. Attempts at the same task, and forks of one another, are no overlap."""

    def __init__(self, trees: Trees, sessions: Callable[[], Sequence[SessionView]]) -> None:
        self._trees = trees
        self._sessions = sessions
        self._commits: dict[str, str] = {}  # session -> newest checkpoint
        self._met: dict[frozenset[str], list[Clash]] = {}
        self._said: dict[str, tuple[str, tuple[str, ...]]] = {}

    async def of_checkpoint(self, spec: SessionSpec, commit: str, now: float) -> list[ev.FlagsFound]:
        """News for this session and those that it meets."""
        self._commits[spec.id] = commit
        for view in self._at_work():
            other = view.spec
            if other.id in self._commits and other.id != spec.id and not _belong_together(spec, other):
                met = await self._meet(spec, other)
                self._met[frozenset((spec.id, other.id))] = met
        return self.news(now)

    def news(self, now: float) -> list[ev.FlagsFound]:
        """What changed since the last time, also because a session ended or was killed."""
        names = {view.spec.id: view.spec.name for view in self._at_work()}
        self._met = {pair: met for pair, met in self._met.items() if pair <= names.keys()}
        found = []
        for session in {*names, *self._said}:
            met = [
                (names[other], clash)
                for pair, clash in self._met.items()
                if session in pair
                for other in pair - {session}
            ]
            flag = overlap(sorted(met, key=lambda m: m[0]), now) if session in names else None
            if _words(flag) != self._said.get(session, ("", ())):
                self._said[session] = _words(flag)
                found.append(ev.FlagsFound(session, now, "overlap", (flag,) if flag else ()))
            if flag is None:
                self._said.pop(session, None)
        return found

    def _at_work(self) -> list[SessionView]:
        return [v for v in self._sessions() if v.process in LIVE and v.spec.place is Place.WORKTREE]

    async def _meet(self, one: SessionSpec, other: SessionSpec) -> list[Clash]:
        base = await self._trees.merge_base(one.base, other.base)
        if base is None:
            return []
        mine, theirs = await self._changes(base, one.id), await self._changes(base, other.id)
        return clashes(mine, theirs)

    async def _changes(self, base: str, session: str) -> list[FileChange]:
        files = await self._trees.diff(base, self._commits[session])
        return [FileChange(f["path"], f["status"], f["patch"]) for f in files]


def _belong_together(one: SessionSpec, other: SessionSpec) -> bool:
    if one.task and one.task == other.task:
        return True
    return other.id == one.parent or one.id == other.parent or bool(one.parent and one.parent == other.parent)


def _words(flag: Flag | None) -> tuple[str, tuple[str, ...]]:
    return (flag.title, flag.evidence) if flag else ("", ())
