"""What an agent must not have changed in the repository's `.git`: looked at, flagged, told, accepted."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from steer.adapters.git.tripwire import Watched
from steer.model import event as ev
from steer.model.flag import Flag, Severity
from steer.model.session import LIVE, SessionView
from steer.runtime.store import write_atomically
from steer.runtime.tree import Trees

RULE = "repository-changed"
FILE = "tripwire.json"
_RUNS = (
    "config",
    "config.worktree",
    "hooks/",
    "objects/info/alternates",
    "info/attributes",
)  # make git run or read
_EVIDENCE = 8


class Tripwires:
    """On the event loop only. The state that is held against `.git` is kept on disk until the operator accepts another.

    What changed is flagged on the sessions that did something since the last look: which of them it was cannot be told.
    """

    def __init__(
        self,
        trees: Trees,
        state: Path,
        sessions: Callable[[], Sequence[SessionView]],
        now: Callable[[], float],
    ) -> None:
        self._trees = trees
        self._path = state / FILE
        self._sessions = sessions
        self._now = now
        self._looked_at = 0.0
        self._suspects: dict[str, frozenset[str]] = {}  # what changed -> sessions
        self._said: dict[str, tuple[str, ...]] = {}  # session -> the evidence of its flag

    async def look(self) -> list[ev.FlagsFound]:
        """News about flags, after looking once. Raises `SteerError` where `.git` cannot be read."""
        began = self._now()
        changes = await self._changes()
        at_work = [v for v in self._sessions() if v.process in LIVE]
        active = frozenset(v.spec.id for v in at_work if v.output_at >= self._looked_at)
        self._looked_at = began
        suspects = active or frozenset(v.spec.id for v in at_work)
        self._suspects = {c["path"]: self._suspects.get(c["path"]) or suspects for c in changes}
        return self._news(changes)

    async def settle(self) -> None:
        """An agent is about to run. What was changed while none ran was not theirs, unless it was held against one."""
        if not self._suspects and not any(v.process in LIVE for v in self._sessions()):
            files, heads, _ = await self._trees.tripwire({})
            self._save(files, heads)

    def _news(self, changes: list[dict[str, Any]]) -> list[ev.FlagsFound]:
        found = []
        for session in {*(v.spec.id for v in self._sessions()), *self._said}:
            mine = [c for c in changes if session in self._suspects.get(c["path"], ())]
            lines = tuple(f"{c['path']} was {c['change']}" for c in mine)
            if lines == self._said.get(session, ()):
                continue
            self._said[session] = lines
            flags = (self._flag(mine, lines),) if mine else ()
            found.append(ev.FlagsFound(session, self._now(), "tripwire", flags))
        return found

    def _flag(self, changes: list[dict[str, Any]], lines: tuple[str, ...]) -> Flag:
        is_grave = any(c["path"].startswith(_RUNS) for c in changes)
        first = f"{changes[0]['path']} was {changes[0]['change']}"
        more = f" and {len(changes) - 1} more" if len(changes) > 1 else ""
        shared = len(self._suspects.get(changes[0]["path"], ())) > 1
        evidence = [*lines[:_EVIDENCE], *(["by this agent or another one, or by you"] if shared else [])]
        severity = Severity.URGENT if is_grave else Severity.WARN
        return Flag(
            RULE, f"in .git: {first}{more}"[:60], severity, self._now(), tuple(evidence), "check_repo"
        )

    async def _changes(self) -> list[dict[str, Any]]:
        """What differs from the accepted state, as files of a diff with `change` in words."""
        known = self._load()
        files, heads, moved = await self._trees.tripwire(known["branches"] if known else {})
        if known is None:
            self._save(files, heads)
            return []
        own = {v.spec.branch for v in self._sessions()}  # steer and their agents move these
        moved = {name: how for name, how in moved.items() if name not in own}
        settled = {**heads, **{name: known["branches"][name] for name in moved}}
        if settled != known["branches"]:
            self._write({**known, "branches": settled})
        before = {name: Watched(**value) for name, value in known["files"].items()}
        changed = self._trees.tripped(before, files)
        found = [_file(name, how, before.get(name), files.get(name)) for name, how in changed.items()]
        return found + [_branch(name, how) for name, how in moved.items()]

    async def check(self, *, accept: bool) -> tuple[list[dict[str, Any]], list[ev.FlagsFound]]:
        """What differs; with `accept` it is how things should be from now on."""
        changes = await self._changes()
        if accept:
            files, heads, _ = await self._trees.tripwire({})
            self._save(files, heads)
            self._suspects = {}
            return changes, self._news([])
        return changes, []

    def _load(self) -> dict[str, Any] | None:
        try:
            value = json.loads(self._path.read_bytes())
            return value if isinstance(value, dict) and {"files", "branches"} <= value.keys() else None
        except (OSError, ValueError):
            return None

    def _save(self, files: dict[str, Watched], heads: dict[str, str]) -> None:
        self._write({"files": {name: asdict(w) for name, w in files.items()}, "branches": heads})

    def _write(self, value: dict[str, Any]) -> None:
        write_atomically(self._path, json.dumps(value).encode("utf-8", "surrogatepass"))


def _file(name: str, how: str, old: Watched | None, new: Watched | None) -> dict[str, Any]:
    """As `diff` tells files; `change` is what happened to it."""
    one, other = (old.text if old else "").splitlines(), (new.text if new else "").splitlines()
    lines = list(difflib.unified_diff(one, other, f"a/{name}", f"b/{name}", lineterm=""))
    return {
        "path": name,
        "status": {"added": "A", "removed": "D"}.get(how, "M"),
        "change": how,
        "added": sum(line.startswith("+") and not line.startswith("+++") for line in lines),
        "removed": sum(line.startswith("-") and not line.startswith("---") for line in lines),
        "is_binary": not lines,
        "patch": "\n".join(lines) + "\n" if lines else "",
    }


def _branch(name: str, how: str) -> dict[str, Any]:
    counts = {"added": 0, "removed": 0, "is_binary": True, "patch": ""}
    return {"path": f"branch {name}", "status": "M", "change": how, **counts}
