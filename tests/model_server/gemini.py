"""Google's Gemini API: generateContent and streamGenerateContent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.model_server.answer import Answer
from tests.model_server.conversation import Request, Role, Tool, Turn, flatten
from tests.model_server.dialect import MESSAGES, Event, Json, pieces

_STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL"}


class Gemini:
    name = "gemini"

    def read(self, path: str, body: Mapping[str, Any]) -> Request:
        turns = [Turn(Role.SYSTEM, flatten((body.get("systemInstruction") or {}).get("parts")))]
        turns += [t for content in body.get("contents", []) for t in _turns(content)]
        declared = [f for t in body.get("tools") or [] for f in t.get("functionDeclarations") or []]
        tools = [_tool(f) for f in declared]
        wanted = body.get("generationConfig") or {}
        return Request(
            self.name,
            tuple(turns),
            {t.name: t for t in tools},
            path.rpartition("/")[2].partition(":")[0],
            ":stream" in path,
            wanted.get("responseJsonSchema") or wanted.get("responseSchema"),
        )

    def whole(self, request: Request, answer: Answer) -> Json:
        return _response(request, answer, _parts(answer), "STOP")

    def stream(self, request: Request, answer: Answer) -> Iterator[Event]:
        for part in _parts(answer):
            for piece in pieces(part["text"]) if "text" in part else (None,):
                yield "", _response(request, answer, [part if piece is None else {"text": piece}])
        yield "", _response(request, answer, [{"text": ""}], "STOP")

    def error(self, status: int) -> Json:
        kind = _STATUS.get(status, "UNAVAILABLE")
        return {"error": {"code": status, "message": MESSAGES.get(status, "it failed"), "status": kind}}


def _tool(function: Mapping[str, Any]) -> Tool:
    schema = function.get("parametersJsonSchema") or function.get("parameters") or {}
    return Tool(str(function["name"]), frozenset(schema.get("properties") or {}))


def _turns(content: Mapping[str, Any]) -> Iterator[Turn]:
    said = Role.MODEL if content.get("role") == "model" else Role.OPERATOR
    for part in content.get("parts") or []:
        if "functionCall" in part:
            yield Turn(Role.CALL, part["functionCall"]["name"])
        elif "functionResponse" in part:
            yield Turn(Role.RESULT, str(part["functionResponse"].get("response")))
        elif part.get("text"):
            yield Turn(said, part["text"])


def _parts(answer: Answer) -> list[Json]:
    parts: list[Json] = [{"text": answer.text}]
    if answer.call:
        parts.append({"functionCall": {"name": answer.call.name, "args": answer.call.arguments}})
    return parts


def _response(request: Request, answer: Answer, parts: list[Json], reason: str = "") -> Json:
    candidate: Json = {"index": 0, "content": {"role": "model", "parts": parts}}
    if reason:
        candidate["finishReason"] = reason
    read = 100 * len(request.turns)
    usage = {
        "promptTokenCount": read,
        "candidatesTokenCount": answer.tokens,
        "totalTokenCount": read + answer.tokens,
    }
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": request.model}
