"""Writes outside what the operator said the agent should stay inside, as they happen."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from steer.detect.finding import Finding, Kind, Level
from steer.detect.tree import covers
from steer.detect.write import Write
from steer.model.step import Step


class ScopeDetector:
    """Without a scope it says nothing. A path is said once until the operator speaks."""

    def __init__(self, scope: Sequence[str]) -> None:
        self._scope = tuple(scope)
        self._folder = ""
        self._said: set[str] = set()

    def in_folder(self, path: str) -> None:
        """Where the agent works: paths of the scope are relative to it."""
        self._folder = self._folder or path.rstrip("/")

    def told(self) -> None:
        self._said.clear()

    def feed(self, number: int, step: Step, made: Sequence[Write]) -> Iterator[Finding]:
        if not self._scope:
            return
        for write in made:
            path = self._relative(write.path)
            if not path or path in self._said or any(covers(glob, path) for glob in self._scope):
                continue
            self._said.add(path)
            line = f"{path} is not in {' '.join(self._scope)}"
            yield Finding(
                "out-of-scope-step", Kind.DRIFT, Level.AMBER, f"outside its scope: {path}"[:60], number,
                step.ended_at or step.at, number, (line,), "inject", f"scope:{path}",
            )  # fmt: skip

    def _relative(self, path: str) -> str:
        if not path or path.startswith(("/dev/", "/tmp/", "$")):
            return ""
        path = posixpath.normpath(path)
        if self._folder and path.startswith(self._folder + "/"):
            return path[len(self._folder) + 1 :]
        return path
