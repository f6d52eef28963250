"""The frame around a replayed terminal: its name and size above, what was last marked below."""

from __future__ import annotations

from dataclasses import dataclass

from steer.replay.clock import clock
from steer.replay.mark import Mark, wording
from steer.term.visible import visible
from steer.ui.frame_line import Glyphs, framed, glyphs
from steer.ui.line import Line, Span
from steer.ui.replay.bar import MARKS


@dataclass(frozen=True, slots=True)
class ReplayFrame:
    """`at` is the recording's own time; negative before it began. Texts are untrusted."""

    name: str
    title: str
    size: tuple[int, int]
    at: int
    mark: Mark | None
    width: int
    is_selected: bool
    scrolled: int = 0
    has_ended: bool = False
    is_focus: bool = False

    @property
    def glyphs(self) -> Glyphs:
        return glyphs(self.is_selected)

    @property
    def role(self) -> str:
        return "border.selected edge" if self.is_selected else "border.normal edge"

    def edges(self) -> tuple[Line, Line]:
        left, edge, right, _, low_left, low_right = self.glyphs
        room = max(8, self.width - 12)
        name: Line = [Span(f" {visible(self.name, room)} ", "text.normal bold")]
        if self.title and self.title != self.name and self.width > 60:
            name.append(
                Span(f"{visible(self.title, max(8, self.width - len(self.name) - 30))} ", "text.muted")
            )
        return (
            framed(self, (left, edge, right), name, self._corner()),
            framed(self, (low_left, edge, low_right), self._said(), []),
        )

    def _corner(self) -> Line:
        if self.at < 0:
            return [Span(f" begins in {clock(-self.at)} ", "text.muted")]
        marks: Line = [Span(f" −{self.scrolled} lines ", "flag.warn bold")] if self.scrolled else []
        return [
            *marks,
            Span(" ended " if self.has_ended else f" {self.size[0]}×{self.size[1]} ", "text.faint"),
        ]

    def _said(self) -> Line:
        if self.mark is None:
            return []
        glyph, role = MARKS[self.mark.kind]
        text = visible(wording(self.mark), max(8, self.width - 18))
        ago = clock(self.at - self.mark.at)
        return [Span(f" {glyph} ", role), Span(text, "text.normal"), Span(f"  {ago} ago ", "text.muted")]
