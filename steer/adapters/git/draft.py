"""A worktree under construction, of which nothing is left unless it was finished.

Everything slow happens in two places nobody looks at: `<parent>/.steer-adding-<id>` becomes the worktree,
`<common dir>/steer-adding-<id>` its admin folder. `commit` then creates the branch and renames both, under
the repository's lock. A journal file, locked while its writer lives, lets `recover` undo what a killed
steer left behind, whatever the step.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from steer.adapters.git.branch import HEADS, check_branch, create_ref, delete_ref, free_branch
from steer.adapters.git.repository import RepositoryInfo, open_repository, read_pointer
from steer.errors import EnvironmentFault, UserError

_TEMPORARY = "steer-adding-"
_MARK = "steer-id"  # in the admin folder: which draft made it


@contextmanager
def repository_lock(state_dir: Path) -> Iterator[None]:
    """Only one steer at a time changes the repository's branches and worktrees. Blocks until it is free."""
    state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    fd = os.open(state_dir / "git.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


class Draft:
    """Use as a context manager: fill `folder` and `admin`, then `commit`; leaving without it undoes all."""

    def __init__(self, info: RepositoryInfo, path: Path, branch: str, commit: str, state_dir: Path) -> None:
        self.info, self.path, self.state_dir = info, path, state_dir
        self.branch, self.commit_id = check_branch(branch), commit
        self.id = os.urandom(6).hex()
        self.folder = path.parent / f".{_TEMPORARY}{self.id}"
        self.admin = info.common_dir / f"{_TEMPORARY}{self.id}"
        self._journal = state_dir / "adding" / f"{self.id}.json"
        self._journal_fd = -1
        self._phase = "building"

    def __enter__(self) -> Draft:
        if os.path.lexists(self.path):
            raise UserError(f"{self.path} exists already", "choose another name")
        try:
            self._open_journal()
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.folder.mkdir()
            self.admin.mkdir()
            (self.admin / "refs").mkdir()
            (self.admin / _MARK).write_text(self.id)
        except OSError as e:
            self.discard()
            raise EnvironmentFault(
                f"cannot prepare {self.path}: {e}", "check permissions and free space"
            ) from e
        return self

    def __exit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self._journal_fd >= 0:
            self.discard()
        if isinstance(e, OSError):
            raise EnvironmentFault(
                f"cannot create {self.path}: {e}", "check permissions and free space"
            ) from e

    def commit(self) -> None:
        """Make it a worktree. Raises `UserError` when branch or path were taken meanwhile."""
        with repository_lock(self.state_dir):
            repo = open_repository(self.info.common_dir)
            if free_branch(repo, self.branch) != self.branch:
                raise UserError(
                    f"the branch {self.branch} exists already, or collides with one", "choose another name"
                )
            self._write_journal("committing")
            create_ref(repo, HEADS + self.branch, self.commit_id)
            self._place()
            self._close_journal()

    def _place(self) -> None:
        (self.admin / "HEAD").write_bytes(b"ref: refs/heads/%s\n" % os.fsencode(self.branch))
        (self.admin / "commondir").write_bytes(b"../..\n")
        (self.admin / "gitdir").write_bytes(os.fsencode(self.path / ".git") + b"\n")
        placed = place_admin(self.info, self.admin, self.path.name)
        (self.folder / ".git").write_bytes(b"gitdir: " + os.fsencode(placed) + b"\n")
        if os.path.lexists(self.path):
            raise UserError(f"{self.path} exists already", "choose another name")
        self.folder.rename(self.path)

    def discard(self) -> None:
        """Undo everything, from whichever step."""
        _undo(self._record())
        self._close_journal()

    def _record(self) -> dict[str, str]:
        return {
            "id": self.id,
            "phase": self._phase,
            "path": str(self.path),
            "branch": self.branch,
            "commit": self.commit_id,
            "folder": str(self.folder),
            "admin": str(self.admin),
            "common_dir": str(self.info.common_dir),
        }

    def _open_journal(self) -> None:
        self._journal.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._journal_fd = os.open(self._journal, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._journal_fd, fcntl.LOCK_EX)
        self._write_journal("building")

    def _write_journal(self, phase: str) -> None:
        self._phase = phase
        os.ftruncate(self._journal_fd, 0)
        os.pwrite(self._journal_fd, json.dumps(self._record()).encode(), 0)

    def _close_journal(self) -> None:
        self._journal.unlink(missing_ok=True)
        if self._journal_fd >= 0:
            os.close(self._journal_fd)
        self._journal_fd = -1


def place_admin(info: RepositoryInfo, admin: Path, wanted: str) -> Path:
    """Rename `admin` to a free name under `<common dir>/worktrees`, as git does; returns the place."""
    parent = info.common_dir / "worktrees"
    parent.mkdir(exist_ok=True)
    stem, n = wanted.lstrip(".") or "worktree", 0
    while True:
        place = parent / (f"{stem}{n}" if n else stem)
        n += 1
        if os.path.lexists(place):
            continue
        try:
            admin.rename(place)
        except FileExistsError:
            continue  # another git was faster
        return place


def recover(state_dir: Path) -> list[str]:
    """Undo what killed processes left half-made; one sentence for each thing that was undone.

    Call it at the start of a supervisor. Drafts of living processes hold a lock and are left alone.
    """
    notes: list[str] = []
    for journal in sorted((state_dir / "adding").glob("*.json")):
        fd = os.open(journal, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with repository_lock(state_dir):
                notes += _recovered(journal)
            journal.unlink(missing_ok=True)
        except BlockingIOError:
            continue
        finally:
            os.close(fd)
    return notes


def _recovered(journal: Path) -> list[str]:
    try:
        record = {str(k): str(v) for k, v in json.loads(journal.read_text()).items()}
        if not _undo(record):
            return []
        return [f"{record['path']} was being created when steer was killed; it was undone"]
    except (ValueError, KeyError):
        return []  # killed before the first byte was written: nothing was made yet


def _undo(record: dict[str, str]) -> bool:
    """Remove what the draft made. Does nothing, and says so, if it was finished but for its journal."""
    folder, path, common = Path(record["folder"]), Path(record["path"]), Path(record["common_dir"])
    admin = _marked_admin(common, record["id"])
    is_committing = record["phase"] == "committing"
    if is_committing and admin and not folder.exists() and _is_linked(path, admin):
        return False
    for made in (folder, Path(record["admin"]), admin):
        if made and made.is_dir() and not made.is_symlink():
            shutil.rmtree(made, ignore_errors=True)
    if is_committing:
        delete_ref(open_repository(common), HEADS + record["branch"], record["commit"])
    return True


def _marked_admin(common: Path, draft: str) -> Path | None:
    marks = (common / "worktrees").glob(f"*/{_MARK}")
    return next((m.parent for m in marks if read_pointer(m) == draft.encode()), None)


def _is_linked(path: Path, admin: Path) -> bool:
    return read_pointer(path / ".git") == os.fsencode(admin)
