"""Where a session's transcript is: by its id, by what the agent announces, or by the worktree it is about."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import stat
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from steer.adapters.conversation.source import connect
from steer.model.step import Conversing
from steer.transcript.format import HEAD_BYTES, reader_for, recognise

_MAX_CANDIDATES = 200
_MAX_ANNOUNCED_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    id: str
    path: Path


def by_id(home: Path, pattern: str, id: str) -> Found | None:
    """The newest file that `pattern` (relative to `home`, `*` for a part of a name) matches."""
    if pattern.endswith(".db"):
        return Found(id, home / pattern) if _has_row(home / pattern, id) else None
    newest = max(_files(home, pattern), key=_mtime, default=None)
    return Found(id, newest) if newest else None


def by_worktree(
    home: Path, patterns: list[str], format: str, worktree: str, since: float, owner: str = ""
) -> Found | None:
    """The newest conversation begun in `worktree` at or after `since` (seconds since the epoch).

    `patterns` match the transcripts that may be it. `owner`: a file beside a transcript's folder that names its
    worktree; where there is none the transcript itself says it.
    """
    if patterns[0].endswith(".db"):
        return _newest_row(home / patterns[0], worktree, since)
    young = [p for pattern in patterns for p in _files(home, pattern) if _mtime(p) >= since]
    for path in sorted(young, key=_mtime, reverse=True)[:_MAX_CANDIDATES]:
        if owner and _read(path.parent / owner).strip() != worktree:
            continue
        told = _known_identity(path, format)
        if told and (owner or told.cwd == worktree) and (not told.at or told.at >= since):
            return Found(told.id, path)
    return None


def announced(home: Path, pattern: str) -> dict[str, str]:
    """steer's sessions and the conversation that each one's agent says it is in, from files {pid, sessionId}.

    Whose agent it is stands in the environment that steer gave the process; a file that outlived its process
    counts for nothing. (Claude Code 2.1.329: sessions/<pid>.json)
    """
    found = {}
    for path in sorted(_files(home, pattern), key=_mtime)[-_MAX_CANDIDATES:]:
        try:
            told = json.loads(_read(path))
            pid, id = int(told["pid"]), str(told["sessionId"])
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
        if session := _session_of(pid):
            found[session] = id
    return found


def _session_of(pid: int) -> str:
    """The session whose process this is, by its environment; "" where it is none's."""
    try:
        words = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return ""
    name = b"STEER_SESSION="
    return next((w[len(name) :].decode("ascii", "replace") for w in words if w.startswith(name)), "")


def _files(home: Path, pattern: str) -> list[Path]:
    """Regular files only: a link could lead anywhere."""
    try:
        return [p for p in home.glob(pattern) if stat.S_ISREG(p.lstat().st_mode)]
    except (OSError, ValueError):
        return []


def _mtime(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:
        return 0.0


def _head(path: Path) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return b""
    with os.fdopen(fd, "rb") as f:
        return f.read(HEAD_BYTES)


def _read(path: Path) -> str:
    return _head(path)[:_MAX_ANNOUNCED_BYTES].decode("utf-8", "replace")


_identities: OrderedDict[tuple[Path, int, str], Conversing] = (
    OrderedDict()
)  # a file's beginning does not change


def _known_identity(path: Path, format: str) -> Conversing | None:
    try:
        key = (path, path.lstat().st_ino, format)
    except OSError:
        return None
    if key in _identities:
        return _identities[key]
    head = _head(path)
    told = _identity(format, head) if recognise(head) == format else None
    if told:
        _identities[key] = told
        if len(_identities) > 1000:
            _identities.popitem(last=False)
    return told


def _identity(format: str, head: bytes) -> Conversing | None:
    reader = reader_for(format)
    return next((e for e in reader.feed(head) if isinstance(e, Conversing)), None)


def _has_row(database: Path, id: str) -> bool:
    with contextlib.suppress(sqlite3.Error), contextlib.closing(connect(database)) as db:
        return db.execute("select 1 from session where id = ?", (id,)).fetchone() is not None
    return False


def _newest_row(database: Path, worktree: str, since: float) -> Found | None:
    """Of opencode's top sessions; times there are milliseconds."""
    query = (
        "select id from session where directory = ? and parent_id is null and time_created >= ? "
        "order by time_created desc limit 1"
    )
    with contextlib.suppress(sqlite3.Error), contextlib.closing(connect(database)) as db:
        row = db.execute(query, (worktree, int(since * 1000))).fetchone()
        return Found(str(row[0]), database) if row else None
    return None
