"""OpenAI's Chat Completions API, as other services speak it, too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.model_server.answer import Answer
from tests.model_server.conversation import Request, Role, Tool, Turn, flatten
from tests.model_server.dialect import MESSAGES, Event, Json, as_json, pieces

_ROLES = {"user": Role.OPERATOR, "assistant": Role.MODEL, "tool": Role.RESULT}


class OpenAiChat:
    name = "chat"

    def read(self, path: str, body: Mapping[str, Any]) -> Request:
        turns = [turn for message in body.get("messages", []) for turn in _turns(message)]
        tools = [_tool(t["function"]) for t in body.get("tools") or [] if t.get("type") == "function"]
        return Request(
            self.name,
            tuple(turns),
            {t.name: t for t in tools},
            str(body.get("model", "")),
            bool(body.get("stream")),
            ((body.get("response_format") or {}).get("json_schema") or {}).get("schema"),
        )

    def whole(self, request: Request, answer: Answer) -> Json:
        message: Json = {"role": "assistant", "content": answer.text}
        if answer.call:
            message["tool_calls"] = [_call(answer)]
        choice = {"index": 0, "message": message, "finish_reason": _reason(answer)}
        return {**_head(request, "chat.completion"), "choices": [choice], "usage": _usage(request, answer)}

    def stream(self, request: Request, answer: Answer) -> Iterator[Event]:
        head = _head(request, "chat.completion.chunk")

        def chunk(delta: Json, reason: str | None = None) -> Event:
            return "", {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

        yield chunk({"role": "assistant", "content": ""})
        for piece in pieces(answer.text):
            yield chunk({"content": piece})
        if answer.call:
            whole = _call(answer)
            function = whole.pop("function")
            yield chunk({"tool_calls": [{"index": 0, **whole, "function": {**function, "arguments": ""}}]})
            for piece in pieces(function["arguments"], 32):
                yield chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
        yield chunk({}, _reason(answer))
        yield "", {**head, "choices": [], "usage": _usage(request, answer)}
        yield "", "[DONE]"

    def error(self, status: int) -> Json:
        return {
            "error": {"message": MESSAGES.get(status, "it failed"), "type": "server_error", "code": status}
        }


def _tool(function: Mapping[str, Any]) -> Tool:
    return Tool(str(function["name"]), frozenset((function.get("parameters") or {}).get("properties") or {}))


def _turns(message: Mapping[str, Any]) -> Iterator[Turn]:
    if text := flatten(message.get("content")):
        yield Turn(_ROLES.get(message["role"], Role.SYSTEM), text)
    for call in message.get("tool_calls") or []:
        yield Turn(Role.CALL, call["function"]["name"])


def _call(answer: Answer) -> Json:
    assert answer.call
    function = {"name": answer.call.name, "arguments": as_json(answer.call.arguments)}
    return {"id": answer.call.id, "type": "function", "function": function}


def _reason(answer: Answer) -> str:
    return "tool_calls" if answer.call else "stop"


def _head(request: Request, kind: str) -> Json:
    return {"id": f"chat_{len(request.turns):06}", "object": kind, "created": 0, "model": request.model}


def _usage(request: Request, answer: Answer) -> Json:
    read = 100 * len(request.turns)
    return {"prompt_tokens": read, "completion_tokens": answer.tokens, "total_tokens": read + answer.tokens}
