"""The only place of steer that deletes work: old trash, and only after its plan was shown.

Refused: what is live or unknown, what was killed recently, what has no checkpoint of its own, and branches
with commits that no other reference has.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import pygit2

from steer.adapters.git import trash
from steer.adapters.git.branch import delete_ref, ref_commit
from steer.adapters.git.draft import repository_lock
from steer.adapters.git.repository import RepositoryInfo, open_repository
from steer.adapters.git.trash import TrashRecord

KEEP_S = 30 * 24 * 3600
_OURS = "refs/steer/"


@dataclass(frozen=True, slots=True)
class GcItem:
    """One folder and why it may or may not be deleted."""

    path: str
    size_bytes: int
    reason: str
    is_safe: bool
    entry: str = ""  # of the trash; empty for folders that gc never deletes


def gc_plan(
    info: RepositoryInfo,
    trash_dir: Path,
    worktrees_dir: Path,
    live: Collection[str],
    now: int,
    has_checkpoint: Callable[[str], bool],
    keep_s: int = KEEP_S,
) -> list[GcItem]:
    """Everything that takes space, trash first. Changes nothing.

    `live`: worktree paths of sessions that are not in the trash. `has_checkpoint(commit id)`: is it whole in
    the shadow repository? `now` in seconds since the epoch.
    """
    repo = open_repository(info.common_dir)
    items = []
    for record in trash.records(trash_dir):
        reason = _refusal(repo, record, live, now, has_checkpoint, keep_s)
        text = reason or f"killed {_days(now - record.at)} ago; its last checkpoint stays"
        items.append(GcItem(str(record.place), size_of(record.place), text, not reason, record.entry))
    known = {i.path for i in items}
    items += [_unknown(p) for p in _folders(trash_dir) if str(p) not in known]
    return items + [_worktree(p, live) for p in _folders(worktrees_dir)]


def _refusal(
    repo: pygit2.Repository,
    record: TrashRecord,
    live: Collection[str],
    now: int,
    has_checkpoint: Callable[[str], bool],
    keep_s: int,
) -> str:
    """Why the entry must stay; empty when it need not."""
    if str(record.place / "tree") in live:
        return "in use"
    if now - record.at < keep_s:
        return f"killed {_days(now - record.at)} ago; kept for {_days(keep_s)}"
    if not record.checkpoint or not has_checkpoint(record.checkpoint):
        return "no checkpoint has its files"
    count = lonely_commits(repo, record)
    return f"{count} commits of {record.branch} are on no other branch" if count else ""


def lonely_commits(repo: pygit2.Repository, record: TrashRecord) -> int:
    """How many commits only this trash entry's references reach."""
    tips = _tips(repo, record)
    walker = repo.walk(None)
    for tip in tips:
        walker.push(tip)
    for name in repo.references:
        commit = None if name.startswith(_OURS) else ref_commit(repo, name)
        if commit:
            walker.hide(repo[commit].id)
    return sum(1 for _ in walker) if tips else 0


def _tips(repo: pygit2.Repository, record: TrashRecord) -> list[pygit2.Oid]:
    """The branch and the worktree's own HEAD, which is the first parent of what was kept."""
    branch, keep = ref_commit(repo, record.branch_ref), ref_commit(repo, record.keep_ref)
    return ([repo[branch].id] if branch else []) + (
        list(repo[keep].peel(pygit2.Commit).parent_ids[:1]) if keep else []
    )


def _days(seconds: int) -> str:
    days = max(seconds, 0) // 86400
    return f"{days} day" if days == 1 else f"{days} days"


def _unknown(path: Path) -> GcItem:
    return GcItem(str(path), size_of(path), "no readable record says what this is", False)


def _worktree(path: Path, live: Collection[str]) -> GcItem:
    reason = "belongs to a session" if str(path) in live else "belongs to no session that steer knows"
    return GcItem(str(path), size_of(path), reason, False)


def _folders(parent: Path) -> list[Path]:
    if not parent.is_dir():
        return []
    return sorted(p for p in parent.iterdir() if p.is_dir() and not p.is_symlink())


def size_of(path: Path) -> int:
    """Bytes on disk below `path`; links are not followed."""
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += (Path(folder) / name).lstat().st_blocks * 512
            except OSError:
                continue
    return total


def gc_apply(
    info: RepositoryInfo, trash_dir: Path, items: Collection[GcItem], state_dir: Path
) -> list[GcItem]:
    """Delete the safe items of a plan; returns those that are gone.

    An entry is renamed first, so that what is half deleted is never taken for a worktree; deletion never
    follows links out of it (`shutil.rmtree` works through open folders here).
    """
    gone = []
    with repository_lock(state_dir):
        repo = open_repository(info.common_dir)
        known = {r.entry: r for r in trash.records(trash_dir)}
        for item in items:
            record = known.get(item.entry)
            if item.is_safe and record and str(record.place) == item.path:
                _delete(repo, record)
                gone.append(item)
    return gone


def _delete(repo: pygit2.Repository, record: TrashRecord) -> None:
    for ref in (record.branch_ref, record.keep_ref):
        delete_ref(repo, ref, None)
    if record.admin_place.is_dir() and not record.admin_place.is_symlink():
        shutil.rmtree(record.admin_place)
    doomed = record.place.with_name(f".deleting-{record.entry}")
    record.place.rename(doomed)
    shutil.rmtree(doomed, onerror=_make_writable)


def _make_writable(function: Callable[..., object], path: str, _: object) -> None:
    """Folders without write permission (Go's module cache) are opened up and tried again."""
    Path(path).parent.chmod(0o700)
    function(path)
