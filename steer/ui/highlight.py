"""Marking cells of a finished strip: selection and search results."""

from __future__ import annotations

from rich.segment import Segment
from textual.strip import Strip

from steer.ui.mark import Mark
from steer.ui.skin import Skin


def highlighted(strip: Strip, marks: list[Mark], skin: Skin) -> Strip:
    """`strip` with the marks over it; later marks win. A mark replaces colours, they would hide it."""
    for mark in marks:
        start, end = max(0, mark.start), min(strip.cell_length, mark.end)
        if start < end:
            style = skin.style(mark.role)
            middle = Strip([Segment(s.text, style) for s in strip.crop(start, end)], end - start)
            strip = Strip.join([strip.crop(0, start), middle, strip.crop(end)])
    return strip
