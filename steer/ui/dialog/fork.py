"""Before a fork: what the child gets, what it does not get, and what may differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from steer.term.visible import visible
from steer.ui.dialog.form import Field, FormDialog, Pick
from steer.ui.line import Line, Span, wrapped


class ForkDialog(FormDialog):
    """Of the session `name`. `plan` is the result of `plan_fork`; the values go to `fork`."""

    heading = "Fork into a new worktree"
    verb = "fork"

    def __init__(self, name: str, plan: dict[str, Any]) -> None:
        super().__init__()
        self._of = name
        self._plan = plan

    def explanation(self) -> list[Line]:
        name, branch = visible(self._of, 30), visible(str(self._plan["branch"]), 40)
        lines: list[Line] = [
            [Span(name, "text.normal bold"), Span(" → ", "text.muted"), Span(branch, "text.accent")],
        ]
        if moment := self._plan["moment"]:
            lines.append(
                [Span("as of ", "text.muted"), Span(visible(str(moment["text"]), 60), "flag.info bold")]
            )
        lines.append([])
        for text in self._plan["carried"]:
            lines += _item("✓ ", "diff.added", text, "text.normal")
        for text in self._plan["left"]:
            lines += _item("✗ ", "diff.removed", text, "text.muted")
        return [*lines, [], [Span("The parent goes on untouched.", "text.muted")]]

    def fields(self) -> Sequence[Field | Pick]:
        return [
            Pick("talk", "it knows", _what_it_knows(self._plan["conversation"])),
            Field("task", "say first", "nothing (without a conversation: the same task)", ""),
            Field("agent", "agent", "the same; another one gets a brief at most"),
            Field("name", "name", "", str(self._plan["name"])),
        ]

    def values(self) -> dict[str, str]:
        """`talk` is taken apart into what `fork` takes: conversation and turn."""
        values = super().values()
        conversation, _, turn = values.pop("talk").partition(":")
        return {**values, "conversation": conversation, "turn": turn}


def _item(mark: str, mark_role: str, text: str, role: str) -> list[Line]:
    """A sentence with its mark before the first of its lines."""
    first, *rest = wrapped(text, 64, role) or [[]]
    return [[Span(mark, mark_role), *first], *([Span("  "), *line] for line in rest)]


def _what_it_knows(plan: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """The conversations a child can start with, the most first."""
    options: list[tuple[str, str]] = []
    if plan["mode"] == "cut":
        options.append((":", "the conversation up to that moment"))
    elif plan["mode"] == "whole":
        options.append(("whole:", "the whole conversation"))
        for number, turn in reversed(list(enumerate(plan["turns"], 1))):
            options.append((f"cut:{turn['id']}", f"up to turn {number}: {turn['text']}"))
    if plan["mode"] != "none":
        options.append(("brief:", "a brief of what was tried"))
    return (*options, ("none:", "nothing: it starts anew with the task"))
