"""The server: one scenario at a time, a log of what reached the model, and a gate that a test opens."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.model_server.answer import Answer, choose_step, done_calls, is_main, make_answer, side_answer
from tests.model_server.anthropic_messages import AnthropicMessages
from tests.model_server.conversation import Request
from tests.model_server.dialect import Dialect, Event
from tests.model_server.gemini import Gemini
from tests.model_server.openai_chat import OpenAiChat
from tests.model_server.openai_responses import OpenAiResponses
from tests.model_server.script import Scenario

MODELS = ("claude-sonnet-5", "gpt-5.5", "scripted")
_MAX_BODY_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what it got."""

    at: float  # seconds since the epoch
    path: str
    status: int
    request: Request | None = None  # None: not about a conversation
    is_main: bool = False
    body: Mapping[str, Any] = field(default_factory=dict)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """An agent that was interrupted or killed drops its connection; anything else is a fault of this server."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class ModelServer:
    """`url` is http://127.0.0.1:PORT. `think_s`: before an answer begins; `piece_s`: between its parts."""

    def __init__(
        self, scenario: Scenario, log: Path | None = None, think_s: float = 0.3, piece_s: float = 0.01
    ) -> None:
        self.scenario = scenario
        self.think_s, self.piece_s = think_s, piece_s
        self.exchanges: list[Exchange] = []
        self.turns_ended = 0  # answers without a call that were sent whole
        self._log = log
        self._failed = 0
        self._lock = threading.Condition()
        self._gate = 0  # counts scenarios
        self._permits = 0
        self._is_open = False
        self._is_closed = False
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True, name="model server").start()

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            self._lock.notify_all()
        self._server.shutdown()
        self._server.server_close()

    # -- what a test asks -----------------------------------------------------------------------------

    def main(self) -> list[Exchange]:
        """Those of the agents themselves, oldest first."""
        with self._lock:
            return [e for e in self.exchanges if e.is_main]

    def newest(self) -> Request:
        """The newest conversation as the model got it."""
        request = self.main()[-1].request
        assert request
        return request

    def count_told(self, words: str, folder: str = "") -> int:
        """User messages with `words` in the newest conversation, of the agent that works in `folder` if given."""
        found = [e.request for e in self.main() if e.request and (not folder or e.request.folder == folder)]
        return found[-1].count_told(words) if found else 0

    def change(self, scenario: Scenario) -> None:
        """Another scenario, with its gate closed. Who still waits at the gate of the last one is let go."""
        with self._lock:
            self.scenario = scenario
            self._failed = 0
            self._gate += 1
            self._permits, self._is_open = 0, False
            self._lock.notify_all()

    # -- the gate -------------------------------------------------------------------------------------

    def let_through(self, steps: int = 1) -> None:
        """Answer that many gated steps, now or when they are asked for."""
        with self._lock:
            self._permits += steps
            self._lock.notify_all()

    def open_gate(self) -> None:
        with self._lock:
            self._is_open = True
            self._lock.notify_all()

    @property
    def gate(self) -> int:
        """Which gate a request that comes now waits at."""
        with self._lock:
            return self._gate

    def _pass_gate(self, mine: int) -> None:
        """Take a permit; an agent that was killed while it waited takes none from those of the next scenario."""
        with self._lock:

            def is_free() -> bool:
                return self._gate != mine or self._is_open or self._permits > 0 or self._is_closed

            self._lock.wait_for(is_free)
            if self._gate == mine and not self._is_open:
                self._permits -= 1

    # -- answering ------------------------------------------------------------------------------------

    def note(self, exchange: Exchange) -> None:
        with self._lock:
            self.exchanges.append(exchange)
            if self._log:
                line = {"at": exchange.at, "path": exchange.path, "status": exchange.status}
                with self._log.open("a") as f:
                    f.write(json.dumps({**line, "is_main": exchange.is_main, "body": exchange.body}) + "\n")

    def failure_for(self, request: Request) -> int:
        """The HTTP status this request fails with, 0 for none."""
        with self._lock:
            failure = self.scenario.failure
            if failure is None or done_calls(request) < failure.after or self._failed >= failure.times:
                return 0
            self._failed += 1
            return failure.status

    def note_sent(self, answer: Answer) -> None:
        with self._lock:
            self.turns_ended += answer.call is None

    def answer(self, request: Request, gate: int) -> Answer:
        if not is_main(request):
            return side_answer(request)
        step = choose_step(request, self.scenario)
        time.sleep(self.think_s)
        if step.is_gated:
            self._pass_gate(gate)
        return make_answer(request, step)


