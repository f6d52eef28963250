"""Gemini CLI's chats: tmp/<project>/chats/session-<time>-<id>.jsonl. Observed with 0.61.0; also older
files that are one JSON value.

A header, then messages and {"$set": {...}} patches; a message is written again, with its id, when its tools have
ended. Nothing says that a turn is over. Tokens, no money.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from steer.model.step import Conversing, Entry, Said, Spent, Told, TurnEnd, TurnEnded, Usage
from steer.transcript.reader import JsonReader, Record
from steer.transcript.step_book import StepBook
from steer.transcript.value import count, joined, listed, spoken, table, text, when

_TYPES = frozenset(("user", "gemini", "info", "error", "warning"))
_CANCELLED = "Request cancelled."
_MAX_SEEN = 20_000


class GeminiReader(JsonReader):
    title = "Gemini CLI"

    def __init__(self, since: float = 0.0) -> None:
        super().__init__(since)
        self._steps = StepBook()
        self._conversation = ""
        self._seen: dict[tuple[str, str], None] = {}  # (message or tool, what of it) that was reported

    def _take(self, record: Record) -> Iterable[Entry] | None:
        if "$set" in record:
            return self._messages(table(record["$set"]))
        if "$rewindTo" in record:
            return ()
        if "sessionId" in record and ("startTime" in record or "messages" in record):
            return [*self._header(record), *self._messages(record)]
        if text(record.get("type")) in _TYPES and "id" in record:
            return self._message(record)
        return None

    def _header(self, record: Record) -> Iterator[Entry]:
        id = text(record.get("sessionId"))
        if id and id != self._conversation:
            self._conversation = id
            yield Conversing(when(record.get("startTime")), id)

    def _messages(self, record: Record) -> Iterator[Entry]:
        for message in listed(record.get("messages")):
            if isinstance(message, dict):
                yield from self._message(message)

    def _message(self, message: Record) -> Iterator[Entry]:
        id, at = text(message.get("id")), when(message.get("timestamp"))
        words = spoken(joined(message.get("content")))
        match message.get("type"):
            case "user":
                if words and self._is_new(id, "told"):
                    yield Told(at, words)
            case "gemini":
                yield from self._answer(message, id, at, words)
            case "info" if words.startswith(_CANCELLED) and self._is_new(id, "end"):
                yield TurnEnded(at, TurnEnd.INTERRUPTED)
            case "error" if self._is_new(id, "end"):
                yield TurnEnded(at, TurnEnd.FAILED, words)

    def _answer(self, message: Record, id: str, at: float, words: str) -> Iterator[Entry]:
        if words and self._is_new(id, "said"):
            yield Said(at, words)
        usage = _usage(table(message.get("tokens")), text(message.get("model")))
        if usage.tokens and self._is_new(id, "spent"):
            yield Spent(at, usage)
        for call in listed(message.get("toolCalls")):
            yield from self._call(table(call), at)

    def _call(self, call: Record, at: float) -> Iterator[Entry]:
        id, state = text(call.get("id")), text(call.get("status"))
        if not id or not self._is_new(id, "step"):
            return
        begun = self._steps.begin(id, at, text(call.get("name")), call.get("args"))
        if state not in ("success", "error", "cancelled"):
            yield begun
            self._seen.pop((id, "step"))  # it is written again when it has ended
            return
        responses = [
            table(table(table(r).get("functionResponse")).get("response")) for r in listed(call.get("result"))
        ]
        output = "\n".join(text(r.get("output")) or text(r.get("error")) for r in responses)
        if step := self._steps.end(
            id, when(call.get("timestamp")) or at, output, is_error=state != "success"
        ):
            yield step

    def _is_new(self, id: str, what: str) -> bool:
        key = (id, what)
        if key in self._seen:
            return False
        self._seen[key] = None
        if len(self._seen) > _MAX_SEEN:
            self._seen.pop(next(iter(self._seen)))
        return True


def _usage(tokens: Record, model: str) -> Usage:
    whole, cached = count(tokens.get("input")), count(tokens.get("cached"))
    output = count(tokens.get("output")) + count(tokens.get("thoughts"))
    return Usage(model, max(0, whole - cached), output, cached, context=whole)
