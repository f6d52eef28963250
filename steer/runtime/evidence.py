"""From checkpoints and check results to flags: gathers what detectors look at, off the event loop where it is slow."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from steer.detect.check import repeated_failure
from steer.detect.tree import FileChange, out_of_scope, weakened_tests
from steer.model import event as ev
from steer.model.session import CheckResult, SessionSpec, SessionView
from steer.runtime.convergence import AddedLines
from steer.runtime.overlap import Overlaps
from steer.runtime.tree import Trees

MAX_RESULTS = 50


class Evidence:
    """Keeps the last check results of each session; everything else comes from the checkpoint.

    `sessions` gives the fleet as it is.
    """

    def __init__(self, trees: Trees, sessions: Callable[[], Sequence[SessionView]]) -> None:
        self._trees = trees
        self.overlaps = Overlaps(trees, sessions)
        self._added = AddedLines()
        self._results: dict[str, deque[CheckResult]] = {}

    async def of_checkpoint(self, spec: SessionSpec, commit: str, now: float) -> list[ev.Event]:
        """What the difference between base and checkpoint shows, of this session and those that it meets, and how
        much of the one before it is kept.
        """
        files = await self._trees.diff(spec.base, commit)
        changes = [FileChange(f["path"], f["status"], f["patch"]) for f in files]
        flags = (out_of_scope(changes, spec.scope, now), weakened_tests(changes, now))
        found: list[ev.Event] = [ev.FlagsFound(spec.id, now, "tree", tuple(f for f in flags if f))]
        if (share := self._added.share_kept(spec.id, [(f["path"], f["patch"]) for f in files])) is not None:
            found.append(ev.LinesKept(spec.id, now, share))
        return [*found, *await self.overlaps.of_checkpoint(spec, commit, now)]

    def of_check(self, spec: SessionSpec, result: CheckResult, now: float) -> ev.FlagsFound:
        """What this result together with those before it shows."""
        known = self._results.setdefault(spec.id, deque(maxlen=MAX_RESULTS))
        known.append(result)
        flag = repeated_failure(tuple(known), now)
        return ev.FlagsFound(spec.id, now, "check", (flag,) if flag else ())