_DIALECTS: tuple[tuple[Callable[[str], bool], Dialect], ...] = (
    (lambda path: path.endswith("/messages"), AnthropicMessages()),
    (lambda path: path.endswith("/responses"), OpenAiResponses()),
    (lambda path: path.endswith("/chat/completions"), OpenAiChat()),
    (lambda path: path.endswith((":generateContent", ":streamGenerateContent")), Gemini()),
)


def _handler(server: ModelServer) -> type[BaseHTTPRequestHandler]:
    return type("Handler", (_Handler,), {"owner": server})


class _Handler(BaseHTTPRequestHandler):
    owner: ModelServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Agents' terminals are under test; nothing is printed."""

    def do_HEAD(self) -> None:
        self._json(200, {})

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.endswith("/models"):
            found = [{"id": m, "object": "model", "type": "model", "display_name": m} for m in MODELS]
            self._json(200, {"object": "list", "data": found, "models": [], "has_more": False})
        else:
            self._json(404, {"error": {"message": "there is no such path"}})

    def do_POST(self) -> None:
        path = urlsplit(self.path).path
        body = self._body()
        dialect = next((d for matches, d in _DIALECTS if matches(path)), None)
        try:
            if dialect:
                self._converse(path, body, dialect)
            else:
                is_count = path.endswith(("/count_tokens", ":countTokens"))
                self.owner.note(Exchange(time.time(), path, 200 if is_count else 404, body=body))
                self._json(200 if is_count else 404, {"input_tokens": 1000, "totalTokens": 1000})
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the agent gave up: it was interrupted or ended

    def _converse(self, path: str, body: dict[str, Any], dialect: Dialect) -> None:
        gate = self.owner.gate  # before anybody can see the request and change the scenario
        request = dialect.read(path, body)
        main = is_main(request)
        if main and (status := self.owner.failure_for(request)):
            self.owner.note(Exchange(time.time(), path, status, request, main, body))
            self._json(status, dialect.error(status))
            return
        self.owner.note(Exchange(time.time(), path, 200, request, main, body))
        answer = self.owner.answer(request, gate)
        if request.is_streamed:
            self._stream(dialect.stream(request, answer), self.owner.piece_s if main else 0)
        else:
            self._json(200, dialect.whole(request, answer))
        if main:
            self.owner.note_sent(answer)

    def _body(self) -> dict[str, Any]:
        if "chunked" in (self.headers.get("transfer-encoding") or "").lower():
            data = b"".join(self._chunks())
        else:
            data = self.rfile.read(min(int(self.headers.get("content-length") or 0), _MAX_BODY_BYTES))
        try:
            found = json.loads(data or b"{}")
        except ValueError:
            found = {}
        return found if isinstance(found, dict) else {}

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _json(self, status: int, value: Any) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        failure = self.owner.scenario.failure
        if status >= 400 and failure and failure.retry_after_s:
            self.send_header("retry-after", str(failure.retry_after_s))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _stream(self, events: Iterator[Event], pause_s: float) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for name, value in events:
            text = value if isinstance(value, str) else json.dumps(value)
            data = (f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()
            time.sleep(pause_s)
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()


@contextmanager
def serve(scenario: Scenario, **more: Any) -> Iterator[ModelServer]:
    server = ModelServer(scenario, **more)
    try:
        yield server
    finally:
        server.close()
