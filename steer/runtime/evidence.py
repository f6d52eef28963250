"""From checkpoints and check results to flags: gathers what detectors look at, off the event loop where it is slow."""

from __future__ import annotations

from collections import deque

from steer.detect.check import repeated_failure
from steer.detect.tree import FileChange, out_of_scope, weakened_tests
from steer.model import event as ev
from steer.model.session import CheckResult, SessionSpec
from steer.runtime.convergence import AddedLines
from steer.runtime.tree import Trees

MAX_RESULTS = 50


class Evidence:
    """Keeps the last check results of each session; everything else comes from the checkpoint."""

    def __init__(self, trees: Trees) -> None:
        self._trees = trees
        self._added = AddedLines()
        self._results: dict[str, deque[CheckResult]] = {}

    async def of_checkpoint(self, spec: SessionSpec, commit: str, now: float) -> list[ev.Event]:
        """What the difference between base and checkpoint shows, and what of the one before it is kept."""
        files = await self._trees.diff(spec.base, commit)
        changes = [FileChange(f["path"], f["status"], f["patch"]) for f in files]
        flags = (out_of_scope(changes, spec.scope, now), weakened_tests(changes, now))
        found: list[ev.Event] = [ev.FlagsFound(spec.id, now, "tree", tuple(f for f in flags if f))]
        share = self._added.share_kept(spec.id, [(f["path"], f["patch"]) for f in files])
        return found if share is None else [*found, ev.LinesKept(spec.id, now, share)]

    def of_check(self, spec: SessionSpec, result: CheckResult, now: float) -> ev.FlagsFound:
        """What this result together with those before it shows."""
        known = self._results.setdefault(spec.id, deque(maxlen=MAX_RESULTS))
        known.append(result)
        flag = repeated_failure(tuple(known), now)
        return ev.FlagsFound(spec.id, now, "check", (flag,) if flag else ())
