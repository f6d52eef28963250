"""Textual's full updates with every widget's piece of a line placed absolutely.

Textual writes a whole line from its first cell. One character that the terminal draws wider than it was
counted would move everything to its right, other panes and the list included. Placed piece by piece, the
fault stays inside the widget it came from.
"""

from __future__ import annotations

from typing import Any

from rich.console import Console
from textual._compositor import CompositorUpdate, LayoutUpdate


class _Positioned(CompositorUpdate):
    def __init__(self, update: LayoutUpdate) -> None:
        self._update = update

    def render_segments(self, console: Console) -> str:
        out: list[str] = []
        for y, line in enumerate(self._update.strips, self._update.region.y):
            x = self._update.region.x
            for strip in line:
                out.append(f"\x1b[{y + 1};{x + 1}H{strip.render(console)}")
                x += strip.cell_length
        return "".join(out)


def positioned(renderable: Any) -> Any:
    """`renderable`, with a full update's pieces placed absolutely; partial updates already are."""
    return _Positioned(renderable) if isinstance(renderable, LayoutUpdate) else renderable
