"""A Messages service that answers as a test wants it: by the book, broken off, with garbage, or not at all."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

VERDICT = {"drift": False, "quote": "", "confidence": 0.9, "correction": ""}


@dataclass(frozen=True, slots=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    is_whole: bool = True  # False: the connection ends before what was promised
    is_silent: bool = False  # nothing is sent until the service is closed


def verdict(**changed: Any) -> Reply:
    """An answer by the book: the tool is called with these arguments."""
    return streamed([tool_block({**VERDICT, **changed})], "tool_use")


def tool_block(arguments: Any, name: str = "verdict") -> dict[str, Any]:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"start": {"type": "tool_use", "id": "toolu_1", "name": name, "input": {}}, "json": text}


def text_block(text: str) -> dict[str, Any]:
    return {"start": {"type": "text", "text": ""}, "text": text}


def streamed(
    blocks: list[dict[str, Any]], stop: str, usage: Any = None, until: str = "message_stop"
) -> Reply:
    """The events of an answer, up to and with the first of kind `until`."""
    begun = {"input_tokens": 1000, "output_tokens": 1} if usage is None else usage
    message = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-haiku-4-5", "content": [],
        "stop_reason": None, "stop_sequence": None, "usage": begun,
    }  # fmt: skip
    events: list[dict[str, Any]] = [{"type": "message_start", "message": message}]
    for index, block in enumerate(blocks):
        events.append({"type": "content_block_start", "index": index, "content_block": block["start"]})
        whole = block.get("json") or block.get("text", "")
        for piece in (whole[at : at + 4096] for at in range(0, len(whole), 4096)):
            delta = {"type": "text_delta", "text": piece}
            if "json" in block:
                delta = {"type": "input_json_delta", "partial_json": piece}
            events.append({"type": "content_block_delta", "index": index, "delta": delta})
        events.append({"type": "content_block_stop", "index": index})
    ended = {"stop_reason": stop, "stop_sequence": None}
    events.append({"type": "message_delta", "delta": ended, "usage": {"output_tokens": 100}})
    events.append({"type": "message_stop"})
    kinds = [event["type"] for event in events]
    return sse(
        "".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events[: kinds.index(until) + 1])
    )


def sse(text: str, **more: Any) -> Reply:
    return Reply(body=text.encode(), headers={"content-type": "text/event-stream"}, **more)


def error(status: int, kind: str = "api_error", message: str = "it failed", **headers: str) -> Reply:
    body = json.dumps({"type": "error", "error": {"type": kind, "message": message}}).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, body, {"content-type": "application/json", **named})


class Service:
    """Gives its replies one after the other; the last one is repeated. `asked`: bodies, oldest first."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"service": self}))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True, name="judge service").start()

    def next(self, body: dict[str, Any], key: str) -> Reply:
        with self._lock:
            self.asked.append(body)
            self.keys.append(key)
            return self.replies[min(len(self.asked), len(self.replies)) - 1]

    def wait_closed(self) -> None:
        self._closed.wait()

    def close(self) -> None:
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def serve(*replies: Reply) -> Iterator[Service]:
    service = Service(*replies)
    try:
        yield service
    finally:
        service.close()


class _Handler(BaseHTTPRequestHandler):
    service: Service
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed."""

    def do_POST(self) -> None:
        self.close_connection = True
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        bearer = (self.headers.get("authorization") or "").removeprefix(
            "Bearer "
        )  # which of both: the SDK's version
        reply = self.service.next(body, self.headers.get("x-api-key") or bearer)
        if reply.is_silent:
            self.service.wait_closed()
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(reply.body) + (0 if reply.is_whole else 1000)))
        self.end_headers()
        try:
            self.wfile.write(reply.body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the judge has heard enough
