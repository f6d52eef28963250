"""A conversation's turns, and its beginning up to one of them: which lines of a transcript to keep."""

from __future__ import annotations

from dataclasses import dataclass

from steer.model.step import Arrival, Conversing, Entry, Said, Step, Told, TurnEnded
from steer.transcript.format import reader_for

MAX_TURNS = 500  # the newest that are offered
_TEXT = 200  # characters of a turn's first message


@dataclass(frozen=True, slots=True)
class Turn:
    """From a message of the operator to the end of what the agent made of it."""

    number: int  # 1, 2, 3 ...
    at: float  # seconds since the epoch; 0: not known
    text: str  # what the operator said, its beginning
    start: int  # index of its first line
    end: int  # index of the line after its last one; -1: it goes on


def turns_of(format: str, lines: list[bytes]) -> list[Turn]:
    """All turns of a transcript. A message that was taken within a turn begins none."""
    reader, found = reader_for(format), list[Turn]()
    start, end, told, opened = 0, -1, None, 0
    for index, line in enumerate(lines):
        if format == "codex" and b'"task_started"' in line[:400]:
            opened = index  # stands before the message that it is about
        for entry in reader.feed(line + b"\n"):
            if _begins(entry, told, end, format):
                assert isinstance(entry, Told)
                at = opened if format == "codex" and opened >= max(end, start) else index
                if told is not None:
                    found.append(_turn(found, told, start, end if end >= 0 else at))
                start, end, told = at, -1, entry
            elif isinstance(entry, TurnEnded):
                end = index + 1
            elif isinstance(entry, Said | Step) and not (isinstance(entry, Step) and entry.is_over):
                end = -1
    if told is not None:
        found.append(_turn(found, told, start, end))
    return found


def _begins(entry: Entry, told: Told | None, end: int, format: str) -> bool:
    if not isinstance(entry, Told) or entry.arrival is not Arrival.SUBMITTED:
        return False
    return told is None or end >= 0 or format == "gemini"  # which never says that a turn has ended


def _turn(before: list[Turn], told: Told, start: int, end: int) -> Turn:
    return Turn(len(before) + 1, told.at, " ".join(told.text.split())[:_TEXT], start, end)


def kept_lines(format: str, lines: list[bytes], turn: int = 0, until: float = 0.0) -> list[bytes] | None:
    """The lines up to and with that turn (0: all), None where there is no such turn or it has not ended.

    `until`: those of what happened up to then (seconds since the epoch), also within a turn; None where nothing had
    been said. All lines are kept less an answer at the end whose tools have not, which some agents refuse.
    """
    if until:
        lines = lines[: _first_after(format, lines, until)]
        return lines[: _settled(format, lines)] if turns_of(format, lines) else None
    if not turn:
        return lines[: _settled(format, lines)]
    known = turns_of(format, lines)
    if not 1 <= turn <= len(known):
        return None
    wanted = known[turn - 1]
    end = wanted.end if wanted.end >= 0 else known[turn].start if turn < len(known) else -1
    return lines[:end] if end >= 0 else None


def _first_after(format: str, lines: list[bytes], until: float) -> int:
    """Index of the first line that tells of something later."""
    reader, opened = reader_for(format), -1
    for index, line in enumerate(lines):
        if format == "codex" and b'"task_started"' in line[:400]:
            opened = index  # belongs to the message after it
        for entry in reader.feed(line + b"\n"):
            if happened_at(entry) > until:
                return opened if opened >= 0 else index
            opened = -1
    return len(lines)


def happened_at(entry: Entry) -> float:
    """When it was known, in seconds since the epoch; 0: not told."""
    return max(entry.at, entry.ended_at) if isinstance(entry, Step) else entry.at


def _settled(format: str, lines: list[bytes]) -> int:
    """How many lines there are before an action that has no result."""
    if format != "qwen":  # the others close an open action themselves
        return len(lines)
    reader, begun = reader_for(format), dict[str, int]()
    for index, line in enumerate(lines):
        for entry in reader.feed(line + b"\n"):
            if isinstance(entry, Step):
                begun.setdefault(entry.id, index)
                if entry.is_over:
                    del begun[entry.id]
    return min(begun.values(), default=len(lines))


def conversation_of(format: str, lines: list[bytes]) -> Conversing | None:
    reader = reader_for(format)
    for line in lines[:50]:
        for entry in reader.feed(line + b"\n"):
            if isinstance(entry, Conversing):
                return entry
    return None
