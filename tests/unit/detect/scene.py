"""Entries for detectors, short to write."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from steer.detect.finding import Finding
from steer.detect.pipeline import Pipeline
from steer.detect.rules import Rules
from steer.model.step import BECOMES, Entry, Said, Step, StepKind, Told

_ids = itertools.count(1)


def run(command: str, result: str = "", exit: int | None = 0) -> Step:
    return _step("Bash", StepKind.RUN, command, result, exit)


def edit(path: str, old: str, new: str) -> Step:
    return _step("Edit", StepKind.EDIT, f"{path}\n{old}{BECOMES}{new}", "ok", None, (path,))


def search(pattern: str, result: str = "") -> Step:
    return _step("Grep", StepKind.SEARCH, pattern, result, None)


def wait(result: str = "") -> Step:
    return _step("BashOutput", StepKind.WAIT, "", result, None)


def said(text: str) -> Said:
    return Said(float(next(_ids)), text)


def told(text: str) -> Told:
    return Told(float(next(_ids)), text)


def found(
    entries: Iterable[Entry], task: str = "", scope: tuple[str, ...] = (), rules: Rules | None = None
) -> list[Finding]:
    """Everything the pipeline says of a stream, also that trouble is over."""
    pipeline = Pipeline(task, scope, rules)
    return [f for entry in entries for f in pipeline.feed(entry)]


def flagged(
    entries: Iterable[Entry], task: str = "", scope: tuple[str, ...] = ()
) -> list[tuple[str, str, int]]:
    """Rule, level and step of every flag."""
    return [(f.rule, f.level.value, f.step) for f in found(entries, task, scope) if not f.is_over]


def _step(
    tool: str, kind: StepKind, action: str, result: str, exit: int | None, files: tuple[str, ...] = ()
) -> Step:
    at = float(next(_ids))
    return Step(f"s{at}", at, tool, kind, action, result, exit, bool(exit), files, at + 0.5)
