"""Ledgers on disk, and what steer itself knows of a session for them: its own check, other flags, checkpoints.

`ledger.jsonl` in a session's folder holds the facts, one a line, as they were taken; a new supervisor goes on with it.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from steer.config.path import private_dir
from steer.detect import ledger as facts
from steer.detect.failing import failing
from steer.detect.ledger import MAX_IDS, OWN_CHECK, Cleared, Fact, Kept, Ledger, Measured, Raised
from steer.errors import SteerError
from steer.model.codec import from_json, to_json
from steer.model.flag import Flag
from steer.model.operation import Operation
from steer.model.session import CheckResult
from steer.runtime.store import append_line, read_lines

FILE = "ledger.jsonl"
MAX_LOG_BYTES = 256 * 1024  # of a check's output that is read for what fails
_KINDS: Mapping[str, type[Any]] = {
    k.__name__.lower(): k for k in (facts.Corrected, Measured, Raised, Cleared, Kept)
}
log = logging.getLogger("steer.convergence")


def load_ledger(folder: Path) -> Ledger:
    """What is known of a session; lines that cannot be read are left out."""
    ledger = Ledger()
    for value in read_lines(folder / FILE):
        kind = _KINDS.get(str(value.get("fact"))) if isinstance(value, dict) else None
        if kind is not None:
            try:
                ledger.take(from_json(kind, value))
            except ValueError:
                continue
    return ledger


def writer(folder: Path) -> Callable[[Fact], None]:
    """Appends facts; one that cannot be written is said in the log and lost with this supervisor at the latest."""

    def write(fact: Fact) -> None:
        try:
            append_line(private_dir(folder) / FILE, {"fact": type(fact).__name__.lower(), **to_json(fact)})
        except SteerError as e:
            log.warning("%s", e.message)

    return write


def delivered_how(operations: Sequence[Operation], session: str, text: str) -> str:
    """The way in which steer said this to the agent; "" where the operator typed it in the terminal."""
    line = " ".join(text.split())
    for o in reversed(operations):
        if (
            o.kind == "inject"
            and o.session == session
            and " ".join(str(o.detail.get("text")).split()) == line
        ):
            return str(o.detail.get("mode", ""))
    return ""


def measured(result: CheckResult, check_log: Path, at: float) -> Measured | None:
    """The session's own check as a fact; None while it runs or where it could not be run."""
    if result.state not in ("passed", "failed"):
        return None
    if result.state == "passed":
        return Measured(at, OWN_CHECK, 0)
    found = failing(_tail(check_log))
    ids = tuple(sorted(found.ids)[:MAX_IDS]) if found else ()
    return Measured(at, OWN_CHECK, max(1, result.failed, len(found.ids) if found else 0), ids)


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as f:
            f.seek(max(0, path.stat().st_size - MAX_LOG_BYTES))
            return f.read(MAX_LOG_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def changed(before: Mapping[str, int], flags: Sequence[Flag], at: float) -> list[Fact]:
    """What another source's flags now are, against the `count` of each one it held up before, by name."""
    now = {f.name: f.count for f in flags}
    found: list[Fact] = [Cleared(at, name) for name in before if name not in now]
    return found + [Raised(at, name) for name, count in now.items() if count > before.get(name, 0)]


class AddedLines:
    """The lines a session's checkpoints add, to tell how many of them the next one keeps."""

    def __init__(self) -> None:
        self._lines: dict[str, Counter[int]] = {}

    def share_kept(self, session: str, patches: Sequence[tuple[str, str]]) -> float | None:
        """Of the checkpoint before; None where there was nothing to keep. `patches`: path and diff against the base."""
        now = Counter(
            hash((path, line))
            for path, patch in patches
            for line in patch.splitlines()
            if line.startswith("+") and line[1:].strip()
        )
        before, self._lines[session] = self._lines.get(session), now
        if not before or before == now:
            return None
        return (before & now).total() / before.total()
