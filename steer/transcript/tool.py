"""What kind of action a tool's name means, and what its input and output say. Tables, by agents' names of tools.

Names observed with Claude Code 2.1.329, Codex 0.169.0, Gemini CLI 0.61.0, Qwen Code 0.24.4, opencode 1.18.33 and in
older transcripts; those of an MCP server or of another version are `other`.
"""

from __future__ import annotations

import json
import re
from typing import Any

from steer.model.step import BECOMES, StepKind
from steer.transcript.value import cut, listed, table, text

_NAMES: dict[StepKind, str] = {
    StepKind.RUN: "Bash PowerShell exec_command shell local_shell_call shell_command container.exec run_shell_command "
    "bash exec KillShell kill_shell command",
    StepKind.EDIT: "Edit MultiEdit Write NotebookEdit apply_patch replace write_file edit write patch multiedit "
    "str_replace_editor notebook_edit",
    StepKind.READ: "Read NotebookRead read_file read_many_files view_image read ReadMcpResource",
    StepKind.SEARCH: "Grep Glob LS LSP ToolSearch search_file_content grep_search glob list_directory list grep "
    "list_dir tool_search_call tool_search ls codesearch",
    StepKind.FETCH: "WebFetch WebSearch web_fetch web_search google_web_search web_search_call webfetch websearch",
    StepKind.WAIT: "BashOutput TaskOutput write_stdin wait Monitor Sleep sleep wait_agent get_task_output",
}
_KINDS = {name: kind for kind, names in _NAMES.items() for name in names.split()}
_ACTION_KEYS = ("command", "cmd", "pattern", "query", "url", "prompt", "input", "chars")
_PATH_KEYS = ("file_path", "filePath", "notebook_path", "absolute_path", "path", "dir_path")
_OLD_KEYS = ("old_string", "oldString")
_NEW_KEYS = ("new_string", "newString", "content", "new_source", "patch", "patchText")
_PATCH_FILE = re.compile(r"^\*\*\* (?:Add|Update|Delete) File: (.+)$|^\*\*\* Move to: (.+)$", re.M)
_DIFF_FILE = re.compile(r"^(?:\+\+\+|---) (?:[ab]/)?([^\t\n]+)", re.M)
_SLEEP = re.compile(r"\s*sleep\s+[\d.]+[smhd]?\s*;?\s*")
_EXIT = re.compile(
    r"^(?:Error: )?Exit code:? (-?\d{1,10})\b|^Exit Code: (-?\d{1,10})\b|Process exited with code (-?\d{1,10})\b",
    re.M | re.I,
)
_LOOKED_AT = 4096  # characters of a result's head and tail that may name the status
MAX_FILES = 50


def kind_of(tool: str, action: str = "") -> StepKind:
    """What kind of action; a command that only sleeps is waiting."""
    kind = _KINDS.get(tool, StepKind.OTHER)
    if kind is StepKind.RUN and _SLEEP.fullmatch(action[:100]):
        return StepKind.WAIT
    return kind


def action_of(value: Any) -> str:
    """A tool's input as one text: its command, pattern, or path with what is changed; else all of it as JSON."""
    if isinstance(value, str):
        return cut(value)
    given = table(value)
    for key in _ACTION_KEYS:
        found = given.get(key)
        if isinstance(found, list):
            found = _command(found)
        if isinstance(found, str) and found:
            return cut(found)
    words = "\n".join(p for p in (_first(given, _PATH_KEYS), _change(given)) if p)
    return cut(words) if words else cut(_json(given)) if given else ""


def _first(given: dict[str, Any], keys: tuple[str, ...]) -> str:
    return next((text(given[key]) for key in keys if text(given.get(key))), "")


def _change(given: dict[str, Any]) -> str:
    """What an edit replaces by what."""
    if edits := listed(given.get("edits")):
        return "\n".join(_change(table(edit)) for edit in edits)
    old, new = _first(given, _OLD_KEYS), _first(given, _NEW_KEYS)
    return f"{old}{BECOMES}{new}" if old else new


def _command(words: list[Any]) -> str:
    """["bash", "-lc", "make"] -> "make"; else the words with blanks between."""
    texts = [w for w in words if isinstance(w, str)]
    is_shell = len(texts) == 3 and texts[1] in ("-lc", "-c")
    return texts[2] if is_shell else " ".join(texts)


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        return ""


def files_of(value: Any) -> tuple[str, ...]:
    """The paths that a tool's input names: its path arguments, a patch's headers, a diff's."""
    given = table(value)
    found = [text(given.get(key)) for key in _PATH_KEYS]
    found += [text(table(edit).get("file_path")) for edit in listed(given.get("edits"))]
    words = (
        value if isinstance(value, str) else next((text(given[k]) for k in _PATCH_TEXTS if given.get(k)), "")
    )
    found += patched(words)
    return tuple(dict.fromkeys(f for f in found if f))[:MAX_FILES]


_PATCH_TEXTS = ("input", "patch", "patchText", "cmd", "command")


def patched(words: str) -> list[str]:
    """The files that the headers of a patch in `words` name."""
    if "*** " in words:
        return [a or b for a, b in _PATCH_FILE.findall(words)]
    if "\n+++ " in f"\n{words}":
        return [f for f in _DIFF_FILE.findall(words) if f != "/dev/null"]
    return []


def exit_of(result: str) -> int | None:
    """The status that a result names, as the agents' tools print it at its head or its tail."""
    for part in (result[:_LOOKED_AT], result[-_LOOKED_AT:]):
        if found := _EXIT.search(part):
            return int(next(g for g in found.groups() if g))
    return None
