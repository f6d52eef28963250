"""Turns out of a terminal's stream: what an agent printed, as steps, where it keeps no transcript.

The grammar is data (`turns.toml`). The first one whose `begin` occurs is used from then on, so that a shell inside
an agent's output is not taken for another agent.
"""

from __future__ import annotations

import codecs
import re
import textwrap
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from steer.detect.settled import SettledLines
from steer.model.step import MAX_TEXT, Entry, Said, Step, StepKind

MAX_LINES = 400  # of one action's text or result


@dataclass(frozen=True, slots=True)
class Grammar:
    """See `turns.toml`."""

    id: str
    begin: re.Pattern[str]
    end: re.Pattern[str]
    result: re.Pattern[str] | None
    open: re.Pattern[str] | None
    close: re.Pattern[str] | None
    exit: re.Pattern[str] | None
    noise: re.Pattern[str] | None
    waiting: re.Pattern[str] | None
    sightings: int  # of `begin` before it is believed


@cache
def grammars() -> tuple[Grammar, ...]:
    data = tomllib.loads(Path(__file__).with_name("turns.toml").read_text("utf-8"))
    return tuple(_grammar(turn) for turn in data["turn"])


def _grammar(turn: dict[str, Any]) -> Grammar:
    patterns = {k: re.compile(v, re.M) for k, v in turn.items() if k != "id" and isinstance(v, str) and v}
    return Grammar(
        turn["id"],
        patterns["begin"],
        patterns["end"],
        patterns.get("result"),
        patterns.get("open"),
        patterns.get("close"),
        patterns.get("exit"),
        patterns.get("noise"),
        patterns.get("waiting"),
        int(turn.get("sightings", 1)),
    )


class TerminalReader:
    """Feed output with its time; get entries. `finish` gives what was still open."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._settled = SettledLines()
        self._grammar: Grammar | None = None
        self._sightings: Counter[str] = Counter()
        self._at = 0.0
        self._number = 0
        self._begun = 0.0  # when the action in hand was seen; 0: none
        self._command: list[str] | None = None
        self._said: list[str] = []
        self._result: list[str] | None = None
        self._head = ""  # what stood behind the result's sign
        self._is_open = False
        self.waits_at = 0.0  # when the agent was last seen to wait for its model

    def feed(self, at: float, data: bytes) -> list[Entry]:
        self._at = at
        text = self._decoder.decode(data)
        if self._grammar and self._grammar.waiting and self._grammar.waiting.search(text):
            self.waits_at = at
        return self._take_all(self._settled.feed(text))

    def finish(self) -> list[Entry]:
        return [*self._take_all(self._settled.finish()), *self._end_step()]

    def _take_all(self, lines: Iterable[str]) -> list[Entry]:
        return [entry for line in lines for entry in self._take(line)]

    def _take(self, line: str) -> Iterator[Entry]:
        if found := self._beginning(line):
            yield from self._end_step()
            self._begin(found)
            return
        grammar = self._grammar
        if grammar is None or not self._begun:
            return
        if grammar.noise and grammar.noise.search(line):
            line = grammar.noise.sub("", line)
            if not line.strip(" ⠁⠂⠄⡀⢀⠠⠐⠈⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"):
                return
        if self._result is not None:
            if grammar.end.search(line) and not (grammar.result and grammar.result.search(line)):
                yield from self._end_step()
            elif len(self._result) < MAX_LINES:
                self._result.append(line)
        else:
            yield from self._before_result(grammar, line)

    def _beginning(self, line: str) -> re.Match[str] | None:
        for grammar in (self._grammar,) if self._grammar else grammars():
            if found := grammar.begin.search(line):
                self._sightings[grammar.id] += 1
                if self._sightings[grammar.id] >= grammar.sightings:
                    self._grammar = grammar
                    return found
        return None

    def _begin(self, found: re.Match[str]) -> None:
        grammar = self._grammar
        assert grammar is not None
        self._number += 1
        self._begun = self._at
        self._said, self._is_open = [], False
        self._command = [found.group(1)] if found.re.groups else None
        self._result, self._head = ([] if grammar.result is None else None), ""

    def _before_result(self, grammar: Grammar, line: str) -> Iterator[Entry]:
        if self._is_open:
            if grammar.close and grammar.close.search(line):
                self._is_open = False
            elif self._command is not None and len(self._command) < MAX_LINES:
                self._command.append(line)
        elif grammar.open and self._command is None and grammar.open.search(line):
            self._command, self._is_open = [], True
        elif grammar.result and grammar.result.search(line):
            yield from self._begin_result(grammar.result.sub("", line, count=1))
        elif grammar.open and len(self._said) < MAX_LINES:
            self._said.append(line)
        elif self._command is not None and line.startswith("  "):
            self._command.append(line.strip())  # a long command goes on in the next line

    def _begin_result(self, rest: str) -> Iterator[Entry]:
        """`rest`: what its first line says."""
        self._result, self._head = [], rest.strip()
        words = "\n".join(self._said).strip()
        if words:
            yield Said(self._begun, words[:MAX_TEXT])
        if self._command:
            yield self._step("", None, 0.0)

    def _end_step(self) -> Iterator[Entry]:
        if self._begun and self._command and self._result is not None:
            text = f"{self._head}\n{textwrap.dedent(chr(10).join(self._result))}".strip("\n")
            grammar = self._grammar
            found = grammar.exit.search(text) if grammar and grammar.exit else None
            status = int(found.group(1)) if found else None
            body = (
                grammar.exit.sub("", text, count=1).strip("\n")
                if found and grammar and grammar.exit
                else text
            )
            yield self._step(body, status, self._at or 1e-3)
        self._begun, self._command, self._result, self._said = 0.0, None, None, []

    def _step(self, result: str, status: int | None, ended_at: float) -> Step:
        command = "\n".join(self._command or ()).strip()
        return Step(
            id=f"t{self._number}",
            at=self._begun,
            tool="bash",
            kind=StepKind.RUN,
            action=command[:MAX_TEXT],
            result=result[:MAX_TEXT],
            exit=status,
            is_error=bool(status),
            ended_at=ended_at,
        )
