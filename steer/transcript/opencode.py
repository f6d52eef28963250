"""opencode's sessions. Observed with 1.18.33, which keeps them in sqlite.

Fed either what `opencode export` prints (one JSON value: info, messages with their parts), or its database's rows as
lines {"session": ...}, {"message": ...}, {"part": ...}; a row that changed is fed again. Money per answer; 0 with
tokens means that opencode knows no price.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from steer.model.step import Conversing, Entry, Said, Spent, Told, TurnEnd, TurnEnded, Usage
from steer.transcript.reader import JsonReader, Record
from steer.transcript.step_book import StepBook
from steer.transcript.value import count, cut, listed, money, spoken, status, table, text, when

_MAX_SEEN = 20_000
_ROWS = ("session", "message", "part")


class OpencodeReader(JsonReader):
    title = "opencode"

    def __init__(self, since: float = 0.0) -> None:
        super().__init__(since)
        self._steps = StepBook()
        self._conversation = ""
        self._roles: dict[str, tuple[str, float]] = {}  # message -> (role, time)
        self._seen: dict[tuple[str, str], None] = {}

    def _take(self, record: Record) -> Iterable[Entry] | None:
        if "info" in record and "messages" in record:
            return self._export(record)
        for row in _ROWS:
            if isinstance(record.get(row), dict):
                return self._row(row, record[row])
        return None

    def _export(self, record: Record) -> Iterator[Entry]:
        yield from self._row("session", table(record["info"]))
        for message in map(table, listed(record["messages"])):
            info = table(message.get("info"))
            self._note_role(info)
            for part in listed(message.get("parts")):
                yield from self._row("part", table(part))
            yield from self._row("message", info)

    def _row(self, kind: str, row: Record) -> Iterable[Entry]:
        if kind == "session":
            return self._session(row)
        return self._message(row) if kind == "message" else self._part(row)

    def _session(self, info: Record) -> Iterator[Entry]:
        id = text(info.get("id"))
        if id and id != self._conversation:
            self._conversation = id
            at = when(table(info.get("time")).get("created"))
            yield Conversing(at, id, text(info.get("directory")), text(info.get("version")))

    def _note_role(self, info: Record) -> None:
        self._roles[text(info.get("id"))] = (
            text(info.get("role")),
            when(table(info.get("time")).get("created")),
        )
        if len(self._roles) > _MAX_SEEN:
            self._roles.pop(next(iter(self._roles)))

    def _message(self, info: Record) -> Iterator[Entry]:
        self._note_role(info)
        id, times = text(info.get("id")), table(info.get("time"))
        at = when(times.get("completed"))
        if info.get("role") != "assistant" or not at:
            return
        usage = _usage(info)
        if usage.tokens and self._is_new(id, "spent"):
            yield Spent(at, usage)
        error = table(info.get("error"))
        if error and self._is_new(id, "end"):
            how = TurnEnd.INTERRUPTED if error.get("name") == "MessageAbortedError" else TurnEnd.FAILED
            words = text(table(error.get("data")).get("message")) or text(error.get("name"))
            yield TurnEnded(at, how, cut(words) if how is TurnEnd.FAILED else "")
        elif info.get("finish") == "stop" and self._is_new(id, "end"):
            yield TurnEnded(at, TurnEnd.DONE)

    def _part(self, part: Record) -> Iterator[Entry]:
        role, at = self._roles.get(text(part.get("messageID")), ("", 0.0))
        id = text(part.get("id"))
        match part.get("type"):
            case "text" if not part.get("synthetic") and not part.get("ignored"):
                times = table(part.get("time"))
                words = spoken(text(part.get("text")))
                if role == "user" and words and self._is_new(id, "told"):
                    yield Told(at, words)
                elif role == "assistant" and words and times.get("end") and self._is_new(id, "said"):
                    yield Said(when(times.get("end")), words)
            case "tool":
                yield from self._tool(part, table(part.get("state")), at)

    def _tool(self, part: Record, state: Record, at: float) -> Iterator[Entry]:
        id, stage, times = text(part.get("callID")), text(state.get("status")), table(state.get("time"))
        if not id or stage not in ("running", "completed", "error"):
            return
        is_over = stage != "running"
        if not self._is_new(id, "over" if is_over else "begun"):
            return
        begun = self._steps.begin(
            id, when(times.get("start")) or at, text(part.get("tool")), state.get("input")
        )
        if not is_over:
            yield begun
            return
        code = status(table(state.get("metadata")).get("exit"))
        output = text(state.get("output")) or text(state.get("error"))
        step = self._steps.end(id, when(times.get("end")) or at, output, exit=code, is_error=stage == "error")
        if step:
            yield step

    def _is_new(self, id: str, what: str) -> bool:
        key = (id, what)
        if key in self._seen:
            return False
        self._seen[key] = None
        if len(self._seen) > _MAX_SEEN:
            self._seen.pop(next(iter(self._seen)))
        return True


def _usage(info: Record) -> Usage:
    tokens = table(info.get("tokens"))
    cache = table(tokens.get("cache"))
    read, written, fresh = count(cache.get("read")), count(cache.get("write")), count(tokens.get("input"))
    output = count(tokens.get("output")) + count(tokens.get("reasoning"))
    cost = money(info.get("cost")) or None
    return Usage(
        text(info.get("modelID")), fresh, output, read, written, cost, context=fresh + read + written
    )
