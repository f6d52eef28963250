"""Differences of two trees of the shadow repository, as data."""

from __future__ import annotations

from dataclasses import dataclass

import pygit2

from steer.model.session import DiffStat

PATCH_MAX_CHARS = 200_000
_LETTERS = {
    pygit2.enums.DeltaStatus.ADDED: "A",
    pygit2.enums.DeltaStatus.DELETED: "D",
    pygit2.enums.DeltaStatus.RENAMED: "R",
    pygit2.enums.DeltaStatus.TYPECHANGE: "T",
}


@dataclass(frozen=True, slots=True)
class FileDiff:
    """One file of a difference. Names and patch are the agent's: untrusted text."""

    path_display: str  # undecodable bytes as U+FFFD
    path_bytes: bytes
    status: str  # A M D T R
    added: int
    removed: int
    is_binary: bool
    patch: str = ""  # unified; undecodable bytes as U+FFFD
    is_cut: bool = False  # the patch was longer than `PATCH_MAX_CHARS`
    old_path_bytes: bytes = b""  # where it was, for R


def files(old: pygit2.Tree, new: pygit2.Tree) -> list[FileDiff]:
    """What changed from `old` to `new`, renames found, in the order of the paths."""
    diff = old.diff_to_tree(new, flags=pygit2.enums.DiffOption.INCLUDE_TYPECHANGE)
    diff.find_similar(flags=pygit2.enums.DiffFind.FIND_RENAMES)
    return [_file(patch) for patch in diff if patch is not None]


def _file(patch: pygit2.Patch) -> FileDiff:
    delta = patch.delta
    status = _LETTERS.get(delta.status, "M")
    path = delta.old_file.raw_path if status == "D" else delta.new_file.raw_path
    _, added, removed = patch.line_stats
    text = patch.data[: PATCH_MAX_CHARS * 4].decode("utf-8", "replace")
    return FileDiff(
        path_display=path.decode("utf-8", "replace"),
        path_bytes=bytes(path),
        status=status,
        added=added,
        removed=removed,
        is_binary=bool(delta.is_binary),
        patch=text[:PATCH_MAX_CHARS],
        is_cut=len(text) > PATCH_MAX_CHARS or len(patch.data) > PATCH_MAX_CHARS * 4,
        old_path_bytes=bytes(delta.old_file.raw_path) if status == "R" else b"",
    )


def stat(old: pygit2.Tree, new: pygit2.Tree) -> DiffStat:
    """Counts only; a renamed file counts as two, which costs nothing to find out."""
    if old.id == new.id:
        return DiffStat()
    stats = old.diff_to_tree(new, context_lines=0).stats
    return DiffStat(files=stats.files_changed, added=stats.insertions, removed=stats.deletions)
