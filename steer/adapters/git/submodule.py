"""Fills submodules of a new worktree from what is on this machine already, without network.

Each gets a git directory of its own inside its folder, so that two worktrees never share one.
"""

from __future__ import annotations

import configparser
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pygit2

from steer.adapters.git import tree_copy
from steer.adapters.git.repository import read_pointer

_NOT_OF_A_COPY = ("worktrees", "index.lock", "HEAD.lock", "config.lock", "modules")


@dataclass(frozen=True, slots=True)
class Submodule:
    name: str
    path: str
    commit: str


def of_tree(repo: pygit2.Repository, commit: str) -> list[Submodule]:
    """The submodules that `.gitmodules` and the tree of `commit` agree on."""
    tree = repo[commit].peel(pygit2.Tree)
    if ".gitmodules" not in tree:
        return []
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        blob = tree[".gitmodules"]
        text = blob.data.decode("utf-8", "replace") if isinstance(blob, pygit2.Blob) else ""
        parser.read_string("\n".join(line.strip() for line in text.splitlines()))
    except configparser.Error:
        return []
    found = []
    for section in parser.sections():
        path = parser.get(section, "path", fallback="") or ""
        name = section.removeprefix("submodule").strip().strip('"')
        if (
            _is_inside(path)
            and _is_inside(name)
            and path in tree
            and tree[path].filemode == pygit2.enums.FileMode.COMMIT
        ):
            found.append(Submodule(name, path, str(tree[path].id)))
    return found


def _is_inside(path: str) -> bool:
    """No way out of the folder it is joined to, and none into a `.git`."""
    parts = path.split("/")
    return bool(path) and not any(p.lower() in ("", ".", "..", ".git") for p in parts)


def populate(repo: pygit2.Repository, commit: str, modules: Path, folder: Path) -> list[str]:
    """Fill the submodules of `commit` in the checked-out `folder` from the git directories under `modules`.

    Returns one sentence for each that stays empty.
    """
    notes: list[str] = []
    for sub in of_tree(repo, commit):
        origin = modules / sub.name
        if not (origin / "objects").is_dir() or origin.is_symlink():
            notes.append(f"submodule {sub.path} is empty: `git submodule update --init` fetches it")
            continue
        try:
            inner = _cloned(origin, folder / sub.path, sub.commit)
            notes += [
                f"{sub.path}/{n}" for n in populate(inner, sub.commit, origin / "modules", folder / sub.path)
            ]
        except (pygit2.GitError, OSError, KeyError, ValueError) as e:
            notes.append(f"submodule {sub.path} is empty: {e}")
    return notes


def _cloned(origin: Path, folder: Path, commit: str) -> pygit2.Repository:
    """A repository of its own in the empty `folder`, with `commit` checked out and detached."""
    repo = pygit2.init_repository(str(folder))
    shutil.copytree(
        origin / "objects", folder / ".git" / "objects", copy_function=_linked, dirs_exist_ok=True
    )
    repo = pygit2.Repository(str(folder))
    url = _origin_url(origin)
    if url:
        repo.remotes.create("origin", url)
    repo.set_head(repo[commit].id)
    repo.checkout_tree(repo[commit], strategy=pygit2.enums.CheckoutStrategy.FORCE)  # type: ignore[no-untyped-call]
    return repo


def _origin_url(origin: Path) -> str:
    try:
        return str(pygit2.Config(str(origin / "config"))["remote.origin.url"])
    except (KeyError, OSError, ValueError, pygit2.GitError):
        return ""


def _linked(source: str, target: str) -> None:
    """Objects never change, so a second name for the same file is a copy; otherwise they are copied."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copyfile(source, target, follow_symlinks=False)


def embed(pointer: Path, target: Path, allowed: Path) -> str:
    """Give the copy of a submodule a git directory of its own: `target/.git`, from where `pointer` leads.

    Only git directories below `allowed` are copied. Returns an empty string or why it was not done.
    """
    named = read_pointer(pointer)
    origin = (pointer.parent / os.fsdecode(named)).resolve() if named else None
    if origin is None or not origin.is_relative_to(allowed) or not (origin / "HEAD").is_file():
        return f"{target.name}: its .git file leads outside of this repository, left out"
    if (origin / "commondir").exists():
        return f"{target.name}: its .git file belongs to a worktree of another repository, left out"
    git_dir = target / ".git"
    git_dir.mkdir()
    shutil.copytree(origin / "objects", git_dir / "objects", copy_function=_linked)
    rest = frozenset(os.fsencode(n) for n in ("objects", *_NOT_OF_A_COPY))
    tree_copy.TreeCopy(origin, git_dir, skipped=rest).run()
    config = pygit2.Config(str(git_dir / "config"))
    if "core.worktree" in config:
        del config["core.worktree"]
    return ""
