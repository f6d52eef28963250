"""Kill and undo: a worktree is moved, never deleted, and comes back byte for byte.

    <trash>/<entry>/tree                  the folder
    <trash>/<entry>/record.json           what `restore_worktree` and `gc` need
    <common dir>/steer-trash/<entry>      its admin folder: index, HEAD, reflog (same file system as it was)
    refs/steer/trash/<entry>/branch       the branch, gone from refs/heads/
    refs/steer/trash/<entry>/keep         holds the commits and staged files that only the admin folder knew

Each step looks first whether it is done, so `finish_trash` and `restore_worktree` may be called again after
a crash. Moves go through open folders: a path swapped for a link is moved as a link or refused.
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from dataclasses import dataclass, replace
from pathlib import Path

import pygit2

from steer.adapters.git.branch import HEADS, create_ref, delete_ref, free_branch, put_ref, ref_commit
from steer.adapters.git.command import write_if_changed
from steer.adapters.git.draft import place_admin, repository_lock
from steer.adapters.git.include import plain_bytes
from steer.adapters.git.repository import RepositoryInfo, admin_of, open_repository, read_pointer
from steer.errors import EnvironmentFault, UserError
from steer.model import codec

_REFS = "refs/steer/trash/"
_ADMINS = "steer-trash"
_COMMIT_ID = re.compile(rb"\b[0-9a-f]{40}\b")
_KEPT_FROM = (
    "HEAD", "ORIG_HEAD", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "logs/HEAD",
    "rebase-merge/orig-head", "rebase-merge/onto", "rebase-apply/orig-head",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrashRecord:
    """All that is needed to finish or undo a kill. Write it down (`to_json`) before `finish_trash`."""

    session: str
    entry: str  # name in the trash
    common_dir: str
    worktree: str
    trash_dir: str
    branch: str = ""  # empty: another worktree has it checked out, it stays
    admin: str = ""  # empty: it had none any more
    inode: int = 0  # of the worktree's folder; 0: it was gone already
    checkpoint: str = ""  # the caller's last checkpoint
    at: int = 0  # seconds since the epoch
    notes: tuple[str, ...] = ()

    @property
    def place(self) -> Path:
        return Path(self.trash_dir) / self.entry

    @property
    def admin_place(self) -> Path:
        return Path(self.common_dir) / _ADMINS / self.entry

    @property
    def branch_ref(self) -> str:
        return f"{_REFS}{self.entry}/branch"

    @property
    def keep_ref(self) -> str:
        return f"{_REFS}{self.entry}/keep"


@dataclass(frozen=True, slots=True)
class Restored:
    """Where an undone kill put things; they differ from before only when the old places were taken."""

    worktree: str
    branch: str
    notes: tuple[str, ...] = ()


def plan_trash(
    info: RepositoryInfo,
    worktree: Path,
    branch: str,
    trash_dir: Path,
    session: str,
    at: int,
    checkpoint: str = "",
) -> TrashRecord:
    """What moving `worktree` to the trash will do; changes nothing.

    Raises `EnvironmentFault` where a rename is impossible: a link in its place, another file system.
    """
    notes: list[str] = []
    inode = _inode(worktree, trash_dir, notes)
    admin = admin_of(info, worktree)
    if admin is None:
        notes.append(
            "git had forgotten this worktree: what was staged is not separate from what was not any more"
        )
    elif inode and read_pointer(worktree / ".git") != os.fsencode(admin):
        notes.append("the .git file in the worktree was changed")
    if branch and _is_checked_out_elsewhere(info, branch, admin):
        notes.append(f"the branch {branch} stays: another worktree has it checked out")
        branch = ""
    return TrashRecord(
        session=session,
        entry=_free_entry(info, trash_dir, session),
        common_dir=str(info.common_dir),
        worktree=str(worktree),
        trash_dir=str(trash_dir),
        branch=branch,
        admin=str(admin or ""),
        inode=inode,
        checkpoint=checkpoint,
        at=at,
        notes=tuple(notes),
    )


def _inode(worktree: Path, trash_dir: Path, notes: list[str]) -> int:
    try:
        found = worktree.lstat()
    except FileNotFoundError:
        notes.append("the folder was gone already; its last checkpoint has the files")
        return 0
    if not stat.S_ISDIR(found.st_mode):
        raise EnvironmentFault(
            f"{worktree} is not a folder any more", "look what was put there, and move it away"
        )
    trash_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    if trash_dir.lstat().st_dev != found.st_dev:
        raise _other_file_system(worktree, trash_dir)
    return found.st_ino


def _other_file_system(worktree: Path, trash_dir: Path) -> EnvironmentFault:
    return EnvironmentFault(
        f"{worktree} and the trash {trash_dir} are on different file systems",
        "set worktree.root so that worktrees and trash share one",
    )


def _is_checked_out_elsewhere(info: RepositoryInfo, branch: str, admin: Path | None) -> bool:
    wanted = b"ref: " + os.fsencode(HEADS + branch)
    heads = [info.common_dir / "HEAD", *(info.common_dir / "worktrees").glob("*/HEAD")]
    return any(h.parent != admin and read_pointer(h) == wanted for h in heads)


def _free_entry(info: RepositoryInfo, trash_dir: Path, session: str) -> str:
    n = 1
    while (trash_dir / f"{session}-{n}").exists() or (info.common_dir / _ADMINS / f"{session}-{n}").exists():
        n += 1
    return f"{session}-{n}"


def trash_worktree(
    info: RepositoryInfo,
    worktree: Path,
    branch: str,
    trash_dir: Path,
    session: str,
    at: int,
    state_dir: Path,
    checkpoint: str = "",
) -> TrashRecord:
    """`plan_trash` and `finish_trash` in one, for callers that need no record in between."""
    record = plan_trash(info, worktree, branch, trash_dir, session, at, checkpoint)
    finish_trash(record, state_dir)
    return record


def finish_trash(record: TrashRecord, state_dir: Path) -> None:
    """Do what is left of a kill. Raises `EnvironmentFault` when a step is impossible; call again then."""
    with repository_lock(state_dir):
        repo = open_repository(Path(record.common_dir))
        record.place.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_if_changed(record.place / "record.json", json.dumps(codec.to_json(record)).encode())
        _keep(repo, record)
        _move(Path(record.worktree), record.place / "tree", record.inode)
        if record.admin:
            record.admin_place.parent.mkdir(exist_ok=True)
            _move(Path(record.admin), record.admin_place)
        kept = ref_commit(repo, record.branch_ref)
        if record.branch and kept:
            delete_ref(repo, HEADS + record.branch, kept)


def _keep(repo: pygit2.Repository, record: TrashRecord) -> None:
    """Point references at the branch and at everything that only the admin folder points to."""
    now = ref_commit(repo, HEADS + record.branch) if record.branch else None
    if now and ref_commit(repo, record.branch_ref) is None:
        put_ref(repo, record.branch_ref, now)
    admin = Path(record.admin) if record.admin else None
    if admin and admin.is_dir() and not admin.is_symlink():
        who = pygit2.Signature("steer", "steer@localhost", record.at, 0)
        parents = _commits_in(repo, admin)
        tree = _staged_tree(repo, admin / "index", parents[0] if parents else None)
        put_ref(
            repo, record.keep_ref, str(repo.create_commit(None, who, who, "kept for undo\n", tree, parents))
        )


def _commits_in(repo: pygit2.Repository, admin: Path) -> list[str]:
    """Commits named by HEAD, by half-done operations and by the reflog; HEAD's own first."""
    text = b"\n".join(plain_bytes(admin / name) for name in _KEPT_FROM)
    ids = [i.decode() for i in dict.fromkeys(_COMMIT_ID.findall(text))]
    head = read_pointer(admin / "HEAD")
    if head.startswith(b"ref: "):
        now = ref_commit(repo, os.fsdecode(head[5:]))
        ids = [now, *ids] if now else ids
    return [i for i in dict.fromkeys(ids) if i in repo and isinstance(repo[i], pygit2.Commit)]


