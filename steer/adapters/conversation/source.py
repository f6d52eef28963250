"""What was added to a transcript since the last look: a file's bytes, or the rows of opencode's database as lines.

Safe against files that are replaced, cut, removed or endless; a look at one that did not change is one `stat`.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

CHUNK_BYTES = 1 << 20
BUSY_S = 0.2  # how long to wait for opencode to finish writing; the next look is a second later
_MAX_LOOK_BYTES = 32 << 20  # of rows in one look
_MAX_TOLD = 20_000


class Source(Protocol):
    def has_news(self) -> bool:
        """Whether `read` may have something; cheap."""

    def read(self) -> bytes:
        """What was added, at most about a megabyte; b"" when everything was read. Raises `OSError`."""

    @property
    def was_replaced(self) -> bool:
        """The file is another one now, or shorter: begin anew with a new source and a new reader."""


class FileSource:
    """A regular file that grows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0
        self._identity: tuple[int, int] | None = None
        self.was_replaced = False

    def has_news(self) -> bool:
        found = _regular(self.path)
        if found is None:
            return False
        identity = (found.st_dev, found.st_ino)
        if (self._identity is not None and identity != self._identity) or found.st_size < self._offset:
            self.was_replaced = True
        self._identity = identity
        return found.st_size > self._offset or self.was_replaced

    def read(self) -> bytes:
        fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(fd, "rb") as f:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                return b""
            f.seek(self._offset)
            data = f.read(CHUNK_BYTES)
        self._offset += len(data)
        return data


class DatabaseSource:
    """One session in opencode's sqlite database (1.18.33), read-only. Changed rows come again."""

    was_replaced = False

    def __init__(self, path: Path, session: str) -> None:
        self.path = path
        self.session = session
        self._seen: tuple[tuple[int, int], ...] = ()
        self._updated = {"message": 0, "part": 0}
        self._told: dict[str, int] = {}  # rows of the newest moment, which the next look finds again
        self._has_told_session = False

    def has_news(self) -> bool:
        now = tuple(_version(p) for p in (self.path, Path(f"{self.path}-wal")))
        if now == self._seen:
            return False
        self._seen = now
        return True

    def read(self) -> bytes:
        try:
            with contextlib.closing(connect(self.path)) as db:
                rows = list(self._rows(db))
        except sqlite3.Error:  # busy, or another version's tables
            self._seen = ()
            return b""
        return b"".join(json.dumps(row).encode() + b"\n" for row in rows)

    def _rows(self, db: sqlite3.Connection) -> Iterator[dict[str, Any]]:
        if not self._has_told_session:
            query = "select id, directory, version, time_created from session where id = ?"
            for id, directory, version, created in db.execute(query, (self.session,)):
                self._has_told_session = True
                yield {
                    "session": {
                        "id": id,
                        "directory": directory,
                        "version": version,
                        "time": {"created": created},
                    }
                }
        found = [("message", row) for row in self._changed(db, "message", "''")]
        found += [("part", row) for row in self._changed(db, "part", "message_id")]
        # by creation; a message's own row goes before its parts, and again behind them when it has ended
        for table, (id, data, message, updated) in sorted(
            found, key=lambda f: (f[1][2] or f[1][0], f[0], f[1][0])
        ):
            self._told[id] = updated
            value = _json(data)
            value["id"] = id
            if message:
                value["messageID"] = message
            yield {table: value}
        if len(self._told) > _MAX_TOLD:
            newest = max(self._updated.values())
            self._told = {id: at for id, at in self._told.items() if at >= newest - 60_000}

    def _changed(self, db: sqlite3.Connection, table: str, message: str) -> list[tuple[str, str, str, int]]:
        """Rows changed since the last look: all of a moment, however many moments fit."""
        query = (
            f"select id, data, {message}, time_updated from {table} "
            "where session_id = ? and time_updated >= ? order by time_updated"
        )
        new, size = [], 0
        for row in db.execute(query, (self.session, self._updated[table])):
            if size > _MAX_LOOK_BYTES and row[3] != self._updated[table]:
                self._seen = ()  # the rest at the next look
                break
            self._updated[table] = row[3]
            if self._told.get(row[0]) != row[3]:
                new.append(row)
                size += len(row[1] or "")
        return new


def connect(path: Path) -> sqlite3.Connection:
    """Read-only, never creating anything. Raises `sqlite3.Error`."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_S)


def open_source(format: str, path: Path, conversation: str) -> Source:
    return DatabaseSource(path, conversation) if format == "opencode" else FileSource(path)


def _json(data: Any) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, TypeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _regular(path: Path) -> os.stat_result | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def _version(path: Path) -> tuple[int, int]:
    found = _regular(path)
    return (found.st_size, found.st_mtime_ns) if found else (0, 0)
