"""A new worktree with the files as they are in another one: staged, modified, untracked, in conflict.

The source is only read. Its index is carried entry by entry with all flags and stages, see `index`.
Not carried: a rebase or bisect under way (it names the parent's branch; finishing it would move that) and
hard links (each name becomes a file of its own).
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path

import pygit2

from steer.adapters.git import command, include, submodule
from steer.adapters.git import index as index_file
from steer.adapters.git.command import Cancelled, Place, Progress
from steer.adapters.git.draft import Draft
from steer.adapters.git.include import Selection
from steer.adapters.git.repository import (
    Linked,
    RepositoryInfo,
    checked_link,
    in_progress,
    open_repository,
    read_pointer,
)
from steer.adapters.git.tree_copy import Copied, TreeCopy, special_files
from steer.errors import UserError

# What a half-done merge, cherry-pick or revert consists of, beside the index.
_CARRIED_STATE = (
    "MERGE_HEAD", "MERGE_MSG", "MERGE_MODE", "CHERRY_PICK_HEAD", "REVERT_HEAD", "ORIG_HEAD",
    "info/sparse-checkout",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ForkPlan:
    """What a fork would carry. `modified` counts files that differ from the index, deleted ones too."""

    modified: int = 0
    staged: int = 0
    untracked: int = 0
    changed_bytes: int = 0  # of modified and untracked files
    ignored_carried: int = 0
    ignored_bytes: int = 0
    ignored_left: tuple[str, ...] = ()  # outermost names, the first ones
    special: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ForkReport:
    """What a fork carried."""

    files: int
    copied_bytes: int
    commit: str
    not_carried: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def plan_fork(
    info: RepositoryInfo, source: Path, state_dir: Path, cap_bytes: int = include.DEFAULT_CAP_BYTES
) -> ForkPlan:
    """Counts for a dialog, without changing anything. Errors as `fork_worktree`."""
    linked = checked_link(info, source)
    place = include.looking_at(include.neutral(state_dir, info.common_dir), source, linked.index)
    chosen = include.selected(place, cap_bytes)
    ignored = frozenset(include.ignored(place))
    modified, staged, untracked = _changes(info, linked, place)
    left = [os.fsdecode(p) for p in sorted(ignored - set(chosen.paths))]
    return ForkPlan(
        modified=len(modified),
        staged=len(staged),
        untracked=len(untracked),
        changed_bytes=_total_bytes(source, [*modified, *untracked]),
        ignored_carried=len(chosen.paths),
        ignored_bytes=chosen.total_bytes,
        ignored_left=(*include.shortened(left), *chosen.left),
        special=include.shortened([os.fsdecode(p) for p in special_files(source, ignored)]),
        notes=_state_notes(linked.admin),
    )


def _changes(
    info: RepositoryInfo, linked: Linked, place: Place
) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """Paths that differ from the index, those that differ between HEAD and index, untracked ones.

    libgit2's own status is not used: it takes skip-worktree files for deleted ones.
    """
    place = replace(place, objects=(info.common_dir / "objects",))
    quiet = ("--name-only", "-z", "--no-renames", "--ignore-submodules=all")
    modified = command.run(place, "diff", "--no-ext-diff", "--no-textconv", *quiet)
    head = head_commit(info, linked.admin)
    staged = command.run(place, "diff", "--cached", "--no-ext-diff", *quiet, head) if head else b""
    untracked = command.run(place, "ls-files", "-z", "-o", "--exclude-standard")
    return command.split_z(modified), command.split_z(staged), command.split_z(untracked)


def _total_bytes(source: Path, paths: list[bytes]) -> int:
    total = 0
    for path in dict.fromkeys(paths):
        try:
            info = os.lstat(os.fsencode(source) + b"/" + path)
        except OSError:
            continue
        total += 0 if stat.S_ISDIR(info.st_mode) else info.st_size
    return total


def fork_worktree(
    info: RepositoryInfo,
    source: Path,
    target: Path,
    branch: str,
    state_dir: Path,
    cap_bytes: int = include.DEFAULT_CAP_BYTES,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> ForkReport:
    """Create the worktree `target` on the new `branch` at the source's HEAD, with its files and index.

    Raises `UserError` when the source is no worktree of this repository any more, has no commit, or when path
    or branch exist; `EnvironmentFault` for disk and permissions. Then nothing is left behind.
    """
    linked = checked_link(info, source)
    commit = head_commit(info, linked.admin)
    if commit is None:
        raise UserError("this worktree has no commit to fork from", "commit something first")
    place = include.looking_at(include.neutral(state_dir, info.common_dir), source, linked.index)
    chosen = include.selected(place, cap_bytes)
    with Draft(info, target, branch, commit, state_dir) as draft:
        data, index_stat = _index_bytes(linked.index)
        copied = _copy(place, draft, chosen, len(data) // 100, progress, cancelled)
        _write_index(draft.admin / "index", index_file.transplanted(data, copied.pairs), index_stat)
        _carry_state(linked.admin, draft.admin)
        notes = _embed_all(source, draft.folder, info, copied)
        draft.commit()
    special = [f"{os.fsdecode(p)}: not a file" for p in copied.special]
    not_carried = (*special, *copied.problems, *chosen.left)
    return ForkReport(
        len(copied.pairs), copied.copied_bytes, commit, not_carried, (*notes, *_state_notes(linked.admin))
    )


def head_commit(info: RepositoryInfo, admin: Path) -> str | None:
    """The commit a worktree is on, from its admin folder."""
    head = read_pointer(admin / "HEAD")
    repo = open_repository(info.common_dir)
    try:
        if head.startswith(b"ref: "):
            return str(repo.lookup_reference(os.fsdecode(head[5:])).peel(pygit2.Commit).id)
        return str(repo[head.decode("ascii")].peel(pygit2.Commit).id)
    except (KeyError, ValueError, pygit2.GitError):
        return None


def _index_bytes(path: Path) -> tuple[bytes, os.stat_result | None]:
    """The index of the source as of one moment: git replaces the file, it never writes into it."""
    try:
        with path.open("rb") as f:
            return f.read(), os.fstat(f.fileno())
    except FileNotFoundError:
        return index_file.EMPTY, None


def _copy(
    place: Place,
    draft: Draft,
    chosen: Selection,
    total: int,
    progress: Progress | None,
    cancelled: Cancelled | None,
) -> Copied:
    source = place.work_tree or place.git_dir
    wanted = set(chosen.paths)
    skipped = frozenset(include.ignored(place)) - wanted
    copy = TreeCopy(source, draft.folder, skipped, total, progress, cancelled)
    copied = copy.run()
    copy.files(sorted(wanted - copied.pairs.keys()))
    return copied


def _write_index(path: Path, data: bytes, like: os.stat_result | None) -> None:
    """Write the index with the time of the original: which entries git trusts depends on it."""
    path.write_bytes(data)
    if like:
        os.utime(path, ns=(like.st_atime_ns, like.st_mtime_ns))


def _carry_state(source: Path, target: Path) -> None:
    for name in _CARRIED_STATE:
        content = include.plain_bytes(source / name)
        if content:
            (target / name).parent.mkdir(exist_ok=True)
            (target / name).write_bytes(content)


def _embed_all(source: Path, folder: Path, info: RepositoryInfo, copied: Copied) -> list[str]:
    """Give each submodule of the copy its own git directory."""
    notes = []
    for pointer in copied.pointers:
        relative = os.fsdecode(pointer)
        problem = submodule.embed(source / relative, (folder / relative).parent, info.common_dir)
        notes += [problem] if problem else []
    return notes


def _state_notes(admin: Path) -> tuple[str, ...]:
    word = in_progress(admin)
    if word in ("rebase", "bisect"):
        return (f"the source is in the middle of a {word}; the fork has its files but not the {word}",)
    return ()
