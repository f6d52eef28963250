"""Before a fork: what the child gets, what it does not get, and what may differ."""

from __future__ import annotations

from typing import Any

from steer.model.session import SessionView
from steer.term.visible import visible
from steer.ui.dialog.form import Field, FormDialog
from steer.ui.line import Line, Span


class ForkDialog(FormDialog):
    """`plan` is the result of `plan_fork`; the values go to `fork`."""

    heading = "Fork into a new worktree"
    verb = "fork"

    def __init__(self, session: SessionView, plan: dict[str, Any]) -> None:
        super().__init__()
        self._session = session
        self._plan = plan

    def explanation(self) -> list[Line]:
        name, branch = visible(self._session.spec.name, 30), visible(str(self._plan["branch"]), 40)
        lines: list[Line] = [
            [Span(name, "text.normal bold"), Span(" → ", "text.muted"), Span(branch, "text.accent")],
            [],
        ]
        for text in self._plan["carried"]:
            lines.append([Span("✓ ", "diff.added"), Span(visible(text, 64))])
        for text in self._plan["left"]:
            lines.append([Span("✗ ", "diff.removed"), Span(visible(text, 64), "text.muted")])
        return [*lines, [], [Span("The parent goes on untouched.", "text.muted")]]

    def fields(self) -> list[Field]:
        return [
            Field("task", "task", "the same task", self._session.spec.task),
            Field("agent", "agent", "the same agent"),
            Field("name", "name", "", str(self._plan["name"])),
        ]
