"""Base of every piece of chrome: a widget that is a list of lines, drawn without markup and without Textual's
style cache.

An exception while drawing is shown in the widget; the app lives on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from steer.term.visible import visible
from steer.ui.line import Line, Span
from steer.ui.skin import Skin

if TYPE_CHECKING:
    from steer.ui.app import SteerApp


class LineWidget(Widget, inherit_bindings=False):
    """Subclasses give `lines`; `base` is the role of the surface under them."""

    ALLOW_SELECT = False
    base = "text.normal on:surface.panel"
    _drawn: list[Line] | None = None

    @property
    def steer(self) -> SteerApp:
        return cast("SteerApp", self.app)

    @property
    def skin(self) -> Skin:
        return self.steer.skin

    def lines(self, width: int, height: int) -> list[Line]:
        """At most `height` lines of at most `width` cells; the rest is filled with the surface."""
        raise NotImplementedError

    def refresh_if_changed(self) -> None:
        """Draw the lines again that look different; cheap enough for every second."""
        width, height = self.size
        lines, drawn = self._safe_lines(width, height), self._drawn
        if drawn is None or len(lines) != len(drawn):
            self.refresh()
        elif regions := [Region(0, y, width, 1) for y in range(len(lines)) if lines[y] != drawn[y]]:
            self.refresh(*regions)

    def _remember(self, lines: list[Line], crop: Region) -> None:
        """What stands on the screen: a partial drawing leaves the other lines as they were."""
        if self._drawn is None or len(self._drawn) != len(lines):
            self._drawn = lines
        else:
            self._drawn[crop.y : crop.bottom] = lines[crop.y : crop.bottom]

    def _safe_lines(self, width: int, height: int) -> list[Line]:
        try:
            return self.lines(width, height)[:height]
        except Exception as e:
            return [[Span(f"cannot draw this: {visible(repr(e), 200)}", "activity.error")]]

    def render_lines(self, crop: Region) -> list[Strip]:
        width, height = self.size
        lines = self._safe_lines(width, height)
        self._remember(lines, crop)
        shown: list[Line] = [*lines, *([[]] * (height - len(lines)))]
        return [
            self.skin.strip(line, width, self.base).crop(crop.x, crop.right)
            for line in shown[crop.y : crop.bottom]
        ]
