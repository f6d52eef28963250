"""Notices when something changed that makes the operator's own git run programs, or when others' branches moved.

A tripwire and no lock: an agent with the operator's rights can forge all of it.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pygit2

from steer.adapters.git.include import plain_bytes
from steer.adapters.git.repository import open_repository, read_pointer
from steer.errors import EnvironmentFault

MAX_TEXT = 64 * 1024  # bytes of a file that are kept to tell what changed in it
_FILES = ("config", "config.worktree", "objects/info/alternates", "shallow", "commondir")
_PATTERNS = ("hooks/**/*", "info/**/*", "worktrees/*/config.worktree", "modules/*/config")
MAX_FILES = 2000  # for each pattern
MAX_READ = (
    1 << 20
)  # bytes of a file that are looked at; of a longer one, its size and time of change count too
_SECTION = re.compile(rb"^[ \t]*\[", re.M)
# What `git push -u` and `git branch --track` write: which branch follows which.
_FOLLOWS = re.compile(
    rb'[ \t]*\[branch "[^"\n]*"\][ \t]*\n(?:[ \t]*(?:remote|merge|rebase)[ \t]*=[ \t]*[\w./-]+[ \t]*(?:\n|\Z))*\Z'
)


@dataclass(frozen=True, slots=True)
class Watched:
    """A file that git obeys. `text` is empty where it is none, or too long."""

    digest: str
    text: str = ""


def tripwire(common_dir: Path) -> dict[str, Watched]:
    """Relative path -> all that git obeys in `common_dir`; of a link, its target. Raises `EnvironmentFault`."""
    names = [Path(n) for n in _FILES]
    try:
        for pattern in _PATTERNS:
            found = islice(common_dir.glob(pattern), MAX_FILES)
            names += sorted(p.relative_to(common_dir) for p in found)
    except OSError as e:
        raise EnvironmentFault(f"{common_dir} cannot be read: {e.strerror}") from e
    return {str(n): watched for n in names if (watched := _watched(common_dir / n))}


def _watched(path: Path) -> Watched | None:
    try:
        if path.is_symlink():
            target = os.fsencode(path.readlink())
            return Watched(_digest(b"link " + target), f"-> {os.fsdecode(target)}\n")
        if not path.is_file():
            return None
        status, data = path.stat(), plain_bytes(path, MAX_READ)
        executable = b"x" if os.access(path, os.X_OK) else b"-"
        if status.st_size > len(data):
            executable += repr((status.st_size, status.st_mtime_ns)).encode()
        obeyed = b"".join(_obeyed(data)) if path.name == "config" else data
        return Watched(_digest(executable + obeyed), _text(data))
    except OSError as e:
        return Watched(f"unreadable: {e.strerror}")


def _obeyed(config: bytes) -> list[bytes]:
    """A configuration's sections, without those that only say which branch follows which."""
    starts = [found.start() for found in _SECTION.finditer(config)]
    ends = [*starts[1:], len(config)]
    head = [config[: starts[0]]] if starts else [config]
    sections = [config[a:b] for a, b in zip(starts, ends, strict=True)]
    return head + [section for section in sections if not _FOLLOWS.match(section)]


def _text(data: bytes) -> str:
    try:
        return data.decode() if len(data) <= MAX_TEXT and b"\0" not in data else ""
    except UnicodeDecodeError:
        return ""


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def tripped(before: dict[str, Watched], now: dict[str, Watched]) -> dict[str, str]:
    """Path -> "added", "removed" or "changed"; empty when nothing did."""
    found = {}
    for name in sorted(before.keys() | now.keys()):
        old, new = before.get(name), now.get(name)
        if (old and old.digest) != (new and new.digest):
            found[name] = "added" if old is None else "removed" if new is None else "changed"
    return found


def branches(common_dir: Path) -> dict[str, str]:
    """Name -> commit of all local branches. Raises `EnvironmentFault`."""
    repository = open_repository(common_dir)
    found = {}
    try:
        for name in repository.branches.local:
            try:
                found[name] = str(repository.lookup_reference(f"refs/heads/{name}").target)
            except (KeyError, ValueError):
                continue  # gone meanwhile
    except (pygit2.GitError, OSError, UnicodeDecodeError) as e:
        raise EnvironmentFault(f"the branches of {common_dir} cannot be read: {e}") from e
    return found


def moved(common_dir: Path, before: dict[str, str], now: dict[str, str]) -> dict[str, str]:
    """Branch -> "moved", "deleted": those that were not moved from where they are checked out.

    New branches, and branches whose worktree's log of HEAD tells of the newest commit, are as they should be.
    """
    homes = _checked_out(common_dir)
    found = {}
    for name, old in sorted(before.items()):
        new = now.get(name)
        if new is None:
            found[name] = "deleted"
        elif new != old and not (name in homes and _last_head(homes[name]) == new):
            found[name] = "moved"
    return found


def _checked_out(common_dir: Path) -> dict[str, Path]:
    """Branch -> git directory of the worktree that has it checked out."""
    found = {}
    for folder in (common_dir, *common_dir.glob("worktrees/*")):
        head = read_pointer(folder / "HEAD")
        if head.startswith(b"ref: refs/heads/"):
            found[os.fsdecode(head.removeprefix(b"ref: refs/heads/"))] = folder
    return found


def _last_head(git_dir: Path) -> str:
    """The newest commit in the log of HEAD; empty where there is none."""
    try:
        with (git_dir / "logs" / "HEAD").open("rb") as log:
            log.seek(max(0, os.fstat(log.fileno()).st_size - 8192))
            words = log.read().splitlines()[-1].split(b" ", 2)
        return words[1].decode("ascii", "replace") if len(words) > 1 else ""
    except (OSError, IndexError):
        return ""


def names_main(common_dir: Path, worktree: Path) -> bool:
    """Does the worktree's `.git` still lead into `common_dir`? False is a reason to raise a flag."""
    named = read_pointer(worktree / ".git")
    return bool(named) and (worktree / os.fsdecode(named)).resolve().is_relative_to(common_dir)
