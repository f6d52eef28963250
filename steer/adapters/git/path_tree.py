"""A tree with a few paths changed: for checkpoints of what a file watcher named."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

import pygit2

from steer.adapters.git.command import GitFailed, Place, join_z, split_z, start

_EXECUTABLE, _PLAIN, _LINK, _FOLDER = 0o100755, 0o100644, 0o120000, 0o040000


@dataclass(frozen=True, slots=True)
class Edit:
    """One path as found on disk."""

    path: bytes
    mode: int = 0  # of a tree entry; 0: gone
    content: bytes = b""

    @property
    def is_gone(self) -> bool:
        return self.mode == 0


def path_edits(worktree: Path, paths: list[bytes], limit_bytes: int) -> list[Edit] | None:
    """What is at `paths` now; None when one of them needs a full scan."""
    found = []
    for path in dict.fromkeys(paths):
        edit = _edit(os.fsencode(worktree), path, limit_bytes)
        if edit is None:
            return None
        found.append(edit)
    return found


def _edit(root: bytes, path: bytes, limit_bytes: int) -> Edit | None:
    parts = path.split(b"/")
    if not _is_plain(path) or any(p in (b"", b".", b"..") or p.lower() == b".git" for p in parts):
        return None
    if parts[-1] == b".gitignore":
        return None  # changes what is ignored elsewhere
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts[:-1]:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            os.close(folder)
            folder = inner
            if _exists(folder, b".git"):
                return None  # a nested repository
        return _leaf(folder, path, parts[-1], limit_bytes)
    except FileNotFoundError:
        return Edit(path)
    except OSError:
        return None
    finally:
        os.close(folder)


def _is_plain(path: bytes) -> bool:
    """libgit2's tree builder takes names as text; others are left to the full scan."""
    try:
        path.decode()
    except UnicodeDecodeError:
        return False
    return True


def _exists(folder: int, name: bytes) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _leaf(folder: int, path: bytes, name: bytes, limit_bytes: int) -> Edit | None:
    info = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if stat.S_ISLNK(info.st_mode):
        return Edit(path, _LINK, os.readlink(name, dir_fd=folder))
    if not stat.S_ISREG(info.st_mode) or info.st_size > limit_bytes:
        return None
    fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    with open(fd, "rb") as f:  # noqa: PTH123 - a descriptor, not a path
        content = f.read(limit_bytes + 1)
    if len(content) > limit_bytes:
        return None
    return Edit(path, _EXECUTABLE if info.st_mode & 0o100 else _PLAIN, content)


def entry_of(tree: pygit2.Tree, path: bytes) -> pygit2.Object | None:
    try:
        return tree[path.decode()]
    except (KeyError, UnicodeDecodeError):
        return None


def edited_tree(repo: pygit2.Repository, tree: pygit2.Tree, edits: list[Edit]) -> str:
    """Id of `tree` with the edits made; folders that become empty disappear."""
    leaves: dict[bytes, Edit] = {}
    below: dict[bytes, list[Edit]] = {}
    for edit in edits:
        head, slash, rest = edit.path.partition(b"/")
        if slash:
            below.setdefault(head, []).append(Edit(rest, edit.mode, edit.content))
        else:
            leaves[head] = edit
    builder = repo.TreeBuilder(tree)
    for name, edit in leaves.items():
        _put_leaf(repo, builder, name, edit)
    for name, inner in below.items():
        _put_folder(repo, builder, tree, name, inner)
    return str(builder.write())


def _put_leaf(repo: pygit2.Repository, builder: pygit2.TreeBuilder, name: bytes, edit: Edit) -> None:
    text = name.decode()
    if edit.is_gone:
        if builder.get(text) is not None:
            builder.remove(text)
    else:
        builder.insert(text, repo.create_blob(edit.content), edit.mode)


def _put_folder(
    repo: pygit2.Repository, builder: pygit2.TreeBuilder, tree: pygit2.Tree, name: bytes, edits: list[Edit]
) -> None:
    old = entry_of(tree, name)
    folder = old if isinstance(old, pygit2.Tree) else repo[repo.TreeBuilder().write()].peel(pygit2.Tree)
    fresh = edited_tree(repo, folder, edits)
    text = name.decode()
    if len(repo[fresh].peel(pygit2.Tree)):
        builder.insert(text, fresh, _FOLDER)
    elif old is not None:
        builder.remove(text)


def ignored_among(place: Place, paths: list[bytes]) -> set[bytes]:
    """Those of `paths` that ignore rules match. `check-ignore` says 1 when there are none."""
    process = start(place, "check-ignore", "-z", "--no-index", "--stdin", has_stdin=True)
    out, err = process.communicate(join_z(paths))
    if process.returncode not in (0, 1):
        raise GitFailed("check-ignore", process.returncode, err)
    return set(split_z(out))
