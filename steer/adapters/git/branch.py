"""Names and references of branches in the main repository."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import pygit2

from steer.config.path import slug
from steer.errors import EnvironmentFault, UserError

T = TypeVar("T")

HEADS = "refs/heads/"
PREFIX = "steer/"
_NAME_MAX = 200  # bytes; a loose reference is a file, and its lock needs room for ".lock"
_LOCK_WAIT_S = 5.0
_LOCK_PAUSE_S = 0.05


def branch_for(name: str) -> str:
    """The branch of a session called `name`: `steer/<slug>`, valid whatever the name is."""
    return PREFIX + slug(name)


def check_branch(name: str) -> str:
    """`name` if git accepts it as a branch. Raises `UserError` saying so otherwise."""
    is_valid = pygit2.reference_is_valid_name(HEADS + name) and not name.startswith("-") and name != "HEAD"
    if not is_valid or len(name.encode("utf-8", "surrogateescape")) > _NAME_MAX:
        raise UserError(
            f"{name!r} cannot be the name of a branch",
            "no spaces, no '..', none of ~^:?*[\\, no leading dash, no .lock at the end; 200 bytes at most",
        )
    return name


def free_branch(repo: pygit2.Repository, wanted: str) -> str:
    """`wanted`, or `wanted-2`, `-3` ... : the first that collides with no branch.

    Collisions are also `a` with `a/b` (a reference cannot be a file and a folder) and names that differ
    in case only (the same file on some systems).
    """
    check_branch(wanted)
    taken = _taken(repo)
    stem = wanted.replace("/", "-") if _blocked_by_parent(wanted, taken) else wanted
    name, n = stem, 1
    while _collides(name, taken):
        n += 1
        name = check_branch(f"{stem}-{n}")
    return name


def _taken(repo: pygit2.Repository) -> set[str]:
    return {r[len(HEADS) :].casefold() for r in repo.references if r.startswith(HEADS)}


def _collides(name: str, taken: set[str]) -> bool:
    folded = name.casefold()
    return (
        folded in taken or _blocked_by_parent(name, taken) or any(t.startswith(folded + "/") for t in taken)
    )


def _blocked_by_parent(name: str, taken: set[str]) -> bool:
    """Is a leading part of `name` a branch itself?"""
    parts = name.casefold().split("/")
    return any("/".join(parts[:n]) in taken for n in range(1, len(parts)))


def retry_locked(action: Callable[[], T], what: str) -> T:
    """`action()`, again for up to 5 s while some other git holds a lock file. Locks are never removed."""
    deadline = time.monotonic() + _LOCK_WAIT_S
    while True:
        try:
            return action()
        except (pygit2.GitError, OSError) as e:
            if ".lock" not in str(e) and "locked" not in str(e):
                raise EnvironmentFault(f"cannot {what}: {e}", "check the repository with `git fsck`") from e
            if time.monotonic() > deadline:
                raise EnvironmentFault(
                    f"cannot {what}: another git holds a lock ({e})",
                    "wait for it, or remove the lock file if no git is running",
                ) from e
            time.sleep(_LOCK_PAUSE_S)


def create_ref(repo: pygit2.Repository, name: str, commit: str) -> None:
    """Create the reference `name` at `commit`; it must not exist."""
    retry_locked(lambda: repo.references.create(name, commit), f"create {name}")


def put_ref(repo: pygit2.Repository, name: str, commit: str) -> None:
    """Let the reference `name` point at `commit`, whether it exists or not."""
    retry_locked(lambda: repo.references.create(name, commit, force=True), f"write {name}")


def ref_commit(repo: pygit2.Repository, name: str) -> str | None:
    """Commit id that the reference resolves to, or None."""
    try:
        return str(repo.lookup_reference(name).peel(pygit2.Commit).id)
    except (KeyError, ValueError, pygit2.GitError):
        return None


def delete_ref(repo: pygit2.Repository, name: str, expected: str | None) -> bool:
    """Delete the reference if it still points at `expected`; says whether it is gone."""
    now = ref_commit(repo, name)
    if now is None:
        return True
    if expected is not None and now != expected:
        return False
    retry_locked(lambda: repo.references.delete(name), f"delete {name}")
    return True
