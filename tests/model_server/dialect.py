"""One API of a model service: how its requests are read and its answers, streams and errors are written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from tests.model_server.answer import Answer
from tests.model_server.conversation import Request

Event = tuple[
    str, Any
]  # name ("" for none) and data of a server-sent event; data that is text is sent as it is
Json = dict[str, Any]

PIECE = 16  # characters of text per event


class Dialect(Protocol):
    name: str

    def read(self, path: str, body: Mapping[str, Any]) -> Request: ...

    def whole(self, request: Request, answer: Answer) -> Json: ...

    def stream(self, request: Request, answer: Answer) -> Iterator[Event]: ...

    def error(self, status: int) -> Json: ...


def pieces(text: str, size: int = PIECE) -> Iterator[str]:
    for at in range(0, len(text), size):
        yield text[at : at + size]


def as_json(arguments: Json | str) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments)


MESSAGES = {
    400: "the request is not valid",
    401: "the key is not valid",
    429: "too many requests",
    500: "internal server error",
    503: "overloaded",
    529: "overloaded",
}
