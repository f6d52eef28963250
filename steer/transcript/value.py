"""Reading untrusted JSON values without surprises, and cutting texts to what is kept."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from steer.model.step import MAX_TEXT

_NOTE = re.compile(r"<(system-reminder|environment_context|user_instructions|session_context)>.*?</\1>", re.S)


def table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def count(value: Any) -> int:
    """A whole number that is not negative; anything else is 0."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if is_number and 0 <= value < 1e15 else 0


def money(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < 1e9 else None


def status(value: Any) -> int | None:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and abs(value) < 1 << 32 else None


def when(value: Any) -> float:
    """An ISO time, or a number of milliseconds or seconds, as seconds since the epoch; 0 where it is none."""
    if isinstance(value, str):
        try:
            return max(0.0, datetime.fromisoformat(value).timestamp())
        except (ValueError, OverflowError, OSError):
            return 0.0
    seconds = money(value) if not isinstance(value, int) else (value if 0 <= value < 1 << 53 else None)
    if not seconds:
        return 0.0
    return seconds / 1000 if seconds > 1e11 else float(seconds)


def cut(words: str) -> str:
    """Head and tail of a long text: a command's end says how it failed, its beginning what it was."""
    if len(words) <= MAX_TEXT:
        return words
    half = MAX_TEXT // 2 - 20
    return f"{words[:half]}\n[... {len(words) - 2 * half} characters left out ...]\n{words[-half:]}"


def spoken(words: str) -> str:
    """What somebody said, without the notes that the program put around it."""
    return cut(_NOTE.sub("", words).strip())


def joined(parts: Any, key: str = "text") -> str:
    """The texts in a list of parts such as [{"type": "text", "text": ...}]; a plain string is itself."""
    if isinstance(parts, str):
        return parts
    found = (text(table(p).get(key)) if isinstance(p, dict) else text(p) for p in listed(parts))
    return "\n".join(f for f in found if f)
