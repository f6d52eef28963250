"""Adds worktrees without plain git: no hooks, no filters, no tracking, no change of the configuration.

Not done on purpose: external filters are not run (Git LFS files stay pointers until the operator runs
`git lfs pull`), and a sparse checkout of the main worktree is not repeated: the new one is whole.
"""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pygit2

from steer.adapters.git import command, include, submodule
from steer.adapters.git.command import Cancelled, Place, Progress
from steer.adapters.git.draft import Draft
from steer.adapters.git.repository import RepositoryInfo, open_repository
from steer.adapters.git.tree_copy import TreeCopy
from steer.errors import UserError

_CONVERSIONS = ("core.autocrlf", "core.eol", "core.symlinks", "core.fileMode", "core.ignoreCase")
_PROGRESS = re.compile(rb"\((\d+)/(\d+)\)")
_LOOK_S = 0.1  # how often a checkout under way looks at `cancelled`


@dataclass(frozen=True, slots=True)
class AddReport:
    """What a new worktree got beside its tracked files, and what it did not get."""

    carried: int = 0  # files of `.worktreeinclude`
    not_carried: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def add_worktree(
    info: RepositoryInfo,
    path: Path,
    branch: str,
    commit: str,
    state_dir: Path,
    cap_bytes: int = include.DEFAULT_CAP_BYTES,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> AddReport:
    """Create the linked worktree `path` on the new `branch` at `commit` (40 hex digits).

    `state_dir` is the repository's private state folder. Raises `UserError` when path or branch exist or
    when cancelled, `EnvironmentFault` when the disk or git is in the way; then nothing is left behind.
    """
    git_dir = include.neutral(state_dir, info.common_dir)
    with Draft(info, path, branch, commit, state_dir) as draft:
        repo = open_repository(info.common_dir)
        checkout(draft, git_dir, conversions(repo), progress, cancelled)
        notes = submodule.populate(repo, commit, info.common_dir / "modules", draft.folder)
        carried, left = _carry(info, git_dir, draft, cap_bytes)
        if cancelled and cancelled():
            raise UserError("cancelled")
        draft.commit()
    return AddReport(carried, left, (*notes, *_lfs_note(draft.path)))


def conversions(repo: pygit2.Repository) -> dict[str, str]:
    """The repository's settings that decide how files look on disk; none of them names a program."""
    found = {}
    for key in _CONVERSIONS:
        try:
            found[key] = str(repo.config[key])
        except (KeyError, pygit2.GitError):
            continue
    return found


def checkout(
    draft: Draft,
    git_dir: Path,
    config: dict[str, str],
    progress: Progress | None,
    cancelled: Cancelled | None,
) -> None:
    """Write the files of the draft's commit and an index that knows them."""
    place = Place(
        git_dir,
        work_tree=draft.folder,
        index=draft.admin / "index",
        objects=(draft.info.common_dir / "objects",),
        config={**config, "checkout.workers": "0"},
    )
    process = command.start(place, "read-tree", "--reset", "-u", "-v", draft.commit_id)
    _watch(process, progress, cancelled)


def _watch(process: subprocess.Popen[bytes], progress: Progress | None, cancelled: Cancelled | None) -> None:
    """Follow git's progress lines; kill it when cancelled. Raises `GitFailed` or `UserError`."""
    assert process.stderr is not None
    said = b""
    with process, selectors.DefaultSelector() as selector:
        selector.register(process.stderr, selectors.EVENT_READ)
        while True:
            if cancelled and cancelled():
                process.send_signal(signal.SIGKILL)
                raise UserError("cancelled")
            if not selector.select(_LOOK_S):
                continue
            block = os.read(process.stderr.fileno(), 65536)
            if not block:
                break
            said = (said + block)[-65536:]
            numbers = _PROGRESS.findall(block)
            if progress and numbers:
                progress(int(numbers[-1][0]), int(numbers[-1][1]))
    if process.returncode != 0:
        raise command.GitFailed("read-tree", process.returncode, said)


def _carry(info: RepositoryInfo, git_dir: Path, draft: Draft, cap_bytes: int) -> tuple[int, tuple[str, ...]]:
    """Copy what `.worktreeinclude` of the main worktree names."""
    index = info.common_dir / "index"
    chosen = include.selected(include.looking_at(git_dir, info.main_worktree, index), cap_bytes)
    copied = TreeCopy(info.main_worktree, draft.folder).files(chosen.paths)
    return len(copied.pairs), (*chosen.left, *copied.problems)


def _lfs_note(worktree: Path) -> list[str]:
    attributes = include.plain_bytes(worktree / ".gitattributes")
    if b"filter=lfs" in attributes:
        return ["Git LFS files are pointers in this worktree; `git lfs pull` fetches them"]
    return []
