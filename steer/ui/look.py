"""What a role looks like in a theme: "activity.asking bold on:surface.selected" to colours and attributes.

With NO_COLOR only attributes are left, chosen so that what colour told apart stays apart. Every state has a
glyph and a word as well, so nothing depends on either.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from steer.ui.theme import Theme

_ATTRIBUTES = ("bold", "dim", "italic", "underline", "reverse")

_WITHOUT_COLOUR: dict[str, tuple[str, ...]] = {
    "text.muted": ("dim",),
    "text.faint": ("dim",),
    "text.accent": ("bold",),
    "border.normal": ("dim",),
    "border.selected": ("bold",),
    "border.focus": ("bold",),
    "activity.asking": ("bold", "underline"),
    "activity.error": ("bold", "reverse"),
    "process.failed": ("bold", "reverse"),
    "process.lost": ("bold", "reverse"),
    "flag.urgent": ("bold", "underline"),
    "flag.warn": ("bold",),
    "on:surface.selected": ("reverse",),
    "on:selection.background": ("reverse",),
    "on:selection.match": ("underline", "bold"),
    "on:border.focus": ("reverse", "bold"),
    "on:border.selected": ("reverse",),
    "on:activity.asking": ("reverse", "bold"),
    "on:flag.urgent": ("reverse", "bold"),
}


@dataclass(frozen=True, slots=True)
class Look:
    """Colours are "#rrggbb" or "" for the terminal's own."""

    foreground: str = ""
    background: str = ""
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False


def look(role: str, theme: Theme, has_colour: bool = True) -> Look:
    """The look of `role`: theme keys and attributes separated by spaces, a background as "on:table.key", and
    "edge" after a theme key that colours a frame.

    Raises `KeyError` for a word that is neither.
    """
    result = Look()
    for word in role.split():
        if word in _ATTRIBUTES:
            result = _with(result, (word,))
        elif word == "edge":  # a frame: underlined or reversed lines are no lines
            result = replace(result, underline=False, reverse=False)
        elif not has_colour:
            result = _with(result, _WITHOUT_COLOUR.get(word, ()))
        elif word.startswith("on:"):
            result = replace(result, background=theme.colours[word[3:]])
        else:
            result = replace(result, foreground=theme.colours[word])
    return result


def _with(base: Look, attributes: tuple[str, ...]) -> Look:
    changes: dict[str, Any] = dict.fromkeys(attributes, True)
    return replace(base, **changes)
