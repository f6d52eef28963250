"""Find the repository around a folder by looking at files only: a verb like `ls` cannot wait for libgit2.

Whether git agrees is for `steer.adapters.git.repository.discover`, which also says what is wrong.
"""

from __future__ import annotations

from pathlib import Path


def find_common_dir(start: Path) -> Path | None:
    """The `.git` folder shared by all worktrees of the repository around `start`; None outside of one."""
    for folder in (start, *start.parents):
        entry = folder / ".git"
        if entry.is_dir():
            return entry
        if entry.is_file():
            return _common_of(entry)
        if (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir():
            return folder
    return None


def _common_of(pointer: Path) -> Path | None:
    """A linked worktree's `.git` file -> its admin folder -> the common folder (gitrepository-layout(5))."""
    try:
        text = pointer.read_text("utf-8", "surrogateescape")
        if not text.startswith("gitdir: "):
            return None
        admin = (pointer.parent / text[8:].rstrip("\n")).resolve()
        common = admin / "commondir"
        if common.is_file():
            return (admin / common.read_text("utf-8", "surrogateescape").strip()).resolve()
        return admin if admin.is_dir() else None
    except OSError:
        return None
