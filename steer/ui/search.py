"""A search in one pane: its matches and which one is looked at."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from steer.ui.mark import Mark

_FOUND = "selection.foreground on:selection.background"
_LOOKED_AT = "selection.foreground bold on:selection.match"


@dataclass(frozen=True, slots=True)
class Search:
    """`matches` are (line, column, length) in reading order, line 0 the oldest of the scrollback."""

    query: str
    matches: tuple[tuple[int, int, int], ...]
    at: int = 0

    def step(self, by: int) -> Search:
        at = (self.at + by) % len(self.matches) if self.matches else 0
        return Search(self.query, self.matches, at)

    @property
    def line(self) -> int | None:
        """Of the match that is looked at."""
        return self.matches[self.at][0] if self.matches else None

    @property
    def words(self) -> str:
        return f"{self.at + 1} of {len(self.matches)}" if self.matches else "not found"

    def marks(self, line: int) -> list[Mark]:
        """The matches on a line; the one that is looked at stands out."""
        first = bisect_left(self.matches, (line, 0, 0))
        marks: list[Mark] = []
        for i in range(first, len(self.matches)):
            at, column, length = self.matches[i]
            if at != line:
                break
            marks.append(Mark(column, column + length, _LOOKED_AT if i == self.at else _FOUND))
        return marks


def offset_for(line: int, history: int, rows: int) -> int:
    """How far to scroll up so that `line` stands in the middle of `rows`; 0 is live."""
    return max(0, min(history, history - line + rows // 2))
