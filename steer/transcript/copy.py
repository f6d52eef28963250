"""A transcript's lines as another conversation's: new ids, and the worktree it goes on in."""

from __future__ import annotations

import json
import random
import re
import string
import uuid
from typing import Any

from steer.errors import AgentError
from steer.transcript.turn import kept_lines
from steer.transcript.value import listed, table, text

_OPENCODE_ID = re.compile(r"^(ses|msg|prt)_([0-9a-f]{12})[0-9A-Za-z]{14}$")
_LETTERS = string.ascii_letters + string.digits


def copied(
    format: str, data: bytes, *, old: str, new: str, cwd: str, turn: int = 0, until: float = 0.0
) -> bytes:
    """The copy's bytes. `turn` 0: the whole conversation; `until`: as of that time, in seconds since
    the epoch. Raises `AgentError` where it cannot be made.
    """
    if format == "opencode":
        return _opencode(data, old, new, cwd, turn, until)
    lines = [
        line for line in data.split(b"\n")[:-1] if line.strip()
    ]  # a last line without its end is half-written
    kept = kept_lines(format, lines, turn, until)
    if not kept:
        if until:
            raise AgentError("nothing had been said in the conversation at that time")
        raise AgentError(
            f"turn {turn} of the conversation cannot be cut out: it has not ended, or is not there"
        )
    if format == "codex":
        kept = [_codex(line, old, new) for line in kept]
    elif format == "qwen":
        kept = [_qwen(line, new, cwd) for line in kept]
    return b"".join(line + b"\n" for line in kept)


def _codex(line: bytes, old: str, new: str) -> bytes:
    if b'"session_meta"' not in line[:200]:
        return line
    record = _loaded(line)
    payload = table(record.get("payload"))
    for key in ("id", "session_id"):
        if payload.get(key) == old:
            payload[key] = new
    return _dumped(record)


def _qwen(line: bytes, new: str, cwd: str) -> bytes:
    record = _loaded(line)
    if not record:
        return line
    return _dumped({**record, "sessionId": new, **({"cwd": cwd} if "cwd" in record else {})})


def _opencode(data: bytes, old: str, new: str, cwd: str, turn: int, until: float) -> bytes:
    """From what `opencode export` prints (1.18.33): messages without an end are left out."""
    value = _loaded(data)
    info, messages = table(value.get("info")), [table(m) for m in listed(value.get("messages"))]
    if not info or not messages:
        raise AgentError("opencode exported nothing that can be read")
    was = text(info.get("directory"))
    messages = [m for m in messages if _has_ended(table(m.get("info")), until)]
    messages = _first_turns(messages, turn)
    if not messages:
        raise AgentError("nothing had been said in the conversation at that time")
    names = {old: new}
    for message in messages:
        for part in (table(message.get("info")), *map(table, listed(message.get("parts")))):
            id = text(part.get("id"))
            names[id] = fresh(id)
    info["directory"] = cwd
    for message in messages:
        path = table(table(message.get("info")).get("path"))
        path.update({k: cwd for k in ("cwd", "root") if path.get(k) == was})
    return _dumped(_renamed({"info": info, "messages": messages}, names))


def _has_ended(info: dict[str, Any], until: float) -> bool:
    """A message of the operator, or an answer that is whole; by then, where `until` is given (times are in ms)."""
    times = table(info.get("time"))
    at = times.get("completed") if info.get("role") == "assistant" else times.get("created")
    if not until:
        return info.get("role") != "assistant" or bool(at)
    return isinstance(at, int | float) and at / 1000 <= until


def _first_turns(messages: list[dict[str, Any]], turn: int) -> list[dict[str, Any]]:
    starts = [i for i, m in enumerate(messages) if table(m.get("info")).get("role") == "user"]
    if not turn:
        return messages
    if turn > len(starts):
        raise AgentError(f"there is no turn {turn} in the conversation")
    return messages[: starts[turn]] if turn < len(starts) else messages


def _renamed(value: Any, names: dict[str, str]) -> Any:
    """The same value with ids replaced wherever a string is one; texts stay as they are."""
    if isinstance(value, dict):
        return {k: _renamed(v, names) for k, v in value.items()}
    if isinstance(value, list):
        return [_renamed(v, names) for v in value]
    return names.get(value, value) if isinstance(value, str) else value


def new_id(format: str, old: str) -> str:
    """An id for a copy of the conversation `old`, of the kind that the agent uses."""
    return fresh(old) if format == "opencode" else str(uuid.uuid4())


def fresh(id: str) -> str:
    """Another opencode id of the same kind and moment: they are sorted by."""
    found = _OPENCODE_ID.match(id)
    tail = "".join(random.SystemRandom().choices(_LETTERS, k=14))
    return f"{found[1]}_{found[2]}{tail}" if found else id


def _loaded(data: bytes) -> dict[str, Any]:
    try:
        return table(json.loads(data))
    except (ValueError, RecursionError):
        return {}


def _dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
