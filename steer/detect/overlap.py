"""Two sessions that change the same lines: found while both still work, not when they are merged.

Both sides are differences to the same commit, so that line numbers mean the same. Changes that are equal on both sides
do not clash.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from steer.detect.tree import EVIDENCE_LINES, FileChange
from steer.model.flag import Flag, Severity

_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")


@dataclass(frozen=True, slots=True)
class Clash:
    """`path` at lines `first` to `last` of the common base; both 0 where there is nothing but the whole file."""

    path: str
    first: int = 0
    last: int = 0

    def __str__(self) -> str:
        if not self.first:
            return self.path
        return f"{self.path}:{self.first}" + (f"-{self.last}" if self.last > self.first else "")


@dataclass(frozen=True, slots=True)
class _Change:
    """Lines `first` to `last` of the base replaced; an insertion lies between `first` and `last` = `first` - 1."""

    first: int
    last: int
    text: tuple[str, ...]

    def meets(self, other: _Change) -> bool:
        """Whether they touch a line in common, or insert at the same place or within the other's lines."""
        if self.last < self.first and other.last < other.first:
            return self.first == other.first
        return self.first <= max(other.last, other.first) and other.first <= max(self.last, self.first)


def clashes(mine: Sequence[FileChange], theirs: Sequence[FileChange]) -> list[Clash]:
    """Where two differences to the same commit meet, in order of path and line."""
    others = {change.path: change for change in theirs}
    found: list[Clash] = []
    for change in mine:
        other = others.get(change.path)
        if other is None or (change.status, change.patch) == (other.status, other.patch):
            continue
        if "D" in (change.status, other.status) or (change.status == other.status == "A"):
            found.append(Clash(change.path))
        else:
            found += _in_file(change, other)
    return sorted(found, key=lambda c: (c.path, c.first))


def overlap(met: Sequence[tuple[str, Sequence[Clash]]], at: float) -> Flag | None:
    """A flag naming the other sessions and the lines; None where no clash is."""
    by_name = [(name, found) for name, found in met if found]
    if not by_name:
        return None
    name, first = by_name[0]
    count = sum(len(found) for _, found in by_name)
    title = f"same lines as {name}: {first[0]}" + (f" and {count - 1} more" if count > 1 else "")
    lines = [f"{clash} is also changed by {name}" for name, found in by_name for clash in found]
    return Flag("overlap", title[:60], Severity.WARN, at, tuple(lines[:EVIDENCE_LINES]), "inject", count)


def _in_file(mine: FileChange, theirs: FileChange) -> list[Clash]:
    other = _changes(theirs.patch)
    met: dict[tuple[int, int], None] = {}
    for change in _changes(mine.patch):
        for one in other:
            if one != change and change.meets(one):
                first = max(change.first, one.first)
                met[first, max(first, min(change.last, one.last))] = None
    return [Clash(mine.path, first, last) for first, last in met]


def _changes(patch: str) -> list[_Change]:
    """The runs of changed lines in a unified patch, by their place in the old file; context is not counted."""
    return list(_runs(patch.splitlines()))


def _runs(lines: Sequence[str]) -> Iterator[_Change]:
    at, first, text = 0, 0, list[str]()
    for line in (*lines, "@@ -0,0 +0,0 @@"):
        is_change = at > 0 and line[:1] in ("+", "-")
        if text and not is_change and not line.startswith("\\"):
            yield _Change(first, at - 1, tuple(text))
            text = []
        if header := _HUNK.match(line):
            at = int(header[1]) + (
                header[2] == "0"
            )  # nothing of the old file: the number is of the line before
        elif is_change:
            first = first if text else at
            text.append(line)
            at += line[0] == "-"
        elif line.startswith(" ") or not line:
            at += 1 if at else 0
