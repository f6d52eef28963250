"""Notices when something changed that makes the operator's own git run programs."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from steer.adapters.git.repository import read_pointer

_FILES = ("config", "config.worktree", "objects/info/alternates", "shallow", "commondir")
_FOLDERS = ("hooks", "info")


def tripwire(common_dir: Path) -> dict[str, str]:
    """Relative path -> SHA-256 of all that git obeys in `common_dir`; of a link, its target is hashed."""
    names = [Path(n) for n in _FILES]
    for folder in _FOLDERS:
        names += sorted(p.relative_to(common_dir) for p in (common_dir / folder).rglob("*"))
    names += sorted(p.relative_to(common_dir) for p in common_dir.glob("worktrees/*/config.worktree"))
    names += sorted(p.relative_to(common_dir) for p in common_dir.glob("modules/*/config"))
    return {str(n): digest for n in names if (digest := _digest(common_dir / n))}


def _digest(path: Path) -> str:
    try:
        if path.is_symlink():
            return hashlib.sha256(b"link " + os.fsencode(path.readlink())).hexdigest()
        if not path.is_file():
            return ""
        executable = b"x" if os.access(path, os.X_OK) else b"-"
        return hashlib.sha256(executable + path.read_bytes()).hexdigest()
    except OSError as e:
        return f"unreadable: {e.strerror}"


def tripped(before: dict[str, str], now: dict[str, str]) -> dict[str, str]:
    """Path -> "added", "removed" or "changed"; empty when nothing did."""
    found = {}
    for name in sorted(before.keys() | now.keys()):
        if before.get(name) != now.get(name):
            found[name] = "added" if name not in before else "removed" if name not in now else "changed"
    return found


def names_main(common_dir: Path, worktree: Path) -> bool:
    """Does the worktree's `.git` still lead into `common_dir`? False is a reason to raise a flag."""
    named = read_pointer(worktree / ".git")
    return bool(named) and (worktree / os.fsdecode(named)).resolve().is_relative_to(common_dir)
