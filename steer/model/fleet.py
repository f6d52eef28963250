"""All sessions of a repository, as the board sees them."""

from __future__ import annotations

from dataclasses import dataclass

from steer.model.operation import Operation, Progress
from steer.model.session import SessionView


@dataclass(frozen=True, slots=True)
class FleetView:
    repository: str  # absolute path of the main worktree
    sessions: tuple[SessionView, ...] = ()  # in order of creation, those in the trash included
    undo: Operation | None = None  # what `undo` would undo now
    progress: tuple[Progress, ...] = ()
    notices: tuple[str, ...] = ()  # e.g. "disk almost full"
