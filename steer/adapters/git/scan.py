"""Brings a session's private index up to its worktree, and says what could not be read.

The index is persistent, so its stat cache spares reading what did not change. Two processes look for
changes side by side: `diff-files` (known files) and `ls-files -o` (new ones); both only compare and list.
`git add` would do the same in one step but starts `git status` inside nested repositories, under their
configuration, and stops at the first unreadable file.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from steer.adapters.git import command
from steer.adapters.git.command import GitFailed, Place
from steer.adapters.git.quarantine import quarantine

DEFAULT_FILE_BYTES = 100 * 1024 * 1024
_ATTEMPTS = 3  # a file may vanish between the look and the read; each attempt looks again
_GITLINK = b"160000"


@dataclass(slots=True)
class Change:
    """What a scan found. Paths are relative bytes."""

    paths: dict[bytes, os.stat_result | None] = field(default_factory=dict)  # None: gone
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def look(place: Place, forced: list[bytes], limit_bytes: int) -> Change:
    """Compare the worktree with the index of `place`; `forced` paths are taken though they are ignored."""
    known = command.start(place, "diff-files", "--raw", "-z", "--ignore-submodules=dirty", "--no-renames")
    fresh = command.start(place, "ls-files", "-z", "-o", "--exclude-standard")
    try:
        listed = command.finish(fresh)
    finally:
        changed = known.communicate()[0]
    change = Change()
    worktree = os.fsencode(place.work_tree or place.git_dir)
    for path, is_gone, is_link in _raw_paths(changed):
        if is_gone:
            change.paths[path] = None
        else:
            _judge(change, worktree, path, limit_bytes, is_link)
    for path in (*command.split_z(listed), *forced):
        if path.endswith(b"/"):
            change.notes.append(
                f"{os.fsdecode(path)} is a repository of its own; its files are not in the checkpoint"
            )
        else:
            _judge(change, worktree, path, limit_bytes, False)
    return change


def _raw_paths(out: bytes) -> list[tuple[bytes, bool, bool]]:
    """(path, is it gone, is it a submodule) of `--raw -z` output: `:modes blobs status`, NUL, path, NUL."""
    items = command.split_z(out)
    pairs = zip(items[::2], items[1::2], strict=False)
    return [(path, meta.endswith(b"D"), meta[1:7] == _GITLINK) for meta, path in pairs]


def _judge(change: Change, worktree: bytes, path: bytes, limit_bytes: int, is_link: bool) -> None:
    """Add `path` to what is saved, or to the problems."""
    full = worktree + b"/" + path
    try:
        info = os.lstat(full)
    except (FileNotFoundError, NotADirectoryError):
        change.paths[path] = None
        return
    except OSError as e:
        change.problems.append(f"{os.fsdecode(path)}: {e.strerror}")
        return
    problem = _why_not(full, info, limit_bytes, is_link)
    if problem:
        change.problems.append(f"{os.fsdecode(path)}: {problem}")
    else:
        change.paths[path] = info


def _why_not(full: bytes, info: os.stat_result, limit_bytes: int, is_link: bool) -> str:
    mode = info.st_mode
    if stat.S_ISLNK(mode):
        return ""
    if stat.S_ISDIR(mode):
        return ""  # a submodule, or a known file became a folder: git records which
    if not stat.S_ISREG(mode):
        return "not a file"
    if info.st_size > limit_bytes:
        return f"{info.st_size} bytes, over the limit of {limit_bytes}"
    return "" if is_link or os.access(full, os.R_OK, follow_symlinks=True) else "Permission denied"


def record(place: Place, change: Change) -> bytes:
    """Bring the index up to `change` and return the id of its tree; lists what failed in the problems."""
    size = sum(info.st_size for info in change.paths.values() if info)
    with quarantine(place, len(change.paths), size) as inner:
        for attempt in range(_ATTEMPTS):
            try:
                _update(inner, change)
                break
            except GitFailed as e:
                if not _without_culprits(change, e) or attempt == _ATTEMPTS - 1:
                    raise
        _note_moving(change, place.work_tree or place.git_dir)
        return command.run(inner, "write-tree", "--missing-ok").strip()


def _update(place: Place, change: Change) -> None:
    """First what is gone: a folder may have become a link, beyond which git rightly refuses to look."""
    gone = [p for p, info in change.paths.items() if info is None]
    there = [p for p, info in change.paths.items() if info is not None]
    if gone:
        command.run(place, "update-index", "--force-remove", "-z", "--stdin", stdin=command.join_z(gone))
    if there:
        options = ("--add", "--remove", "--replace", "-z", "--stdin")
        command.run(place, "update-index", *options, stdin=command.join_z(there))


def _without_culprits(change: Change, e: GitFailed) -> bool:
    """Take the paths that git complained about out of `change`; were there any?"""
    culprits = [p for p in change.paths if p in e.stderr]
    for path in culprits:
        del change.paths[path]
        change.problems.append(f"{os.fsdecode(path)}: could not be read")
    return bool(culprits)


def _note_moving(change: Change, worktree: Path) -> None:
    """Was a saved file written to while it was saved?"""
    root = os.fsencode(worktree)
    for path, before in change.paths.items():
        try:
            now: os.stat_result | None = os.lstat(root + b"/" + path)
        except OSError:
            now = None
        if _moved(before, now):
            change.problems.append("moving: files changed while they were being saved")
            return


def _moved(before: os.stat_result | None, now: os.stat_result | None) -> bool:
    if before is None or now is None:
        return before is not now
    return (before.st_mtime_ns, before.st_size, before.st_ino) != (now.st_mtime_ns, now.st_size, now.st_ino)
