"""Which files of each worktree were changed since its last checkpoint, as far as the file watcher names them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

MOST_PATHS = 400  # more are looked at faster by a full scan: it reads no file that has not changed
FULL_EVERY_S = 300.0  # a watcher may miss something: writes through memory maps, a queue that was full


@dataclass
class _Seen:
    scanned_at: float
    paths: set[bytes] = field(default_factory=set)


class Touched:
    """Times are seconds of one clock that never runs backwards."""

    def __init__(self) -> None:
        self._sessions: dict[str, _Seen] = {}

    def add(self, session: str, paths: Collection[bytes]) -> None:
        """`paths`: relative to the worktree."""
        if (seen := self._sessions.get(session)) and len(seen.paths) <= MOST_PATHS:
            seen.paths.update(paths)

    def take(self, session: str, now: float) -> list[bytes] | None:
        """The paths to look at, which are forgotten; None where all have to be."""
        seen = self._sessions.get(session)
        if seen is None or now - seen.scanned_at > FULL_EVERY_S or not 0 < len(seen.paths) <= MOST_PATHS:
            return None
        paths, seen.paths = seen.paths, set()
        return sorted(paths)

    def scanning(self, session: str, now: float) -> None:
        """A full scan begins: what was changed before needs no other look."""
        self._sessions[session] = _Seen(now)

    def forget(self, session: str) -> None:
        """Something went wrong or the worktree is another one: the next look is a full scan."""
        self._sessions.pop(session, None)
