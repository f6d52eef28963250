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


def stat_onwards(base: pygit2.Tree, before: pygit2.Tree, known: DiffStat, now: pygit2.Tree) -> DiffStat:
    """`stat(base, now)`, given that `known` is `stat(base, before)`: looks only at what changed since."""
    files, added, removed = known.files, known.added, known.removed
    deltas = list(before.diff_to_tree(now).deltas)
    if len(deltas) * 3 > files:  # as much work as all of it, each path being looked at twice
        return stat(base, now)
    for delta in deltas:
        path = _text(delta)
        if path is None:
            return stat(base, now)
        for tree, sign in ((before, -1), (now, 1)):
            one = _path_stat(base, tree, path)
            files, added, removed = (
                files + sign * one.files,
                added + sign * one.added,
                removed + sign * one.removed,
            )
    return DiffStat(files, added, removed)


def _text(delta: pygit2.DiffDelta) -> str | None:
    """The path as the text that libgit2 looks names up by; None where it is none."""
    try:
        return delta.new_file.raw_path.decode()
    except UnicodeDecodeError:
        return None


def _path_stat(base: pygit2.Tree, tree: pygit2.Tree, path: str) -> DiffStat:
    old, new = _entry(base, path), _entry(tree, path)
    if (old is None and new is None) or (old and new and old.id == new.id and old.filemode == new.filemode):
        return DiffStat()
    patch = pygit2.Patch.create_from(_blob(old), _blob(new))
    _, added, removed = patch.line_stats
    return DiffStat(1, added, removed)


def _entry(tree: pygit2.Tree, path: str) -> pygit2.Object | None:
    try:
        return tree[path]
    except KeyError:
        return None


def _blob(found: pygit2.Object | None) -> pygit2.Blob | None:
    return found if isinstance(found, pygit2.Blob) else None
