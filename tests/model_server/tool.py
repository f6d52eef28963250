"""A move as a call of one of the tools that this agent offers."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from tests.model_server.conversation import Request, Tool
from tests.model_server.script import Ask, Edit, Move, Read, Run

SHELLS = ("Bash", "exec_command", "shell_command", "shell", "run_shell_command", "bash")
_YIELD_MS = 30_000  # Codex hands an unfinished command back after this time, 10 s if not told


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: dict[str, Any] | str  # text for a free-form tool
    id: str

    @classmethod
    def of(cls, name: str, arguments: dict[str, Any] | str) -> Call:
        return cls(name, arguments, f"call_{uuid.uuid4().hex[:20]}")


def has_shell(request: Request) -> bool:
    """Whether this is the agent's main conversation; those for titles, summaries and routing offer no shell."""
    return any(name in request.tools for name in SHELLS)


def make_call(move: Move, request: Request) -> Call | None:
    """None where the agent has no tool for it and the words have to do."""
    return _MAKERS[type(move)](move, request)


def _offered(request: Request, *names: str) -> Tool | None:
    return next((request.tools[name] for name in names if name in request.tools), None)


def _path(path: str, request: Request) -> str:
    return str(PurePosixPath(request.folder, path))


def _parameter(tool: Tool, *names: str) -> str:
    return next((name for name in names if name in tool.parameters), names[0])


def _run(move: Run, request: Request) -> Call | None:
    tool = _offered(request, *SHELLS)
    if tool is None:
        return None
    if tool.name == "exec_command":
        arguments: dict[str, Any] = {"cmd": move.command, "yield_time_ms": _YIELD_MS}
        if move.needs_approval:
            arguments |= {"sandbox_permissions": "require_escalated", "justification": "May it run?"}
        return Call.of(tool.name, arguments)
    if tool.name == "shell":
        return Call.of(tool.name, {"command": ["bash", "-lc", move.command]})
    arguments = {"command": move.command}
    if "description" in tool.parameters:
        arguments["description"] = "Run a command"
    if "is_background" in tool.parameters:
        arguments["is_background"] = False
    return Call.of(tool.name, arguments)


def _read(move: Read, request: Request) -> Call | None:
    tool = _offered(request, "Read", "read_file", "read")
    if tool is None:
        return _run(Run(f"cat {move.path}"), request)
    key = _parameter(tool, "file_path", "filePath", "absolute_path", "path")
    return Call.of(tool.name, {key: _path(move.path, request)})


def _edit(move: Edit, request: Request) -> Call | None:
    tool = _offered(request, "Edit", "edit", "replace", "apply_patch")
    if tool is None:
        return _run(Run(_patch_command(move)), request)
    if tool.name == "apply_patch":
        return Call.of(tool.name, _patch(move) if tool.is_free_form else {"input": _patch(move)})
    arguments = {
        _parameter(tool, "file_path", "filePath"): _path(move.path, request),
        _parameter(tool, "old_string", "oldString"): move.old,
        _parameter(tool, "new_string", "newString"): move.new,
    }
    if "instruction" in tool.parameters:
        arguments["instruction"] = "Change this line."
    return Call.of(tool.name, arguments)


def _patch(move: Edit) -> str:
    old = "".join(f"-{line}\n" for line in move.old.split("\n"))
    new = "".join(f"+{line}\n" for line in move.new.split("\n"))
    return f"*** Begin Patch\n*** Update File: {move.path}\n@@\n{old}{new}*** End Patch\n"


def _patch_command(move: Edit) -> str:
    """For agents whose shell knows `apply_patch` (Codex intercepts it there)."""
    return f"apply_patch <<'PATCH'\n{_patch(move)}PATCH"


def _ask(move: Ask, request: Request) -> Call | None:
    tool = _offered(
        request, "AskUserQuestion", "request_user_input", "ask_user_question", "ask_user", "question"
    )
    if tool is None:
        return None
    question: dict[str, Any] = {
        "question": move.question,
        "header": re.sub(r"\W.*", "", move.question)[:12],
        "options": [{"label": o, "description": f"Take {o}"} for o in move.options],
    }
    if tool.name == "request_user_input":
        question["id"] = "first"
    elif tool.name == "ask_user":
        question["type"] = "choice"
    elif tool.name == "AskUserQuestion":
        question["multiSelect"] = False
    return Call.of(tool.name, {"questions": [question]})


_MAKERS: dict[type, Callable[[Any, Request], Call | None]] = {
    Run: _run,
    Read: _read,
    Edit: _edit,
    Ask: _ask,
}
