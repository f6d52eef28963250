"""Checks weakened by a step: after a check failed, what it demands is lowered instead of met.

Deleted and skipped tests, fewer or vaguer assertions, expectations rewritten to what the code gave, settings of
checks made lenient. Silent where the operator asked for changes to tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from steer.detect.assertion import changed
from steer.detect.command import is_check, without_heredocs
from steer.detect.finding import Finding, Kind, Level
from steer.detect.outcome import Outcome
from steer.detect.rules import Drift
from steer.detect.write import TEST, Write
from steer.model.step import Step, StepKind

_ASKED = re.compile(
    r"\b(?:updat|chang|adjust|adapt|rewrit|remov|delet|drop|skip|refactor|renam|clean|migrat|simplif|replac|edit)\w*\b"
    r"[^.\n]{0,80}\b(?:tests?|specs?|assertions?|expectations?|snapshots?|fixtures?)\b",
    re.I,
)
_SETTINGS = re.compile(
    r"(^|/)(?:\.github/workflows/.*|\.gitlab-ci\.yml|\.pre-commit-config\.yaml|tox\.ini|pytest\.ini|setup\.cfg|\.?mypy\.ini"
    r"|\.?ruff\.toml|\.flake8|\.eslintrc[\w.]*|eslint\.config\.\w+|\.golangci\.ya?ml|(?:jest|vitest)\.config\.\w+"
    r"|\.coveragerc|codecov\.ya?ml|pyproject\.toml)$"
)
_LENIENT = re.compile(
    r"\|\| true\b|continue-on-error: *true|--exit-zero|--passWithNoTests|--no-verify|allow_failure: *true"
    r"|ignore_errors *= *true|\bignore(?:_missing_imports)? *[=:]|\bexclude\w* *[=:]|per-file-ignores"
    r"|--ignore[= ]|--deselect|testPathIgnorePatterns|[\"']off[\"']|-k [\"']not ",
    re.I,
)
_REMOVES = re.compile(r"(?:^|&&|;|\n)\s*(?:git\s+)?rm\s+((?:[^\n;&|])+)")


class WeakenDetector:
    """Feed steps that are over with what they wrote."""

    def __init__(self, rules: Drift, task: str = "") -> None:
        self._rules = rules
        self._is_asked = bool(_ASKED.search(task))
        self._failed: tuple[int, str, str] | None = None  # newest check, while it fails: step, line, output
        self._said: set[str] = set()

    def told(self, text: str) -> None:
        self._is_asked = self._is_asked or bool(_ASKED.search(text))
        self._said.clear()

    def feed(self, number: int, step: Step, outcome: Outcome, made: Sequence[Write]) -> Iterator[Finding]:
        failed = self._failed
        if failed and not self._is_asked and number - failed[0] <= self._rules.after_check:
            for path, why in self._weakened(step, made, failed[2]):
                if path not in self._said:
                    self._said.add(path)
                    name = path.rsplit("/", 1)[-1]
                    yield Finding(
                        "weakened-check", Kind.DRIFT, Level.AMBER, f"check weakened: {name}: {why}"[:60], number,
                        step.ended_at or step.at, number, (f"{path}: {why}", f"failed before: {failed[1]}"), "inject",
                        f"weakened:{path}",
                    )  # fmt: skip
        if is_check(outcome.families):
            self._failed = (number, outcome.line, step.result) if outcome.is_failure else None

    def _weakened(self, step: Step, made: Sequence[Write], output: str) -> Iterator[tuple[str, str]]:
        for write in made:
            if write.is_test and write.old:
                change = changed(write.path, write.old, write.new)
                if change.loss:
                    yield write.path, change.loss
                elif given := next((v for v in change.expected if _is_told(v, output)), None):
                    yield write.path, f"expects what the code gave: {given[:40]}"
            elif _SETTINGS.search(write.path) and write.old and _leniency(write.new) > _leniency(write.old):
                yield write.path, "made lenient"
        if step.kind is StepKind.RUN and not step.exit:
            for found in _REMOVES.finditer(without_heredocs(step.action)):
                yield from ((path, "deleted") for path in found.group(1).split() if TEST.search(path))


def _leniency(text: str) -> int:
    return len(_LENIENT.findall(text))


def _is_told(value: str, output: str) -> bool:
    """Whether the output of the failing check names the value, as a word of its own."""
    return bool(value.strip()) and bool(re.search(rf"(?<![\w.]){re.escape(value[:200])}(?![\w.]*\w)", output))
