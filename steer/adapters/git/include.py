"""Which files beside the tracked ones a new worktree gets: `.worktreeinclude`, ignored files, a size cap.

`.worktreeinclude` lies in the root of a worktree and is written like a `.gitignore`: files that match it
and are not tracked (`.env`, local settings) are carried along. Matching is git's own, run with nothing but
steer's neutral repository, the folder to look at and its index.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from steer.adapters.git import command
from steer.adapters.git.command import Place

INCLUDE_FILE = ".worktreeinclude"
DEFAULT_CAP_BYTES = 200 * 1024 * 1024
_NAMED = 20  # names in a list for people; the rest is counted


@dataclass(frozen=True, slots=True)
class Selection:
    """Files to carry, as relative bytes, and sentences about what is left behind."""

    paths: tuple[bytes, ...] = ()
    total_bytes: int = 0
    left: tuple[str, ...] = ()


def neutral(state_dir: Path, common_dir: Path) -> Path:
    """Steer's repository for questions about ignoring and for checkouts; content conversion stays on.

    Carries the main repository's own `info/exclude` and `info/attributes`: patterns, which name no program
    that would exist here.
    """
    path = command.neutral_repository(state_dir / "neutral.git", is_exact=False)
    for name in ("exclude", "attributes"):
        command.write_if_changed(path / "info" / name, plain_bytes(common_dir / "info" / name))
    return path


def plain_bytes(path: Path, limit: int = 1 << 20) -> bytes:
    """Up to `limit` bytes of a regular file; empty for anything else, links among them."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(fd, limit) if stat.S_ISREG(os.fstat(fd).st_mode) else b""
    finally:
        os.close(fd)


def looking_at(git_dir: Path, worktree: Path, index: Path) -> Place:
    return Place(git_dir, work_tree=worktree, index=index, config=command.operator_excludes())


def ignored(place: Place) -> list[bytes]:
    """Ignored files and folders (these without a trailing slash, and only the outermost)."""
    out = command.run(place, "ls-files", "-z", "-o", "-i", "--exclude-standard", "--directory")
    return [p.rstrip(b"/") for p in command.split_z(out)]


def selected(place: Place, cap_bytes: int) -> Selection:
    """The files that `.worktreeinclude` asks for, as long as they fit into `cap_bytes` together."""
    worktree = place.work_tree or place.git_dir
    rules = worktree / INCLUDE_FILE
    if not rules.is_file() or rules.is_symlink():
        return Selection()
    out = command.run(place, "ls-files", "-z", "-o", "-i", f"--exclude-from={rules}")
    return _capped(worktree, command.split_z(out), cap_bytes)


def _capped(worktree: Path, found: list[bytes], cap_bytes: int) -> Selection:
    taken: list[bytes] = []
    left: list[str] = []
    total = 0
    for path in found:
        info = _lstat(worktree, path)
        if info is None or not (stat.S_ISREG(info.st_mode) or stat.S_ISLNK(info.st_mode)):
            left.append(f"{os.fsdecode(path)}: not a file")
        elif total + info.st_size > cap_bytes:
            left.append(f"{os.fsdecode(path)}: {info.st_size} bytes, over the cap of {cap_bytes}")
        else:
            taken.append(path)
            total += info.st_size
    return Selection(tuple(taken), total, shortened(left))


def _lstat(worktree: Path, path: bytes) -> os.stat_result | None:
    try:
        return os.lstat(os.path.join(os.fsencode(worktree), path))  # noqa: PTH118 - Path takes no bytes
    except OSError:
        return None


def shortened(names: list[str]) -> tuple[str, ...]:
    """The first names and how many more there are."""
    more = len(names) - _NAMED
    return (*names[:_NAMED], f"and {more} more") if more > 0 else tuple(names)
