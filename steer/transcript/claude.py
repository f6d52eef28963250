"""Claude Code's transcripts: projects/<folder>/<session id>.jsonl. Observed with 2.1.329; read from 2.0.76 on.

One line per content block: an answer's `message.id` and `usage` are repeated on each. Lines of subagents
(`isSidechain`) add to what was spent and to nothing else. Money comes as running totals (`cost-state`), which a
fork continues from its parent's last one: that is `inherited_usd`.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

from steer.model.step import (
    Arrival,
    Conversing,
    Entry,
    Said,
    Spent,
    StepKind,
    Told,
    TurnEnd,
    TurnEnded,
    Usage,
)
from steer.transcript.reader import JsonReader, Record
from steer.transcript.step_book import StepBook
from steer.transcript.value import count, cut, joined, listed, money, spoken, table, text, when

_QUIET = frozenset(
    (
        *("progress", "summary", "mode", "permission-mode", "ai-title", "custom-title", "agent-name", "tag"),
        *("last-prompt", "tools-used", "pr-link", "atis-latch", "agent-setting", "worktree-state"),
        *("file-history-snapshot", "api-request", "api-request-shape", "api-request-blob"),
    )
)
_INTERRUPTED = "[Request interrupted by user"
_COMMAND = re.compile(r"<command-name>(/?[^<]*)</command-name>")
_ARGUMENTS = re.compile(r"<command-args>(.*?)</command-args>", re.S)
_NO_WORDS = (
    "<local-command-",
    "<bash-",
    "<task-notification>",
    "<command-message>",
    "Caveat: ",
    '{"task_id"',
)
_SILENT = "No response requested."  # written by the program where a turn had to be closed
_MAX_ANSWERS = 4096
_NOTHING = (0, 0, 0, 0)


class ClaudeReader(JsonReader):
    """`inherited_usd`: the running total of money that the conversation began with, where it is a copy; None: not
    known, and then a copy's totals are not believed.
    """

    title = "Claude Code"
    skip = (b'{"type":"api-request', b'{"type":"file-history-')

    def __init__(self, since: float = 0.0, inherited_usd: float | None = None) -> None:
        super().__init__(since)
        self.total_usd = inherited_usd or 0.0  # the newest running total
        self._is_inherited = inherited_usd is not None
        self._is_copy = False  # of another session's history
        self._conversation = ""
        self._steps = StepBook()
        self._answers: OrderedDict[str, tuple[int, int, int, int]] = OrderedDict()
        self._has_ended = True  # the turn
        self._at = 0.0

    def _take(self, record: Record) -> Iterable[Entry] | None:
        kind = text(record.get("type"))
        if kind in _QUIET:
            return ()
        at = when(record.get("timestamp"))
        self._at = at or self._at
        self._is_copy = self._is_copy or 0 < at < self.since
        match kind:
            case "user":
                return [*self._identify(record, at), *self._user(record, at)]
            case "assistant":
                return [*self._identify(record, at), *self._assistant(record, at)]
            case "attachment":
                return self._attachment(table(record.get("attachment")), at)
            case "queue-operation":
                return self._queued(record, at)
            case "cost-state":
                return self._cost(record)
            case "system":
                return self._system(record, at)
        return () if "sessionId" in record and kind else None

    def _identify(self, record: Record, at: float) -> Iterator[Entry]:
        id = text(record.get("sessionId"))
        if id and id != self._conversation and not record.get("isSidechain"):
            self._conversation = id
            yield Conversing(at, id, text(record.get("cwd")), text(record.get("version")))

    # -- the operator's side ------------------------------------------------------------------------------

    def _user(self, record: Record, at: float) -> Iterator[Entry]:
        if record.get("isSidechain"):
            return
        content = table(record.get("message")).get("content")
        for block in listed(content):
            if table(block).get("type") == "tool_result":
                yield from self._result(table(block), record, at)
        origin = text(table(record.get("origin")).get("kind"))
        is_note = record.get("isMeta") or record.get("isCompactSummary") or origin not in ("", "human")
        if not is_note:
            words = joined([b for b in listed(content) if table(b).get("type") == "text"])
            yield from self._words(content if isinstance(content, str) else words, at)

    def _words(self, words: str, at: float) -> Iterator[Entry]:
        words = spoken(words)
        if words.startswith(_INTERRUPTED):
            yield from self._end(at, TurnEnd.INTERRUPTED)
        elif command := _COMMAND.search(words):
            given = _ARGUMENTS.search(words)
            yield Told(at, f"{command[1]} {given[1] if given else ''}".strip())
        elif words and not words.startswith(_NO_WORDS):
            self._has_ended = False
            yield Told(at, words)

    def _result(self, block: Record, record: Record, at: float) -> Iterator[Entry]:
        words = joined(block.get("content"))
        id, code = text(block.get("tool_use_id")), None
        if _has_succeeded(block, record) and (begun := self._steps.known(id)) and begun.kind is StepKind.RUN:
            code = 0
        step = self._steps.end(id, at, words, exit=code, is_error=block.get("is_error") is True)
        if step:
            yield step
        if words.startswith(_INTERRUPTED):
            yield from self._end(at, TurnEnd.INTERRUPTED)

    def _attachment(self, attachment: Record, at: float) -> Iterator[Entry]:
        if attachment.get("type") != "queued_command" or attachment.get("commandMode") not in (
            None,
            "prompt",
        ):
            return
        if text(table(attachment.get("origin")).get("kind")) in ("", "human"):
            words = spoken(joined(attachment.get("prompt")))
            if words and not words.startswith(_NO_WORDS):
                self._has_ended = False
                yield Told(at, words)

    def _queued(self, record: Record, at: float) -> Iterator[Entry]:
        words = spoken(joined(record.get("content")))
        if record.get("operation") == "enqueue" and words and not words.startswith(_NO_WORDS):
            yield Told(at, words, Arrival.QUEUED)

    # -- the agent's side ---------------------------------------------------------------------------------

    def _assistant(self, record: Record, at: float) -> Iterator[Entry]:
        message = table(record.get("message"))
        content = listed(message.get("content"))
        is_side = bool(record.get("isSidechain"))
        if record.get("isApiErrorMessage"):
            yield from self._end(at, TurnEnd.FAILED, cut(joined(content)))
            return
        if message.get("model") != "<synthetic>":
            yield from self._spent(message, at, is_side)
        if not is_side:
            for block in content:
                yield from self._block(table(block), message, at)

    def _block(self, block: Record, message: Record, at: float) -> Iterator[Entry]:
        match block.get("type"):
            case "tool_use" if text(block.get("id")):
                self._has_ended = False
                yield self._steps.begin(text(block["id"]), at, text(block.get("name")), block.get("input"))
            case "text":
                words = cut(text(block.get("text")).strip())
                if words and words != _SILENT:
                    self._has_ended = False
                    yield Said(at, words)
                if message.get("stop_reason") in ("end_turn", "stop_sequence"):
                    yield from self._end(at, TurnEnd.DONE)

    def _end(self, at: float, how: TurnEnd, words: str = "") -> Iterator[Entry]:
        """The end of a turn, which several lines may tell of: the first one counts."""
        if not self._has_ended:
            self._has_ended = True
            yield TurnEnded(at, how, words)

    def _system(self, record: Record, at: float) -> Iterator[Entry]:
        if record.get("subtype") == "turn_duration" and not record.get("isSidechain"):
            yield from self._end(at, TurnEnd.DONE)

    # -- what it took -------------------------------------------------------------------------------------

    def _spent(self, message: Record, at: float, is_side: bool) -> Iterator[Entry]:
        usage = table(message.get("usage"))
        now = (
            count(usage.get("input_tokens")),
            count(usage.get("output_tokens")),
            count(usage.get("cache_read_input_tokens")),
            count(usage.get("cache_creation_input_tokens")),
        )
        more = self._more(text(message.get("id")), now)
        if any(more):
            full = 0 if is_side else now[0] + now[2] + now[3]
            yield Spent(at, Usage(text(message.get("model")), *more, context=full))

    def _more(self, id: str, now: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
        """What this line adds to what the lines before it of the same answer said."""
        before = self._answers.get(id, _NOTHING) if id else _NOTHING
        if id:
            self._answers[id] = (
                max(now[0], before[0]),
                max(now[1], before[1]),
                max(now[2], before[2]),
                max(now[3], before[3]),
            )
            while len(self._answers) > _MAX_ANSWERS:
                self._answers.popitem(last=False)
        return (
            max(0, now[0] - before[0]),
            max(0, now[1] - before[1]),
            max(0, now[2] - before[2]),
            max(0, now[3] - before[3]),
        )

    def _cost(self, record: Record) -> Iterator[Entry]:
        """Totals have no time of their own; one before the first line of this session is the parent's."""
        total: Any = money(record.get("totalCostUSD"))
        if total is None or record.get("hasUnknownModelCost"):
            return
        is_history = 0 < self._at < self.since
        before, self.total_usd = self.total_usd, total
        if is_history:
            self._is_inherited = True
        elif self._is_inherited or not self._is_copy:
            spent = total - before if total >= before else total  # smaller: counted anew
            if spent > 0:
                yield Spent(self._at, Usage(cost_usd=spent))


def _has_succeeded(block: Record, record: Record) -> bool:
    """A shell command that ended with status 0: another status is always told, as an error or as interpreted."""
    told = table(record.get("toolUseResult"))
    return (
        block.get("is_error") is False
        and "stdout" in told
        and not told.get("interrupted")
        and not told.get("backgroundTaskId")
        and not told.get("returnCodeInterpretation")
    )
