"""Choosing what to compare with, and what differs."""

from __future__ import annotations

from collections.abc import Sequence

from steer.term.visible import visible
from steer.ui.dialog.diff import DiffDialog
from steer.ui.dialog.form import Field, FormDialog, Pick
from steer.ui.line import Line, Span


class OtherDialog(FormDialog):
    """`others`: (id, name) of the sessions to choose from. The value is `other`."""

    heading = "Compare with"
    verb = "compare"

    def __init__(self, name: str, others: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._of = name
        self._others = tuple(others)

    def explanation(self) -> list[Line]:
        return [[Span(visible(self._of, 40), "text.normal bold"), Span(" and", "text.muted")]]

    def fields(self) -> Sequence[Field | Pick]:
        return [Pick("other", "session", self._others)]


class CompareDialog(DiffDialog):
    """The result is True where the operator wants to see both recordings."""

    hints = (("v", "replay both"),)

    def pressed(self, key: str) -> None:
        if key == "v":
            self.dismiss(True)
        else:
            super().pressed(key)
