"""Whether a recording is what was recorded: its bytes against the sums that its keeper wrote down.

There are two files of sums beside a recording: `.sums` by the keeper (`keeping/sums.py`), many, so that a change has a
place; and `.held`, the newest one, by the supervisor, who had it in memory while an agent could change the first one.
Without isolation an agent may still change all three files when both are gone: that is not seen.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

from steer.errors import SteerError
from steer.record.reader import Reader
from steer.replay.clock import clock
from steer.runtime.keeping.sums import SUFFIX, SUM_BYTES, Mark
from steer.runtime.store import write_atomically

HELD = ".held"
_MAX_BYTES = 1 << 20  # of a file of sums
_PIECE = 1 << 18


@dataclass(frozen=True, slots=True)
class Verdict:
    """`changed` is one line, "" where nothing was; `is_known` is false where no sums tell."""

    is_known: bool = False
    changed: str = ""


@dataclass(frozen=True, slots=True)
class _Sums:
    marks: tuple[Mark, ...] = ()
    is_over: bool = False


def verify(path: Path) -> Verdict:
    """Read the recording at `path` once. A crash may have cut off its end; that is no change."""
    sums, held = _read(path, SUFFIX), _read(path, HELD)
    if not sums.marks and not held.marks:
        return Verdict()
    try:
        with path.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            wrong = _mismatches(file, size, {*sums.marks, *held.marks})
            first = next((i for i, mark in enumerate(sums.marks) if mark in wrong), None)
            if first is not None:
                base = sums.marks[first][0]
                before = sums.marks[first - 1] if first else (0, 0, "")
                since = before[1] if before[0] == base else base
                return Verdict(True, f"changed after it was recorded, from {_time(file, since)} on")
            if wrong:
                return Verdict(True, "changed after it was recorded, and its sums with it")
            return Verdict(True, _at_the_end(file, size, sums, held))
    except OSError:
        return Verdict()


def _at_the_end(file: BinaryIO, size: int, sums: _Sums, held: _Sums) -> str:
    ends = [s.marks[-1][1] for s in (sums, held) if s.is_over]
    if ends and size < max(ends):
        return f"cut after it was recorded, at {_time(file, size)}"
    if ends and size > max(ends):
        return f"added to after it was recorded, from {_time(file, max(ends))} on"
    return ""


def _mismatches(file: BinaryIO, size: int, marks: Iterable[Mark]) -> set[Mark]:
    """Marks whose sum is not that of the file's bytes; those beyond its end say nothing."""
    wrong: set[Mark] = set()
    position, sum = -1, blake2b(digest_size=SUM_BYTES)
    newest_base = -1
    for mark in sorted(marks):
        base, offset, expected = mark
        if offset > size:
            continue
        if base != newest_base:
            newest_base, position, sum = base, base, blake2b(digest_size=SUM_BYTES)
            file.seek(base)
        while position < offset and (piece := file.read(min(_PIECE, offset - position))):
            sum.update(piece)
            position += len(piece)
        if sum.hexdigest() != expected:
            wrong.add(mark)
    return wrong


def _time(file: BinaryIO, offset: int) -> str:
    """When in the recording the bytes at `offset` were written."""
    reader, at, done = Reader(), 0.0, 0
    file.seek(0)
    while done < offset and (piece := file.read(min(_PIECE, offset - done))):
        done += len(piece)
        for event in reader.feed(piece):
            at = event.at
    return clock(at)


def _read(path: Path, suffix: str) -> _Sums:
    """What stands in a file of sums; nothing where it is none. It is an agent's to write, without isolation."""
    try:
        fd = os.open(f"{path}{suffix}", os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(fd, "rb") as file:  # noqa: PTH123 - a descriptor
            value = json.loads(file.read(_MAX_BYTES))
        marks = sorted(_mark(mark) for mark in value["marks"])
        return _Sums(tuple(marks), bool(value["is_over"]) and bool(marks))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return _Sums()


def _mark(value: Any) -> Mark:
    base, offset, sum = value
    if not (type(base) is int and type(offset) is int and 0 <= base <= offset and isinstance(sum, str)):
        raise ValueError("no mark")
    return base, offset, sum


class Held:
    """The newest sum of a recording, as its supervisor has heard it, until it writes it down."""

    def __init__(self, recording: Path) -> None:
        self._path = Path(f"{recording}{HELD}")
        self._value: dict[str, Any] = {}

    def heard(self, mark: Any, *, is_over: bool) -> None:
        with contextlib.suppress(ValueError, TypeError):
            base, offset, sum = _mark(mark)
            if sum:
                marks = [[base, offset, sum]]
                self._value = {"version": 1, "is_over": is_over, "marks": marks}

    def save(self) -> None:
        """Over whatever stands there: nobody else knows better."""
        if self._value:
            with contextlib.suppress(SteerError, OSError):
                write_atomically(self._path, json.dumps(self._value).encode())
