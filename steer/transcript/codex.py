"""Codex CLI's rollouts: sessions/YYYY/MM/DD/rollout-<time>-<id>.jsonl. Observed with 0.142.0 and 0.169.0.

Every line is {timestamp, type, payload}. What was said stands there twice, as items for the model and as events
for the screen; messages are read from the items, and the operator's from the events, because items of role "user"
also carry the program's own notes. Tokens are running totals; no money. Rollouts of before that envelope (2025, one
bare item a line) are refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from steer.model.step import Conversing, Entry, Said, Spent, Step, StepKind, Told, TurnEnd, TurnEnded, Usage
from steer.transcript.reader import JsonReader, Record
from steer.transcript.step_book import StepBook
from steer.transcript.tool import exit_of, patched
from steer.transcript.value import count, cut, joined, spoken, status, table, text, when

_KNOWN = frozenset(("compacted", "token_usage_record", "world_state", "session_state"))
_CALLS = frozenset(
    ["function_call", "custom_tool_call", "local_shell_call", "web_search_call", "tool_search_call"]
)
_RESULTS = frozenset(["function_call_output", "custom_tool_call_output", "tool_search_output"])
_Tokens = tuple[int, int, int, int]  # input without cache, output with reasoning, cache read, cache written
_MAX_ENDED = 200
_MAX_TEXT_JSON = 1 << 20  # of arguments or output that are themselves JSON


class CodexReader(JsonReader):
    title = "Codex CLI"

    def __init__(self, since: float = 0.0) -> None:
        super().__init__(since)
        self._steps = StepBook()
        self._codes: dict[str, int] = {}  # exit statuses told before the result itself
        self._ended: dict[str, Step] = {}  # results that did not name a status yet
        self._conversation = ""
        self._model = ""
        self._total: _Tokens | None = None

    def _take(self, record: Record) -> Iterable[Entry] | None:
        kind, payload = text(record.get("type")), table(record.get("payload"))
        if "payload" not in record:
            if not self._is_known and "instructions" in record and "id" in record:
                self.refusal = "this is a Codex rollout of 2025's first format, which steer cannot read"
            return None
        at = when(record.get("timestamp"))
        match kind:
            case "session_meta":
                return self._meta(payload, at)
            case "turn_context":
                self._model = text(payload.get("model")) or self._model
                return ()
            case "response_item":
                return self._item(payload, at)
            case "event_msg":
                return self._event(payload, at)
        return () if kind in _KNOWN or "timestamp" in record else None

    def _meta(self, payload: Record, at: float) -> Iterator[Entry]:
        """The first one is this conversation's; a fork's file also holds those of its ancestors."""
        id = text(payload.get("id")) or text(payload.get("session_id"))
        if id and not self._conversation:
            self._conversation = id
            yield Conversing(at, id, text(payload.get("cwd")), text(payload.get("cli_version")))

    # -- items ----------------------------------------------------------------------------------------

    def _item(self, payload: Record, at: float) -> Iterator[Entry]:
        kind, id = text(payload.get("type")), text(payload.get("call_id")) or text(payload.get("id"))
        if kind == "message" and payload.get("role") == "assistant":
            words = cut(joined(payload.get("content")).strip())
            if words:
                yield Said(at, words)
        elif kind in _CALLS and id:
            tool = text(payload.get("name")) or kind
            yield self._begin(id, at, tool, payload)
            if kind == "web_search_call":  # has no result of its own
                yield from self._end(id, at, "")
        elif kind in _RESULTS and id:
            yield from self._output(id, at, payload)

    def _begin(self, id: str, at: float, tool: str, payload: Record) -> Step:
        given = payload.get("arguments", payload.get("input", payload.get("action")))
        value = _unpacked(given)
        step = self._steps.begin(id, at, tool, value)
        if tool == "write_stdin" and text(table(value).get("chars")):
            return self._steps.hold(replace(step, kind=StepKind.RUN))
        if step.kind is StepKind.RUN and (files := patched(step.action)):  # apply_patch by way of the shell
            return self._steps.hold(replace(step, kind=StepKind.EDIT, files=tuple(files)))
        return step

    def _output(self, id: str, at: float, payload: Record) -> Iterator[Entry]:
        output = payload.get("output", payload.get("tools"))
        value = _unpacked(output) if isinstance(output, str) and output.startswith("{") else output
        code = None
        if isinstance(value, dict):  # older: {"output": ..., "metadata": {"exit_code": 1}}
            code = status(table(value.get("metadata")).get("exit_code"))
            output = value.get("output", value.get("content", output))
        words = output if isinstance(output, str) else joined(output)
        yield from self._end(id, at, words, code)

    def _end(self, id: str, at: float, words: str, code: int | None = None) -> Iterator[Entry]:
        known = self._codes.pop(id, None)
        code = code if code is not None else known if known is not None else exit_of(words)
        has_failed = words.startswith(
            ("apply_patch verification failed", "write_stdin failed", "aborted by user")
        )
        step = self._steps.end(id, at, words, exit=code, is_error=has_failed)
        if step:
            if step.exit is None:
                _remember(self._ended, id, step)
            yield step

    # -- events ---------------------------------------------------------------------------------------

    def _event(self, payload: Record, at: float) -> Iterator[Entry]:
        match payload.get("type"):
            case "user_message":
                yield from _told(spoken(text(payload.get("message"))), at)
            case "item_completed":
                yield from self._completed(table(payload.get("item")), at)
            case "exec_command_end" | "patch_apply_end":
                success = payload.get("success")
                code = status(payload.get("exit_code"))
                yield from self._code(payload, 1 if code is None and success is False else code, at)
            case "token_count":
                yield from self._spent(table(payload.get("info")), at)
            case "task_complete" | "turn_complete":
                error = text(table(payload.get("error")).get("message"))
                yield TurnEnded(at, TurnEnd.FAILED if error else TurnEnd.DONE, cut(error))
            case "turn_aborted":
                yield TurnEnded(at, TurnEnd.INTERRUPTED, text(payload.get("reason"))[:200])

    def _completed(self, item: Record, at: float) -> Iterator[Entry]:
        match item.get("type"):
            case "UserMessage":
                yield from _told(spoken(joined(item.get("content"))), at)
            case "CommandExecution":
                yield from self._code(item, status(item.get("exit_code")), at)
            case "FileChange" if item.get("status") == "failed":
                yield from self._code(item, 1, at)

    def _code(self, item: Record, code: int | None, at: float) -> Iterator[Entry]:
        """The status of a command, which may be told before or after its result."""
        id = text(item.get("call_id")) or text(item.get("id"))
        if code is None or not id:
            return
        if ended := self._ended.pop(id, None):
            yield replace(ended, exit=code, is_error=ended.is_error or code != 0)
        elif self._steps.known(id):
            self._codes[id] = code

    # -- tokens ---------------------------------------------------------------------------------------

    def _spent(self, info: Record, at: float) -> Iterator[Entry]:
        """The growth of the totals; they are repeated with every change of a rate limit."""
        if not info:
            return
        last = _tokens(table(info.get("last_token_usage")))
        before, self._total = self._total, _tokens(table(info.get("total_token_usage")))
        grown = last if before is None else _growth(self._total, before)
        if any(grown):
            new, out, read, written = grown
            yield Spent(at, Usage(self._model, new, out, read, written, context=sum(last)))


def _tokens(usage: Record) -> _Tokens:
    read, written = count(usage.get("cached_input_tokens")), count(usage.get("cache_write_input_tokens"))
    whole = count(usage.get("input_tokens"))
    return max(0, whole - read - written), count(usage.get("output_tokens")), read, written


def _growth(now: _Tokens, before: _Tokens) -> _Tokens:
    a, b, c, d = (max(0, n - m) for n, m in zip(now, before, strict=True))
    return a, b, c, d


def _told(words: str, at: float) -> Iterator[Entry]:
    if words:
        yield Told(at, words)


def _unpacked(given: Any) -> Any:
    """Arguments come as a JSON text; a patch as a plain one."""
    if not isinstance(given, str) or len(given) > _MAX_TEXT_JSON:
        return given
    try:
        value = json.loads(given)
    except (ValueError, RecursionError):
        return given
    return value if isinstance(value, dict) else given


def _remember(known: dict[str, Step], id: str, step: Step) -> None:
    known[id] = step
    if len(known) > _MAX_ENDED:
        known.pop(next(iter(known)))
