"""Anthropic's Messages API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.model_server.answer import Answer
from tests.model_server.conversation import Request, Role, Tool, Turn, flatten
from tests.model_server.dialect import MESSAGES, Event, Json, as_json, pieces

_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}


class AnthropicMessages:
    name = "anthropic"

    def read(self, path: str, body: Mapping[str, Any]) -> Request:
        turns = [Turn(Role.SYSTEM, flatten(body.get("system")))]
        for message in body.get("messages", []):
            turns += _turns(message)
        tools = [_tool(t) for t in body.get("tools") or []]
        return Request(
            self.name,
            tuple(turns),
            {t.name: t for t in tools},
            str(body.get("model", "")),
            bool(body.get("stream")),
            ((body.get("output_config") or {}).get("format") or {}).get("schema"),
        )

    def whole(self, request: Request, answer: Answer) -> Json:
        stop = "tool_use" if answer.call else "end_turn"
        return _message(request, _content(answer), stop, answer.tokens)

    def stream(self, request: Request, answer: Answer) -> Iterator[Event]:
        yield _event("message_start", message=_message(request, [], None, 1))
        for index, block in enumerate(_content(answer)):
            is_text = block["type"] == "text"
            empty = {**block, "text": ""} if is_text else {**block, "input": {}}
            yield _event("content_block_start", index=index, content_block=empty)
            for piece in pieces(block["text"] if is_text else as_json(block["input"])):
                delta = (
                    {"type": "text_delta", "text": piece}
                    if is_text
                    else {"type": "input_json_delta", "partial_json": piece}
                )
                yield _event("content_block_delta", index=index, delta=delta)
            yield _event("content_block_stop", index=index)
        whole = self.whole(request, answer)
        stop = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
        yield _event("message_delta", delta=stop, usage=whole["usage"])
        yield _event("message_stop")

    def error(self, status: int) -> Json:
        kind = _ERRORS.get(status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": MESSAGES.get(status, "it failed")}}


def _event(kind: str, **fields: Any) -> Event:
    return kind, {"type": kind, **fields}


def _tool(tool: Mapping[str, Any]) -> Tool:
    properties = (tool.get("input_schema") or {}).get("properties") or {}
    return Tool(str(tool.get("name")), frozenset(properties))


def _turns(message: Mapping[str, Any]) -> Iterator[Turn]:
    """A message may hold several things; the operator's words may stand behind a tool's result."""
    content = message["content"]
    role = {"user": Role.OPERATOR, "assistant": Role.MODEL}.get(message["role"], Role.SYSTEM)
    for block in content if isinstance(content, list) else [{"type": "text", "text": content}]:
        match block.get("type"):
            case "text":
                yield Turn(role, block["text"])
            case "tool_use":
                yield Turn(Role.CALL, block["name"])
            case "tool_result":
                yield Turn(Role.RESULT, flatten(block.get("content")))


def _content(answer: Answer) -> list[Json]:
    content: list[Json] = [{"type": "text", "text": answer.text}]
    if call := answer.call:
        content.append({"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments})
    return content


def _message(request: Request, content: list[Json], stop: str | None, tokens: int) -> Json:
    return {
        "id": f"msg_{len(request.turns):06}",
        "type": "message",
        "role": "assistant",
        "model": request.model,
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {
            "input_tokens": 100 * len(request.turns),
            "output_tokens": tokens,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 1000,
        },
    }
