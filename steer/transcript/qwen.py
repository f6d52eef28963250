"""Qwen Code's chats: projects/<folder>/chats/<id>.jsonl. Observed with 0.24.4. Tokens, no money."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from steer.model.step import Conversing, Entry, Said, Spent, Told, TurnEnd, TurnEnded, Usage
from steer.transcript.reader import JsonReader, Record
from steer.transcript.step_book import StepBook
from steer.transcript.value import count, cut, listed, spoken, status, table, text, when

_TYPES = frozenset(("user", "assistant", "tool_result", "system"))


class QwenReader(JsonReader):
    title = "Qwen Code"

    def __init__(self, since: float = 0.0) -> None:
        super().__init__(since)
        self._steps = StepBook()
        self._conversation = ""

    def _take(self, record: Record) -> Iterable[Entry] | None:
        kind = text(record.get("type"))
        if kind not in _TYPES or "sessionId" not in record:
            return None
        return [*self._identify(record), *self._record(record, kind, when(record.get("timestamp")))]

    def _identify(self, record: Record) -> Iterator[Entry]:
        id = text(record.get("sessionId"))
        if id and id != self._conversation:
            self._conversation = id
            yield Conversing(
                when(record.get("timestamp")), id, text(record.get("cwd")), text(record.get("version"))
            )

    def _record(self, record: Record, kind: str, at: float) -> Iterator[Entry]:
        parts = [table(p) for p in listed(table(record.get("message")).get("parts"))]
        if record.get("isSidechain"):
            return
        match kind:
            case "user" if record.get("provenance") in (None, "real_user"):
                if words := spoken("\n".join(text(p.get("text")) for p in parts)):
                    yield Told(at, words)
            case "assistant":
                yield from self._answer(record, parts, at)
            case "tool_result":
                yield from self._results(record, parts, at)
            case "system":
                yield from self._system(record, at)

    def _answer(self, record: Record, parts: list[Record], at: float) -> Iterator[Entry]:
        has_called = False
        for part in parts:
            call = table(part.get("functionCall"))
            words = "" if part.get("thought") else cut(text(part.get("text")).strip())
            if words:
                yield Said(at, words)
            if id := text(call.get("id")):
                has_called = True
                yield self._steps.begin(id, at, text(call.get("name")), call.get("args"))
        usage = table(record.get("usageMetadata"))
        whole, cached = count(usage.get("promptTokenCount")), count(usage.get("cachedContentTokenCount"))
        output = count(usage.get("candidatesTokenCount"))
        if whole or output:
            model = text(record.get("model"))
            yield Spent(at, Usage(model, max(0, whole - cached), output, cached, context=whole))
        if parts and not has_called:
            yield TurnEnded(at, TurnEnd.DONE)

    def _results(self, record: Record, parts: list[Record], at: float) -> Iterator[Entry]:
        told = table(record.get("toolCallResult"))
        code = status(table(told.get("resultDisplay")).get("exitCode"))
        for part in parts:
            answer = table(part.get("functionResponse"))
            response = table(answer.get("response"))
            error = text(response.get("error"))
            step = self._steps.end(
                text(answer.get("id")),
                at,
                error or text(response.get("output")),
                exit=code,
                is_error=bool(error) or told.get("status") in ("error", "cancelled"),
            )
            if step:
                yield step

    def _system(self, record: Record, at: float) -> Iterator[Entry]:
        event = table(table(record.get("systemPayload")).get("uiEvent"))
        if event.get("event.name") == "qwen-code.api_error":
            yield TurnEnded(
                at, TurnEnd.FAILED, cut(text(event.get("error_message")) or text(event.get("error")))
            )
