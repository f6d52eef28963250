"""What a worktree's difference to its base says: files outside the stated scope, tests made weaker.

The evidence is steer's own checkpoint, so it holds for every agent, whatever it prints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from steer.detect.assertion import lost
from steer.detect.write import TEST
from steer.model.flag import Flag, Severity

EVIDENCE_LINES = 6


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file of a diff: `status` is A, M, D, T or R; `patch` unified text."""

    path: str
    status: str
    patch: str = ""


def out_of_scope(changes: Sequence[FileChange], scope: Sequence[str], at: float) -> Flag | None:
    """A flag naming the changed files that no glob of `scope` covers; None without a scope or without any."""
    if not scope:
        return None
    outside = [c.path for c in changes if not any(covers(glob, c.path) for glob in scope)]
    if not outside:
        return None
    title = f"outside its scope: {outside[0]}" + (f" and {len(outside) - 1} more" if len(outside) > 1 else "")
    lines = tuple(f"{p} is not in {' '.join(scope)}" for p in outside[:EVIDENCE_LINES])
    return Flag("out-of-scope", title[:60], Severity.WARN, at, lines, "inject", len(outside))


def covers(glob: str, path: str) -> bool:
    """Whether a glob covers a path: shell-style, `*` crossing slashes; a folder covers what is below it."""
    glob = glob.rstrip("/")
    return fnmatchcase(path, glob) or path.startswith(glob + "/") or fnmatchcase(path, glob + "/*")


def weakened_tests(changes: Sequence[FileChange], at: float) -> Flag | None:
    """A flag for tests that were deleted, lost assertions, were skipped, or had exact checks made vague."""
    found: list[str] = []
    for change in changes:
        if TEST.search(change.path) and (why := _weakened(change)):
            found.append(f"{change.path}: {why}")
    if not found:
        return None
    title = f"test weakened: {found[0]}"
    return Flag(
        "weakened-test", title[:60], Severity.WARN, at, tuple(found[:EVIDENCE_LINES]), "inject", len(found)
    )


def _weakened(change: FileChange) -> str:
    if change.status == "D":
        return "deleted"
    if change.status not in ("M", "R", "T"):
        return ""
    added, removed = _lines(change.patch, "+"), _lines(change.patch, "-")
    return lost(removed, added)


def _lines(patch: str, sign: str) -> list[str]:
    header = sign * 3
    return [line[1:] for line in patch.splitlines() if line.startswith(sign) and not line.startswith(header)]
