"""The operation log on disk: append-only, one JSON line per change of an operation, newest line wins.

An intervention writes its intention before it acts and its outcome after, so that the next start can finish
it, roll it back, or say that it does not know.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from steer.errors import EnvironmentFault
from steer.model.codec import from_json, to_json
from steer.model.operation import Operation, OperationState
from steer.runtime.store import append_line, read_lines

log = logging.getLogger("steer.journal")


class Journal:
    def __init__(self, path: Path, now: Callable[[], float], listen: Callable[[Operation], None]) -> None:
        self._path = path
        self._now = now
        self._listen = listen
        self._operations: dict[int, Operation] = {}

    def load(self) -> list[Operation]:
        """All operations in order, each in its newest state."""
        for value in read_lines(self._path):
            try:
                operation = from_json(Operation, value)
            except ValueError:
                continue
            self._operations[operation.id] = operation
        for operation in self._operations.values():
            self._listen(operation)
        return list(self._operations.values())

    def begin(
        self, kind: str, session: str, summary: str, *, is_undoable: bool = False, **detail: Any
    ) -> Operation:
        number = max(self._operations, default=0) + 1
        return self._write(
            Operation(
                number, kind, session, self._now(), summary=summary, detail=detail, is_undoable=is_undoable
            )
        )

    def update(self, operation: Operation, **detail: Any) -> Operation:
        """Add to what recovery and undo need, before the step that it describes."""
        return self._write(replace(operation, detail={**operation.detail, **detail}))

    def finish(self, operation: Operation, state: OperationState, summary: str = "") -> Operation:
        """The outcome. Never raises: what was done is done; on a full disk the next start says "unknown"."""
        ended = replace(operation, state=state, summary=summary or operation.summary)
        try:
            return self._write(ended)
        except EnvironmentFault as e:
            log.warning("%s: its outcome (%s) is not on disk: %s", ended.summary, state.value, e.message)
            return self._tell(ended)

    def newest(self, operation: Operation) -> Operation:
        """`operation` as it was last written."""
        return self._operations.get(operation.id, operation)

    def _write(self, operation: Operation) -> Operation:
        append_line(self._path, to_json(operation))
        return self._tell(operation)

    def _tell(self, operation: Operation) -> Operation:
        self._operations[operation.id] = operation
        self._listen(operation)
        return operation
