"""What all readers of transcripts share: lines out of chunks, bounded memory, problems instead of exceptions.

A transcript is written by an agent and may be torn, foreign, or larger than memory. A reader never raises: a line
it cannot use becomes a problem, and the rest is still read. The same bytes give the same entries, however cut.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from steer.model.step import Entry, Spent

MAX_LINE_BYTES = 8 << 20  # a longer line (a pasted image, a dumped file) is left out
MAX_DOCUMENT_BYTES = 64 << 20  # of a transcript that is a single JSON value
MAX_PROBLEMS = 100
PATIENCE = 50  # records without one that is known, after which the file is refused

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    line: int  # 1-based; of a document: 0
    text: str  # one sentence


class Reader(ABC):
    """Feed it the file's bytes in order. `since`: what was spent before that time was spent by another session,
    whose history this conversation began with (a fork copies it, with its times).
    """

    title = ""  # of the agent, for sentences
    skip: tuple[bytes, ...] = ()  # lines that begin so are dropped unread

    def __init__(self, since: float = 0.0) -> None:
        self.since = since
        self.problems: list[Problem] = []
        self.refusal = ""  # why nothing (more) is read from this file
        self._buffer = bytearray()
        self._line = 0
        self._is_dropping = False  # the rest of the line in hand

    def feed(self, data: bytes) -> list[Entry]:
        """The entries that these bytes complete, in the file's order."""
        found: list[Entry] = []
        if self.refusal:
            return found
        *whole, rest = data.split(b"\n")
        for piece in whole:
            self._hold(piece)
            found += self._end_line()
        self._hold(rest)
        return self._own(found)

    def finish(self) -> list[Entry]:
        """What a last line without its end, or a message that was still going on, amounts to."""
        if self.refusal:
            return []
        return self._own([*(self._end_line() if self._buffer else []), *self._flush()])

    def _hold(self, piece: bytes) -> None:
        if self._is_dropping:
            return
        self._buffer += piece
        if self.skip and self._buffer.startswith(self.skip):
            self._is_dropping = True
            self._buffer.clear()
        elif len(self._buffer) > MAX_LINE_BYTES:
            self._is_dropping = True
            self._buffer.clear()
            self._note(f"the line is larger than {MAX_LINE_BYTES >> 20} MiB and was left out", self._line + 1)

    def _end_line(self) -> Iterable[Entry]:
        self._line += 1
        line, is_dropped = bytes(self._buffer), self._is_dropping
        self._buffer.clear()
        self._is_dropping = False
        return () if is_dropped or self.refusal else self._take_line(line)

    def _own(self, entries: list[Entry]) -> list[Entry]:
        return [e for e in entries if not (isinstance(e, Spent) and 0 < e.at < self.since)]

    def _note(self, text: str, line: int | None = None) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(self._line if line is None else line, text))

    @abstractmethod
    def _take_line(self, line: bytes) -> Iterable[Entry]: ...

    def _flush(self) -> Iterable[Entry]:
        return ()


class JsonReader(Reader):
    """One JSON object a line; or, where the first line is no whole one, one JSON object in the whole file."""

    def __init__(self, since: float = 0.0) -> None:
        super().__init__(since)
        self._document: bytearray | None = None
        self._foreign = 0  # records so far while none was known
        self._is_known = False

    @abstractmethod
    def _take(self, record: Record) -> Iterable[Entry] | None:
        """The entries of one record; None: the record is none of this format."""

    def _take_line(self, line: bytes) -> Iterable[Entry]:
        if self._document is not None:
            return self._grow(line)
        line = line.strip()
        if not line:
            return ()
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            if self._foreign == 0 and not self._is_known and line in (b"{", b"["):
                self._document = bytearray(line)
                return ()
            self._note("the line is not JSON and was left out")
            return self._miss()
        return self._take_value(value)

    def _grow(self, line: bytes) -> Iterable[Entry]:
        document = self._document
        assert document is not None
        if len(document) + len(line) > MAX_DOCUMENT_BYTES:
            self.refusal = f"the transcript is larger than {MAX_DOCUMENT_BYTES >> 20} MiB in one piece"
            document.clear()
            return ()
        document += b"\n" + line
        if line.rstrip() not in (b"}", b"]"):
            return ()
        try:
            value = json.loads(bytes(document))
        except (ValueError, RecursionError):
            return ()
        self._document = None
        return self._take_value(value)

    def _flush(self) -> Iterable[Entry]:
        if self._document:
            self._note("the file ends in the middle of its JSON value", 0)
        return ()

    def _take_value(self, value: Any) -> Iterable[Entry]:
        if not isinstance(value, dict):
            self._note("the line is not a JSON object and was left out")
            return self._miss()
        found = self._take(value)
        if found is None:
            return self._miss()
        self._is_known = True
        return found

    def _miss(self) -> Iterable[Entry]:
        self._foreign += 1
        if not self._is_known and self._foreign >= PATIENCE and not self.refusal:
            self.refusal = (
                f"none of the first {PATIENCE} lines is one that {self.title} is known to write: "
                "another program's file, or a version that steer cannot read"
            )
        return ()
