"""Too many processes in a session's tree: noticed within a second or two, at hardly any cost before."""

from __future__ import annotations

import os

from steer.runtime.keeping import tree


class Crowd:
    """`limit`: processes that are fine; 0: any number.

    A tree cannot have more than the machine has, and cannot have grown by more than the machine's did: one look at
    `/proc` itself says the latter, and the tree is walked only where that does not settle it.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.count = 0  # of the tree when it was too many, until `allow_more`
        self._allowed = limit
        self._least = 0  # processes of the machine since the tree was walked
        self._room = 0  # by which they may grow before it is walked again

    def is_possible(self) -> bool:
        """Whether the tree has to be walked to know that it is not too large."""
        total = processes_of_machine()
        if total < self.limit:
            self._allowed = self.limit
        if not self.limit or total < self._allowed:
            return False
        self._least = min(self._least, total)
        return total >= self._least + self._room

    def is_over(self, root: int) -> bool:
        """Whether the tree below `root` has more processes than allowed now; then `count` says how many."""
        if not self.is_possible():
            return False
        total = processes_of_machine()
        count = len(tree.descendants(root))
        if count > self._allowed:
            self.count = count
            return True
        if count <= self.limit:
            self._allowed = self.limit
        self._least, self._room = total, max(1, (self._allowed - count) // 2)
        return False

    def to_json(self) -> dict[str, int]:
        return {"processes": self.count, "limit": self.limit}

    def allow_more(self) -> None:
        """The operator lets it go on: as many again are fine, until it has become few."""
        if self.count:
            self._allowed, self.count, self._room = self.count + self.limit, 0, 0


def processes_of_machine() -> int:
    """Linux counts them in the links of /proc (proc_root_getattr in fs/proc/root.c), threads not; elsewhere a few."""
    try:
        return os.stat("/proc").st_nlink
    except OSError:
        return 0
