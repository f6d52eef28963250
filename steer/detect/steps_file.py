"""Reads a steps file: one JSON object per line, `kind` tool | user | say, as other tools' exports can be turned into.

{"kind": "tool", "step": 3, "t": 12.0, "t_end": 12.4, "tool": "bash", "action": "make", "text": "the agent's words",
 "obs": "its output", "exit": 2, "error": true}; times in seconds or null.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from steer.model.step import Arrival, Entry, Said, Step, StepKind, Told

_KINDS: dict[StepKind, frozenset[str]] = {
    StepKind.EDIT: frozenset(
        "edit write create apply_patch multiedit notebookedit replace str_replace_editor insert append".split()
    ),
    StepKind.READ: frozenset("read open view goto scroll_down scroll_up cat ls".split()),
    StepKind.SEARCH: frozenset("grep glob find find_file search_file search_dir search".split()),
    StepKind.FETCH: frozenset("webfetch websearch fetch".split()),
    StepKind.WAIT: frozenset("wait sleep bashoutput read_bash taskoutput".split()),
    StepKind.OTHER: frozenset(
        "submit exit_cost todowrite taskupdate taskcreate task agent skill toolsearch exitplanmode enterplanmode "
        "askuserquestion stop_bash update_plan lsp -".split()
    ),
}
_RUN = frozenset("bash shell exec_command run_shell_command local_shell python python3".split())


def entries_of(line: str) -> Iterator[Entry]:
    """The entries in one line. Raises `ValueError` saying what is wrong with it."""
    data = json.loads(line)
    if not isinstance(data, dict) or data.get("kind") not in ("tool", "user", "say"):
        raise ValueError("no object with a kind of tool, user or say")
    at = _number(data.get("t"))
    if data["kind"] == "user":
        yield Told(at, str(data.get("text") or ""), Arrival.SUBMITTED)
        return
    if text := str(data.get("text") or ""):
        yield Said(at, text)
    if data["kind"] == "tool":
        yield _step(data, at)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def _step(data: dict[str, Any], at: float) -> Step:
    tool, action = str(data.get("tool") or ""), str(data.get("action") or "")
    result = str(data.get("obs") or "")
    kind, files = _kind(tool, action), _files(tool, action, result)
    status = data.get("exit")
    return Step(
        id=str(data.get("step", "")),
        at=at,
        tool=tool,
        kind=kind,
        action=action,
        result=result,
        exit=int(status) if isinstance(status, int) else None,
        is_error=bool(data.get("error")),
        files=files,
        ended_at=_number(data.get("t_end")) or at or 1.0,
    )


def _kind(tool: str, action: str) -> StepKind:
    name = tool.lower()
    if name == "write_stdin":
        return StepKind.WAIT if re.search(r'"chars": ?""', action) else StepKind.OTHER
    if name in _RUN:
        return StepKind.RUN
    for kind, names in _KINDS.items():
        if name in names:
            return kind
    return StepKind.OTHER if name.startswith(("mcp__", "_")) else StepKind.RUN


def _files(tool: str, action: str, result: str) -> tuple[str, ...]:
    found = re.findall(r'"(?:file_path|path|filePath|notebook_path)": ?"([^"\n]{1,400})"', action[:2000])
    found += re.findall(r"^\*\*\* (?:Update|Add|Delete) File: (.+)$", action.replace("\\n", "\n"), re.M)
    if tool in ("create", "open"):
        found += action.split()[1:2]
    if tool == "edit" and (shown := re.match(r"\[File: (\S+) \(", result)):
        found.append(shown[1])  # editors that keep a file open show it with the result
    return tuple(dict.fromkeys(found))
