"""The formats that can be read, by name and by content."""

from __future__ import annotations

import json
import re

from steer.errors import UserError
from steer.transcript.aider import AiderReader
from steer.transcript.claude import ClaudeReader
from steer.transcript.codex import CodexReader
from steer.transcript.gemini import GeminiReader
from steer.transcript.opencode import OpencodeReader
from steer.transcript.qwen import QwenReader
from steer.transcript.reader import Reader
from steer.transcript.steps import StepsReader
from steer.transcript.value import table

_READERS: dict[str, type[Reader]] = {
    "claude": ClaudeReader,
    "codex": CodexReader,
    "gemini": GeminiReader,
    "qwen": QwenReader,
    "opencode": OpencodeReader,
    "aider": AiderReader,
    "steps": StepsReader,
}
FORMATS = tuple(_READERS)
HEAD_BYTES = 64 * 1024  # enough for `recognise`
_LINES = 20  # looked at


def reader_for(format: str, since: float = 0.0, inherited_usd: float | None = None) -> Reader:
    """A reader from the file's beginning. Raises `UserError` where there is no such format.

    `since` (seconds since the epoch): what was spent earlier was spent by the session whose history was copied.
    """
    if format == "claude":
        return ClaudeReader(since, inherited_usd)
    kind = _READERS.get(format)
    if kind is None:
        raise UserError(f"there is no transcript format {format!r}", f"known: {', '.join(FORMATS)}")
    return kind(since)


def recognise(head: bytes) -> str | None:
    """Which format a file that begins so is in; None where it is none that is known."""
    if re.match(rb"\s*# aider chat started at ", head):
        return "aider"
    if re.match(rb'\s*\{\s*"info"\s*:\s*\{.{0,2000}?"(directory|slug)"', head, re.S):
        return "opencode"
    if re.match(rb'\s*\{\s*"sessionId"\s*:\s*"[^"]*",\s*"projectHash"', head):
        return "gemini"
    for line in head.split(b"\n")[:_LINES]:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if found := _format_of(record if isinstance(record, dict) else {}):
            return found
    return None


def _format_of(record: dict[str, object]) -> str | None:
    if record.get("kind") in ("tool", "user", "say"):
        return "steps"
    if "payload" in record and "timestamp" in record:
        return "codex"
    if ("sessionId" in record and "projectHash" in record) or "$set" in record:
        return "gemini"
    if any(isinstance(record.get(k), dict) for k in ("session", "part")):
        return "opencode"
    message = table(record.get("message"))
    if "parts" in message or "systemPayload" in record or "provenance" in record:
        return "qwen"
    if "sessionId" in record and ("message" in record or "parentUuid" in record):
        return "claude"
    return None