def _staged_tree(repo: pygit2.Repository, index_path: Path, head: str | None) -> pygit2.Oid:
    """A flat tree of all blobs that the index has and the HEAD commit has not, all stages."""
    builder = repo.TreeBuilder()
    if index_path.is_file() and not index_path.is_symlink():
        for blob in _staged_blobs(repo, index_path, head):
            if blob in repo:
                builder.insert(blob, blob, pygit2.enums.FileMode.BLOB)
    return builder.write()


def _staged_blobs(repo: pygit2.Repository, index_path: Path, head: str | None) -> set[str]:
    try:
        index = pygit2.Index(str(index_path))
        index.read()
    except (pygit2.GitError, OSError):
        return set()
    stages = {str(e.id) for conflict in index.conflicts or () for e in conflict if e is not None}
    known = _blob_ids(repo, repo[head].peel(pygit2.Tree)) if head else set()
    return stages | {str(e.id) for e in index if e.mode != pygit2.enums.FileMode.COMMIT} - known


def _blob_ids(repo: pygit2.Repository, tree: pygit2.Tree) -> set[str]:
    index = pygit2.Index()
    index.read_tree(tree)
    return {str(e.id) for e in index}


def _move(source: Path, target: Path, inode: int = 0) -> None:
    """Rename the folder `source` unless that is done. With `inode`, only that very folder."""
    try:
        found = source.lstat()
    except FileNotFoundError:
        return
    if target.exists() or not stat.S_ISDIR(found.st_mode) or (inode and found.st_ino != inode):
        if inode and not target.exists():
            raise EnvironmentFault(
                f"{source} was replaced by something else", "look what is there before going on"
            )
        return
    from_fd = os.open(source.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    to_fd = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.rename(source.name, target.name, src_dir_fd=from_fd, dst_dir_fd=to_fd)
    except OSError as e:
        if e.errno == errno.EXDEV:
            raise _other_file_system(source, target) from e
        raise EnvironmentFault(f"cannot move {source} to {target}: {e.strerror}", "check permissions") from e
    finally:
        os.close(from_fd)
        os.close(to_fd)


def restore_worktree(info: RepositoryInfo, record: TrashRecord, state_dir: Path) -> Restored:
    """Undo a kill. Raises `UserError` when the trash has it no more, `EnvironmentFault` else.

    Where path or branch were taken meanwhile, the next free `-2`, `-3` ... is used and named in the notes.
    """
    with repository_lock(state_dir):
        if not record.place.is_dir():
            raise UserError(f"{record.entry} is not in the trash any more", "`steer gc` may have removed it")
        finish = _RestorePlan(info, record)
        goal = finish.goal()
        finish.branch_back(goal)
        finish.folders_back(goal)
        finish.clean()
    return goal


class _RestorePlan:
    """The steps of an undo, each of which may have been done before."""

    def __init__(self, info: RepositoryInfo, record: TrashRecord) -> None:
        self.info, self.record = info, record
        self.repo = open_repository(info.common_dir)
        self._file = record.place / "restoring.json"

    def goal(self) -> Restored:
        """Where things go: decided once and written down, so that a second attempt goes on with the same."""
        if self._file.exists():
            return codec.from_json(Restored, json.loads(self._file.read_text()))
        old, notes = Path(self.record.worktree), []
        path = _free_path(old)
        if path != old:
            notes.append(f"{old} is taken; the worktree is now {path}")
        branch = self.record.branch
        if branch and ref_commit(self.repo, self.record.branch_ref):
            branch = free_branch(self.repo, branch)
            if branch != self.record.branch:
                notes.append(f"the branch {self.record.branch} is taken; it is now {branch}")
        if not self.record.inode:
            notes.append("the folder was gone when the session was killed; restore its checkpoint instead")
        goal = Restored(str(path), branch, tuple(notes))
        write_if_changed(self._file, json.dumps(codec.to_json(goal)).encode())
        return goal

    def branch_back(self, goal: Restored) -> None:
        commit = ref_commit(self.repo, self.record.branch_ref)
        if not goal.branch or not commit:
            return
        if ref_commit(self.repo, HEADS + goal.branch) is None:
            create_ref(self.repo, HEADS + goal.branch, commit)
        head = self.record.admin_place / "HEAD"
        old = b"ref: " + os.fsencode(HEADS + self.record.branch)
        if goal.branch != self.record.branch and read_pointer(head) == old:
            write_if_changed(head, b"ref: " + os.fsencode(HEADS + goal.branch) + b"\n")

    def folders_back(self, goal: Restored) -> None:
        tree, path = self.record.place / "tree", Path(goal.worktree)
        if not self.record.admin_place.is_dir():
            if not self.record.admin and tree.is_dir():
                self._new_admin(goal)
        elif goal.worktree != self.record.worktree:
            back = os.fsencode(path / ".git") + b"\n"
            write_if_changed(self.record.admin_place / "gitdir", back)
        if self.record.admin_place.is_dir():
            place_admin(
                self.info, self.record.admin_place, Path(self.record.admin or self.record.worktree).name
            )
        self._relink(tree, path)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _move(tree, path)

    def _relink(self, tree: Path, path: Path) -> None:
        """Follow an admin folder whose name was taken; a `.git` that somebody changed stays as it was."""
        placed = admin_of(self.info, path)
        was_ours = read_pointer(tree / ".git") == os.fsencode(self.record.admin) or not self.record.admin
        if placed and str(placed) != self.record.admin and was_ours and tree.is_dir():
            write_if_changed(tree / ".git", b"gitdir: " + os.fsencode(placed) + b"\n")

    def _new_admin(self, goal: Restored) -> None:
        """For a worktree that git had forgotten: HEAD on the branch, an index equal to it."""
        commit = ref_commit(self.repo, HEADS + goal.branch) if goal.branch else None
        if commit is None:
            return
        admin = self.record.admin_place
        admin.mkdir(parents=True)
        (admin / "HEAD").write_bytes(b"ref: " + os.fsencode(HEADS + goal.branch) + b"\n")
        (admin / "commondir").write_bytes(b"../..\n")
        (admin / "gitdir").write_bytes(os.fsencode(Path(goal.worktree) / ".git") + b"\n")
        index = pygit2.Index(str(admin / "index"))
        index.read_tree(self.repo[commit].peel(pygit2.Tree))
        index.write()

    def clean(self) -> None:
        for name in (self.record.branch_ref, self.record.keep_ref):
            delete_ref(self.repo, name, None)
        for name in ("record.json", "restoring.json"):
            (self.record.place / name).unlink(missing_ok=True)
        self.record.place.rmdir()


def _free_path(wanted: Path) -> Path:
    path, n = wanted, 1
    while os.path.lexists(path):
        n += 1
        path = wanted.with_name(f"{wanted.name}-{n}")
    return path


def to_json(record: TrashRecord) -> dict[str, object]:
    data: dict[str, object] = codec.to_json(record)
    return data


def from_json(data: object) -> TrashRecord:
    """Raises `ValueError` for anything that `to_json` did not write."""
    return codec.from_json(TrashRecord, data)


def records(trash_dir: Path) -> list[TrashRecord]:
    """What is in the trash, oldest first; entries without a readable record are left out."""
    found = []
    for path in trash_dir.glob("*/record.json"):
        try:
            record = from_json(json.loads(plain_bytes(path)))
        except ValueError:
            continue
        if record.entry == path.parent.name:
            found.append(replace(record, trash_dir=str(trash_dir)))
    return sorted(found, key=lambda r: (r.at, r.entry))
