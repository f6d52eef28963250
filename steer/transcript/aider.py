"""aider's .aider.chat.history.md: what was typed ("#### "), what the program said ("> "), and answers in between.

Format as of aider 0.86. No ids and no times but the start of each run; sums of tokens are rounded ("12k").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from steer.model.step import Conversing, Entry, Said, Spent, Step, StepKind, Told, TurnEnd, TurnEnded, Usage
from steer.transcript.reader import Reader
from steer.transcript.value import cut

_STARTED = re.compile(r"# aider chat started at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)")
_TOKENS = re.compile(
    r"Tokens: ([\d.,]+k?) sent, (?:([\d.,]+k?) cache write, )?(?:([\d.,]+k?) cache hit, )?([\d.,]+k?) received"
)
_COST = re.compile(r"Cost: \$([\d.]+) message")
_EDITED = re.compile(r"Applied edit to (\S.*)")
_RAN = re.compile(r"Running (\S.*)")
_MAX_ANSWER = 1 << 20


class AiderReader(Reader):
    title = "aider"

    def __init__(self, since: float = 0.0) -> None:
        super().__init__(since)
        self._began = 0.0
        self._told: list[str] = []
        self._said: list[str] = []
        self._size = 0
        self._count = 0

    def _take_line(self, line: bytes) -> Iterable[Entry]:
        words = line.decode("utf-8", "replace").rstrip("\r")
        if words.startswith("#### "):
            found = self._end_said()
            self._told.append(words[5:].rstrip())
            return found
        if words.startswith("> ") or _STARTED.match(words):
            return [*self._end_told(), *self._end_said(), *self._program(words.removeprefix("> ").strip())]
        if self._told and not words.strip():
            return self._end_told()
        if self._size < _MAX_ANSWER:
            self._size += len(words)
            self._said.append(words)
        return self._end_told()

    def _flush(self) -> Iterable[Entry]:
        return [*self._end_told(), *self._end_said()]

    def _end_told(self) -> list[Entry]:
        words, self._told = "\n".join(self._told).strip(), []
        return [Told(self._began, cut(words))] if words else []

    def _end_said(self) -> list[Entry]:
        words, self._said = "\n".join(self._said).strip(), []
        self._size = 0
        return [Said(self._began, cut(words))] if words else []

    def _program(self, words: str) -> Iterator[Entry]:
        if started := _STARTED.match(words):
            self._began = _time(started[1])
            yield Conversing(self._began, started[1])
        elif tokens := _TOKENS.search(words):
            yield from self._spent(tokens, words)
        elif edited := _EDITED.fullmatch(words):
            yield self._step("edit", StepKind.EDIT, edited[1], (edited[1],))
        elif ran := _RAN.fullmatch(words):
            yield self._step("run", StepKind.RUN, ran[1])
        elif words == "^C again to exit" or words.startswith("^C KeyboardInterrupt"):
            yield TurnEnded(self._began, TurnEnd.INTERRUPTED)

    def _spent(self, tokens: re.Match[str], words: str) -> Iterator[Entry]:
        sent, written, hit, received = (_number(g) for g in tokens.groups())
        cost = _COST.search(words)
        usage = Usage("", max(0, sent - written - hit), received, hit, written, _dollars(cost), sent)
        yield Spent(self._began, usage)
        yield TurnEnded(self._began, TurnEnd.DONE)

    def _step(self, tool: str, kind: StepKind, action: str, files: tuple[str, ...] = ()) -> Step:
        """aider writes these when they have happened; the output of a command is not among them."""
        self._count += 1
        return Step(
            f"{tool}-{self._count}",
            self._began,
            tool,
            kind,
            cut(action),
            files=files,
            ended_at=self._began or 1.0,
        )


def _time(words: str) -> float:
    try:
        return datetime.fromisoformat(words).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0


def _number(words: str | None) -> int:
    digits = (words or "0").replace(",", "")
    try:
        return int(float(digits.rstrip("k")) * (1000 if digits.endswith("k") else 1))
    except (ValueError, OverflowError):
        return 0


def _dollars(found: re.Match[str] | None) -> float | None:
    try:
        return float(found[1]) if found else None
    except ValueError:
        return None
