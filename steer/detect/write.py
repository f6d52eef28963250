"""What a step writes: files and their new text, whether by an edit tool or through the shell."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from steer.detect.command import without_heredocs
from steer.model.step import BECOMES, Step, StepKind

_HEREDOC = re.compile(r"(?:cat|tee)\b[^\n]*?<<-?\s*['\"]?(\w+)['\"]?[^\n]*\n(.*?)\n\s*\1\b", re.S)
_ECHO = re.compile(r"(?:echo|printf)\s+(?:-\w+\s+)*(['\"])(.*?)(?<!\\)\1\s*>>?\s*([\w./~$-]+)", re.S)
MIN_ECHO = 80  # characters: less is a value, not a text
_TARGET = re.compile(r">>?\s*([\w./~$-]+)|\btee\s+(?:-a\s+)?([\w./~-]+)")
_PATCH_FILE = re.compile(r"^\*\*\* (?:Update|Add|Delete) File: (.+)$", re.M)
DOCUMENT = re.compile(r"\.(?:md|txt|rst|adoc|html?)$", re.I)
TEST = re.compile(
    r"(^|/)(tests?|spec|__tests__)/|(^|/)test_[^/]+$|_test\.[a-z]+$|\.(test|spec)\.[a-z]+$|Tests?\.java$"
)


@dataclass(frozen=True, slots=True)
class Write:
    path: str  # "" where it cannot be told
    old: str  # the text that was replaced, where the step says it
    new: str

    @property
    def is_document(self) -> bool:
        return bool(DOCUMENT.search(self.path))

    @property
    def is_test(self) -> bool:
        return bool(TEST.search(self.path))


def writes(step: Step) -> list[Write]:
    """In order; empty where the step writes nothing that can be read off its action."""
    if step.kind is StepKind.EDIT:
        return _edit(step)
    if step.kind is StepKind.RUN:
        return _shell(step.action)
    return []


def _edit(step: Step) -> list[Write]:
    path = step.files[0] if step.files else ""
    if "*** Begin Patch" in step.action:
        return _patch(step.action)
    if (values := _arguments(step.action)) is not None:
        path = path or str(values.get("file_path") or values.get("path") or "")
        many = values.get("edits")
        edits = many if isinstance(many, list) else [values]
        return [Write(path, _old(e), _new(e)) for e in edits if isinstance(e, dict)]
    old, separator, new = step.action.removeprefix(path + "\n").partition(BECOMES)
    return [Write(path, old if separator else "", new if separator else step.action)]


def _arguments(action: str) -> dict[str, object] | None:
    """The arguments of a tool call written as `Name {json}` or as json alone."""
    start = action.find("{")
    if start < 0 or start > 40:
        return None
    try:
        values = json.loads(action[start:])
    except ValueError:
        return None
    return values if isinstance(values, dict) else None


def _old(values: dict[str, object]) -> str:
    return str(values.get("old_string") or values.get("oldString") or "")


def _new(values: dict[str, object]) -> str:
    return str(values.get("new_string") or values.get("newString") or values.get("content") or "")


def _patch(text: str) -> list[Write]:
    text = text.replace("\\n", "\n") if text.count("\n") < 3 else text
    parts = _PATCH_FILE.split(text)
    found = []
    for path, body in zip(parts[1::2], parts[2::2], strict=False):
        lines = body.splitlines()
        old = "\n".join(line[1:] for line in lines if line.startswith("-"))
        new = "\n".join(line[1:] for line in lines if line.startswith("+"))
        found.append(Write(path.strip(), old, new))
    return found


def _shell(command: str) -> list[Write]:
    found = []
    for match in _HEREDOC.finditer(command):
        head = match.group(0).partition("\n")[0]
        target = _TARGET.search(head)
        found.append(Write(next(filter(None, target.groups()), "") if target else "", "", match.group(2)))
    for match in _ECHO.finditer(without_heredocs(command)):
        if len(match.group(2)) >= MIN_ECHO:
            found.append(Write(match.group(3), "", match.group(2)))
    return found
