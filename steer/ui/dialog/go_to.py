"""Asking for a moment of a replay."""

from __future__ import annotations

from collections.abc import Sequence

from steer.ui.dialog.form import Field, FormDialog, Pick
from steer.ui.line import Line, Span


class GoToDialog(FormDialog):
    """`ends`: how long the replay is, as text. The value is `to`, as it was typed."""

    heading = "Go to"
    verb = "go"

    def __init__(self, ends: str) -> None:
        super().__init__()
        self._ends = ends

    def explanation(self) -> list[Line]:
        return [[Span(f"a time up to {self._ends}, or a share of it", "text.muted")]]

    def fields(self) -> Sequence[Field | Pick]:
        return [Field("to", "moment", "90, 1:30, 1:02:03 or 40%", "")]
