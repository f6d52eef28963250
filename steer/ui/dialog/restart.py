"""Before a fresh start: the brief, which can be edited, where it starts from, and what becomes of the old session."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, ClassVar

from textual import events
from textual.widget import Widget

from steer.model.session import SessionView
from steer.term.visible import visible
from steer.ui.dialog.composer import Composer
from steer.ui.dialog.form import Field, FormDialog, Pick
from steer.ui.line import Line, Span


class RestartDialog(FormDialog):
    """`plan` is the result of `plan_restart`; the result is what `restart` takes besides the session."""

    heading = "Restart afresh with a brief"
    width = 92
    verb = "restart"
    stops: ClassVar[str] = "Composer, Input, PickRow"
    DEFAULT_CSS = """
    RestartDialog Composer {
        height: 12; border: round $steer-border-normal; padding: 0 1; margin: 0 0 1 0;
        background: $steer-surface-raised; scrollbar-size-vertical: 1;
    }
    RestartDialog Composer:focus { border: round $steer-border-focus; }
    """

    def __init__(self, session: SessionView, plan: dict[str, Any]) -> None:
        super().__init__()
        self._session = session
        self._plan = plan

    def body(self) -> list[Widget]:
        first, *rows = super().body()
        composer = Composer(
            str(self._plan["brief"]), soft_wrap=True, tab_behavior="focus", highlight_cursor_line=False
        )
        return [first, composer, *rows]

    def explanation(self) -> list[Line]:
        name = Span(visible(self._session.spec.name, 30), "text.normal bold")
        return [[name, Span("  a new agent gets this as its task, in a worktree of its own:", "text.muted")]]

    def fields(self) -> Sequence[Field | Pick]:
        base, before = visible(str(self._plan["base"]), 30), self._plan["before"]
        places = [("", f"from the base: {base}")]
        if before:
            at = time.strftime("%H:%M", time.localtime(float(before["at"])))
            what = visible(str(before["flag"]), 40)
            places.append((str(before["id"]), f"from the checkpoint before it went wrong: {at}, {what}"))
        return [
            Pick("checkpoint", "files", tuple(places)),
            Pick("kill", "old one", (("", "is left as it is"), ("yes", "is killed; undo brings it back"))),
            Field("name", "name", "", str(self._plan["name"])),
        ]

    def values(self) -> dict[str, str]:
        return {**super().values(), "brief": self.query_one(Composer).text.strip()}

    def check(self, values: dict[str, str]) -> str:
        return "" if values["brief"] else "the new agent needs a task"

    async def take_key(self, event: events.Key) -> None:
        if isinstance(self.focused, Composer) and event.key in ("up", "down"):
            return  # they move in the text
        await super().take_key(event)
