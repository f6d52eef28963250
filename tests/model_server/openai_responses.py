"""OpenAI's Responses API."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from tests.model_server.answer import Answer
from tests.model_server.conversation import Request, Role, Tool, Turn, flatten
from tests.model_server.dialect import MESSAGES, Event, Json, as_json, pieces
from tests.model_server.tool import Call

_ROLES = {"user": Role.OPERATOR, "assistant": Role.MODEL}


class OpenAiResponses:
    name = "responses"

    def read(self, path: str, body: Mapping[str, Any]) -> Request:
        turns = [Turn(Role.SYSTEM, flatten(body.get("instructions")))]
        given = body.get("input", "")
        for item in given if isinstance(given, list) else [{"role": "user", "content": given}]:
            turns += _turns(item)
        tools = [_tool(t) for t in body.get("tools") or []]
        return Request(
            self.name,
            tuple(turns),
            {t.name: t for t in tools},
            str(body.get("model", "")),
            bool(body.get("stream")),
            ((body.get("text") or {}).get("format") or {}).get("schema"),
        )

    def whole(self, request: Request, answer: Answer) -> Json:
        return _response(request, _items(request, answer), "completed", answer.tokens)

    def stream(self, request: Request, answer: Answer) -> Iterator[Event]:
        number = itertools.count()

        def event(kind: str, **fields: Any) -> Event:
            return kind, {"type": kind, "sequence_number": next(number), **fields}

        items = _items(request, answer)
        begun = _response(request, [], "in_progress", 0)
        yield event("response.created", response=begun)
        yield event("response.in_progress", response=begun)
        for index, item in enumerate(items):
            yield event("response.output_item.added", output_index=index, item=_emptied(item))
            for kind, fields in _deltas(item):
                yield event(kind, output_index=index, item_id=item["id"], **fields)
            yield event("response.output_item.done", output_index=index, item=item)
        yield event("response.completed", response=_response(request, items, "completed", answer.tokens))

    def error(self, status: int) -> Json:
        return {"error": {"message": MESSAGES.get(status, "it failed"), "type": "server_error", "code": None}}


def _tool(tool: Mapping[str, Any]) -> Tool:
    properties = (tool.get("parameters") or {}).get("properties") or {}
    name = str(tool.get("name") or tool.get("type"))
    return Tool(name, frozenset(properties), tool.get("type") == "custom")


def _turns(item: Mapping[str, Any]) -> Iterator[Turn]:
    match item.get("type", "message"):
        case "message":
            yield Turn(_ROLES.get(str(item.get("role")), Role.SYSTEM), flatten(item.get("content")))
        case "function_call" | "custom_tool_call" | "local_shell_call":
            yield Turn(Role.CALL, str(item.get("name")))
        case "function_call_output" | "custom_tool_call_output":
            yield Turn(Role.RESULT, flatten(item.get("output")))


def _items(request: Request, answer: Answer) -> list[Json]:
    text = {"type": "output_text", "text": answer.text, "annotations": []}
    message = {
        "type": "message",
        "id": f"msg_{uuid.uuid4().hex[:16]}",
        "role": "assistant",
        "content": [text],
    }
    items: list[Json] = [{**message, "status": "completed"}]
    if answer.call:
        items.append(_call_item(answer.call))
    return items


def _call_item(call: Call) -> Json:
    item: Json = {"id": f"item_{call.id}", "status": "completed", "call_id": call.id, "name": call.name}
    if isinstance(call.arguments, str):
        return {**item, "type": "custom_tool_call", "input": call.arguments}
    return {**item, "type": "function_call", "arguments": as_json(call.arguments)}


def _emptied(item: Json) -> Json:
    """The item as it is announced, before its parts."""
    part, nothing = {"message": ("content", []), "function_call": ("arguments", "")}.get(
        item["type"], ("input", "")
    )
    return {**item, "status": "in_progress", part: nothing}


def _deltas(item: Json) -> Iterator[tuple[str, Json]]:
    match item["type"]:
        case "message":
            part = item["content"][0]
            place = {"content_index": 0}
            yield "response.content_part.added", {**place, "part": {**part, "text": ""}}
            for piece in pieces(part["text"]):
                yield "response.output_text.delta", {**place, "delta": piece}
            yield "response.output_text.done", {**place, "text": part["text"]}
            yield "response.content_part.done", {**place, "part": part}
        case "function_call":
            for piece in pieces(item["arguments"], 32):
                yield "response.function_call_arguments.delta", {"delta": piece}
            yield "response.function_call_arguments.done", {"arguments": item["arguments"]}
        case "custom_tool_call":
            yield "response.custom_tool_call_input.delta", {"delta": item["input"]}
            yield "response.custom_tool_call_input.done", {"input": item["input"]}


def _response(request: Request, items: list[Json], status: str, tokens: int) -> Json:
    read = 100 * len(request.turns)
    usage = {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": read + tokens,
    }
    return {
        "id": f"resp_{len(request.turns):06}",
        "object": "response",
        "created_at": 0,
        "model": request.model,
        "status": status,
        "output": items,
        "usage": usage if status == "completed" else None,
    }
