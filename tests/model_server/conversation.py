"""A request to the model, the same for every API: what was said and done so far, and the tools it may use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Role(StrEnum):
    OPERATOR = "operator"  # a user message; agents put notes of their own in there, too
    MODEL = "model"
    CALL = "call"  # of a tool
    RESULT = "result"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Turn:
    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    parameters: frozenset[str] = frozenset()
    is_free_form: bool = False  # takes plain text instead of JSON


@dataclass(frozen=True, slots=True)
class Request:
    api: str
    turns: tuple[Turn, ...]
    tools: Mapping[str, Tool] = field(default_factory=dict)
    model: str = ""
    is_streamed: bool = False
    schema: Mapping[str, Any] | None = None  # of the answer, where the agent wants JSON

    def texts(self, *roles: Role) -> list[str]:
        return [t.text for t in self.turns if t.role in roles]

    def count_told(self, words: str) -> int:
        """How many user messages hold `words`."""
        return sum(words in text for text in self.texts(Role.OPERATOR))

    @property
    def folder(self) -> str:
        """Where the agent says it works, "" where it does not. A forked conversation says it again: the last counts."""
        said = "\n".join(self.texts(Role.SYSTEM, Role.OPERATOR))
        found = [m for pattern in _FOLDERS for m in pattern.finditer(said)]
        return max(found, key=lambda m: m.start())["folder"].rstrip("/.,") if found else ""


_FOLDERS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        r"working directory:? ?`?(?P<folder>/[^\s`'\"<]+)",
        r"<cwd>(?P<folder>/[^<]+)</cwd>",
        r"working in the (?:following )?director(?:y|ies):?\s*(?:- )?(?P<folder>/[^\s`'\"<]+)",
        r"workspace director(?:y|ies)[^\n/]*\n?\s*(?:- )?(?P<folder>/[^\s`'\"<]+)",
    )
)


def flatten(content: Any) -> str:
    """The text in a content value: a string, a part, or a list of either."""
    if isinstance(content, str):
        return content
    if isinstance(content, Mapping):
        return flatten(content.get("text") or content.get("content") or content.get("output") or "")
    if isinstance(content, list):
        return "\n".join(flatten(part) for part in content)
    return ""
