"""Asking the model: one question, one verdict or one sentence on why there is none. Never raises, never hangs.

Retries, rate limits and streaming are the SDK's; one deadline is over all of it.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steer.config.schema import Judge as JudgeConfig
from steer.errors import AgentError
from steer.judge.question import SYSTEM, Question
from steer.judge.verdict import SCHEMA, TOOL, Verdict, read_verdict
from steer.model.step import Usage

MAX_TOKENS = 800
MAX_ANSWER = 16 * 1024  # characters; far more than `MAX_TOKENS` can be
RETRIES = 2
KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")


@dataclass(frozen=True, slots=True)
class Opinion:
    """`problem` says why there is no verdict. `usage` is what was used all the same."""

    verdict: Verdict | None
    problem: str
    usage: Usage


def has_key(environment: Mapping[str, str]) -> bool:
    return any(environment.get(name) for name in KEYS)


async def ask(config: JudgeConfig, question: Question) -> Opinion:
    """The model's opinion; the key comes from the environment."""
    answer = _Answer(config.model)
    try:
        async with asyncio.timeout(config.timeout_s):
            sdk = await asyncio.to_thread(importlib.import_module, "anthropic")
            await _converse(sdk, config, question, answer)
        return Opinion(read_verdict(answer.argument(), question.data), "", answer.usage())
    except TimeoutError:
        return Opinion(None, f"the judge did not answer within {config.timeout_s:.0f} s", answer.usage())
    except AgentError as e:
        return Opinion(None, e.message, answer.usage())
    except (
        Exception
    ) as e:  # whatever a server can make the SDK raise: errors of HTTP, of JSON, of its own models
        return Opinion(None, f"the judge could not be asked: {_brief(e)}", answer.usage())


async def _converse(sdk: Any, config: JudgeConfig, question: Question, answer: _Answer) -> None:
    async with (
        sdk.AsyncAnthropic(
            base_url=config.base_url or None, max_retries=RETRIES, timeout=config.timeout_s
        ) as client,
        client.messages.stream(
            model=config.model,
            max_tokens=MAX_TOKENS,
            system=SYSTEM,
            messages=[{"role": "user", "content": question.prompt}],
            tools=[{"name": TOOL, "description": "Give the verdict.", "input_schema": SCHEMA}],
            tool_choice={"type": "tool", "name": TOOL},
        ) as stream,
    ):
        async for event in stream:
            answer.take(event)
        answer.message = stream.current_message_snapshot


class _Answer:
    """What has come of an answer so far."""

    def __init__(self, model: str) -> None:
        self.message: Any = None
        self._model = model
        self._size = 0
        self._begun: Any = None
        self._output = 0
        self._is_whole = False

    def take(self, event: Any) -> None:
        """Raises `AgentError` when it gets too long."""
        if event.type == "message_start":
            self._begun = event.message.usage
        elif event.type == "content_block_delta":
            delta = event.delta
            self._size += len(getattr(delta, "partial_json", "") or getattr(delta, "text", "") or "")
            if self._size > MAX_ANSWER:
                raise AgentError(f"the judge's answer is longer than {MAX_ANSWER} characters")
        elif event.type == "message_delta":
            self._output = event.usage.output_tokens or 0
        elif event.type == "message_stop":
            self._is_whole = True

    def argument(self) -> Any:
        """What the tool was called with. Raises `AgentError`."""
        if self.message is None or not self._is_whole:
            raise AgentError("the judge's answer was cut off")
        if self.message.stop_reason == "refusal":
            raise AgentError("the judge refused to answer")
        if self.message.stop_reason == "max_tokens":
            raise AgentError("the judge's answer was cut off at its limit of tokens")
        calls = [block for block in self.message.content if block.type == "tool_use"]
        if len(calls) != 1 or calls[0].name != TOOL:
            raise AgentError("the judge did not answer with a verdict")
        return calls[0].input

    def usage(self) -> Usage:
        """As far as it was told; an answer that broke off is taken to cost what has come of it."""
        if self._begun is None:
            return Usage(self._model)
        return Usage(
            self._model,
            input=self._begun.input_tokens or 0,
            output=max(self._output, self._size // 4),
            cache_read=self._begun.cache_read_input_tokens or 0,
            cache_write=self._begun.cache_creation_input_tokens or 0,
        )


def _brief(e: Exception) -> str:
    """One line; a server's words in it are cut short."""
    status = getattr(e, "status_code", None)
    what = f"{type(e).__name__}" + (f", status {status}" if status else "")
    words = " ".join("".join(ch if ch.isprintable() else " " for ch in str(e)[:2000]).split())
    return f"{what}: {words[:160]}" if words else what
