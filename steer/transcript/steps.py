"""Reads a steps file: one JSON object per line, `kind` tool | user | say, as other tools' exports can be turned into.

{"kind": "tool", "step": 3, "t": 12.0, "t_end": 12.4, "tool": "bash", "action": "make", "text": "the agent's words",
 "obs": "its output", "exit": 2, "error": true}; times in seconds or null.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from steer.model.step import Arrival, Entry, Said, Step, StepKind, Told
from steer.transcript.reader import JsonReader, Record
from steer.transcript.value import cut, money, status, text

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


class StepsReader(JsonReader):
    title = "a steps file"

    def _take(self, record: Record) -> Iterable[Entry] | None:
        if record.get("kind") not in ("tool", "user", "say"):
            return None
        return list(_entries(record))


def _entries(record: Record) -> Iterator[Entry]:
    at = money(record.get("t")) or 0.0
    words = cut(text(record.get("text")))
    if record["kind"] == "user":
        yield Told(at, words, Arrival.SUBMITTED)
        return
    if words:
        yield Said(at, words)
    if record["kind"] == "tool":
        yield _step(record, at)


def _step(record: Record, at: float) -> Step:
    tool, action, result = text(record.get("tool")), text(record.get("action")), text(record.get("obs"))
    return Step(
        id=str(record.get("step", "")),
        at=at,
        tool=tool,
        kind=_kind(tool, action),
        action=cut(action),
        result=cut(result),
        exit=status(record.get("exit")),
        is_error=bool(record.get("error")),
        files=_files(tool, action, result),
        ended_at=money(record.get("t_end")) or at or 1.0,
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
