"""A steer theme as a Textual theme, for the stock widgets in dialogs, and its colours as CSS variables.

`$steer-activity-asking` in a stylesheet is "activity.asking" of the theme.
"""

from __future__ import annotations

from textual.theme import Theme as TextualTheme

from steer.ui.theme import Theme


def css_name(key: str) -> str:
    return "steer-" + key.replace(".", "-")


def textual_theme(name: str, theme: Theme) -> TextualTheme:
    c = theme.colours
    return TextualTheme(
        name=f"steer-{name}",
        primary=c["border.selected"],
        secondary=c["text.accent"],
        accent=c["text.accent"],
        warning=c["flag.warn"],
        error=c["activity.error"],
        success=c["diff.added"],
        foreground=c["text.normal"],
        background=c["surface.background"],
        surface=c["surface.panel"],
        panel=c["surface.raised"],
        dark=theme.is_dark,
        variables={**{css_name(key): value for key, value in c.items()}, **_scrollbar(c)},
    )


def _scrollbar(c: dict[str, str]) -> dict[str, str]:
    thumb, track = c["text.faint"], c["surface.raised"]
    return {
        "scrollbar": thumb, "scrollbar-hover": thumb, "scrollbar-active": c["text.muted"],
        "scrollbar-background": track, "scrollbar-background-hover": track,
        "scrollbar-background-active": track, "scrollbar-corner-color": track,
    }  # fmt: skip
