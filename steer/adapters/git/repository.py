"""Where a repository is, in which state, and whether a worktree's link to it can be believed.

An agent can rewrite its worktree's `.git` file and the repository's configuration. So the place of a git
directory is never taken from `core.worktree`, and a linked worktree counts only while both of its links
(`<worktree>/.git` and `<admin>/gitdir`) still point at each other.
"""

from __future__ import annotations

import difflib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

import pygit2

from steer.errors import EnvironmentFault, UserError

_POINTER_MAX = 8192  # bytes read of a .git file, a HEAD, a gitdir

_IN_PROGRESS = (
    ("rebase-merge", "rebase"),
    ("rebase-apply", "rebase"),
    ("MERGE_HEAD", "merge"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
    ("BISECT_LOG", "bisect"),
)


@dataclass(frozen=True, slots=True)
class RepositoryInfo:
    """A repository as found from some path in it. Commit ids are 40 hex digits."""

    main_worktree: Path
    common_dir: Path
    head_branch: str | None  # short name; None when detached
    head_commit: str | None  # None when unborn
    is_bare: bool = False
    is_shallow: bool = False
    is_unborn: bool = False
    is_detached: bool = False
    in_progress: str = ""  # "" | merge | rebase | cherry-pick | revert | bisect


@dataclass(frozen=True, slots=True)
class Linked:
    """A worktree whose links were checked. `admin` is its git directory (`common_dir` for the main one)."""

    worktree: Path
    admin: Path

    @property
    def index(self) -> Path:
        return self.admin / "index"


def open_repository(path: Path) -> pygit2.Repository:
    """The libgit2 repository at exactly `path` (a git directory). Raises `EnvironmentFault` with a hint."""
    try:
        return pygit2.Repository(str(path))
    except (pygit2.GitError, OSError, KeyError, ValueError) as e:
        raise _cannot_open(path, e) from e


def _cannot_open(path: Path, e: Exception) -> EnvironmentFault:
    text = str(e)
    if "owned by" in text:
        return EnvironmentFault(
            f"{path} belongs to another user, and git calls that dubious ownership",
            f"git config --global --add safe.directory {path}",
        )
    if isinstance(e, PermissionError) or "ermission denied" in text:
        return EnvironmentFault(f"no permission to read {path}", "check the folder's owner and mode")
    return EnvironmentFault(
        f"cannot open the git repository at {path}: {text}", "does `git status` work there?"
    )


def discover(path: Path) -> RepositoryInfo:
    """The repository that `path` lies in, found from its main or any linked worktree.

    Raises `UserError` where there is none or a bare one without a worktree, `EnvironmentFault` where it
    cannot be read.
    """
    repo = open_repository(_discovered(path))
    common = _common_dir(repo)
    if repo.is_bare:
        raise UserError(
            f"{path} is a bare repository, it has no files", "start steer inside one of its worktrees"
        )
    linked = Path(repo.workdir).resolve()
    main, is_bare = _main_worktree(repo, common, linked)
    branch, commit, is_detached = _head(repo)
    return RepositoryInfo(
        main_worktree=main,
        common_dir=common,
        head_branch=branch,
        head_commit=commit,
        is_bare=is_bare,
        is_shallow=(common / "shallow").exists(),
        is_unborn=commit is None,
        is_detached=is_detached,
        in_progress=in_progress(Path(repo.path)),
    )


def _discovered(path: Path) -> Path:
    try:
        path.stat()
        found = pygit2.discover_repository(str(path))
    except (pygit2.GitError, OSError, KeyError) as e:
        if isinstance(e, FileNotFoundError):
            raise UserError(f"{path} does not exist") from e
        raise _cannot_open(path, e) from e
    if not found:
        raise UserError(
            f"{path} is not in a git repository", "run `git init` there and commit something first"
        )
    return Path(found)


def _common_dir(repo: pygit2.Repository) -> Path:
    """The git directory that all worktrees share."""
    git_dir = Path(repo.path)
    pointer = read_pointer(git_dir / "commondir")
    return (git_dir / os.fsdecode(pointer)).resolve() if pointer else git_dir.resolve()


def _main_worktree(repo: pygit2.Repository, common: Path, linked: Path) -> tuple[Path, bool]:
    """Main worktree and whether there is none (bare): then the linked one stands in for it."""
    if common.name == ".git":
        return common.parent, False
    if Path(repo.path).resolve() == common:
        return linked, False  # a submodule or a separate git directory: its own work tree
    main = open_repository(common)
    return (linked, True) if main.is_bare else (Path(main.workdir).resolve(), False)


def _head(repo: pygit2.Repository) -> tuple[str | None, str | None, bool]:
    if repo.head_is_unborn:
        target = repo.lookup_reference("HEAD").target
        return str(target).removeprefix("refs/heads/"), None, False
    commit = str(repo.head.peel(pygit2.Commit).id)
    if repo.head_is_detached:
        return None, commit, True
    return repo.head.shorthand, commit, False


def in_progress(git_dir: Path) -> str:
    """What git is in the middle of in this worktree, or an empty string."""
    return next((word for name, word in _IN_PROGRESS if (git_dir / name).exists()), "")


def read_pointer(path: Path) -> bytes:
    """First line of a small file that is no link, without a `gitdir: ` prefix; empty where there is none."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return b""
        return os.read(fd, _POINTER_MAX).split(b"\n", 1)[0].removeprefix(b"gitdir: ").strip()
    finally:
        os.close(fd)


def checked_link(info: RepositoryInfo, worktree: Path) -> Linked:
    """The worktree's git directory, provided that both links are whole.

    Raises `UserError` when it is none of this repository's worktrees, or its `.git` was replaced.
    """
    _check_folder(worktree)
    dot_git = worktree / ".git"
    if not dot_git.is_symlink() and dot_git.is_dir() and dot_git.resolve() == info.common_dir:
        return Linked(worktree, info.common_dir)
    target = read_pointer(dot_git)
    admin = (worktree / os.fsdecode(target)).resolve() if target else None
    if admin and admin.parent == info.common_dir / "worktrees" and _points_back(admin, worktree):
        return Linked(worktree, admin)
    raise UserError(
        f"{worktree} is not a worktree of {info.main_worktree}, or its .git file was changed",
        "compare it with `git worktree list`, or repair it with `git worktree repair`",
    )


def _check_folder(worktree: Path) -> None:
    try:
        mode = worktree.lstat().st_mode
    except OSError as e:
        raise UserError(
            f"the worktree {worktree} cannot be used: {e.strerror}", "it may have been removed by hand"
        ) from e
    if not stat.S_ISDIR(mode):
        raise UserError(
            f"{worktree} is not a folder any more", "steer does not follow links in place of worktrees"
        )


def _points_back(admin: Path, worktree: Path) -> bool:
    back = read_pointer(admin / "gitdir")
    if not back:
        return False
    place = admin / os.fsdecode(back)
    return place.name == ".git" and place.parent.resolve() == worktree.resolve()


def admin_of(info: RepositoryInfo, worktree: Path) -> Path | None:
    """The admin folder whose back link names `worktree`, found without asking the worktree itself."""
    parent = info.common_dir / "worktrees"
    wanted = os.fsencode(worktree / ".git")
    for admin in sorted(parent.iterdir()) if parent.is_dir() else ():
        if admin.is_dir() and not admin.is_symlink() and read_pointer(admin / "gitdir") == wanted:
            return admin
    return None


def resolve_base(info: RepositoryInfo, name: str | None = None) -> tuple[str, str]:
    """`(commit id, name)` of a branch, tag, remote branch or commit prefix; None means the current HEAD.

    Raises `UserError` for an unknown name (with close ones) and in a repository without a commit.
    """
    repo = open_repository(info.common_dir)
    if name is None:
        if info.head_commit is None:
            raise UserError(
                "this repository has no commit yet", "commit something first: git commit --allow-empty"
            )
        return info.head_commit, info.head_branch or info.head_commit[:12]
    for candidate in (f"refs/heads/{name}", f"refs/tags/{name}", f"refs/remotes/{name}", name):
        commit = _peeled(repo, candidate)
        if commit:
            return commit, name
    raise UserError(f"no branch, tag or commit is called {name!r}", _close_names(repo, name))


def _peeled(repo: pygit2.Repository, name: str) -> str | None:
    try:
        found = repo.lookup_reference(name) if name.startswith("refs/") else repo.revparse_single(name)
        return str(found.peel(pygit2.Commit).id)
    except (KeyError, ValueError, pygit2.GitError):
        return None


def _close_names(repo: pygit2.Repository, name: str) -> str:
    names = [
        r.split("/", 2)[2]
        for r in repo.references
        if r.startswith(("refs/heads/", "refs/tags/", "refs/remotes/"))
    ]
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    return f"did you mean {', '.join(close)}?" if close else "`git branch -a` lists what there is"
