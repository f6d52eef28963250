"""Rows with SGR sequences, as the emulator gives them, read as runs of one style."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SGR = re.compile(r"\x1b\[([0-9;:]*)m")


def runs(row: str) -> list[tuple[str, str]]:
    """(text, style) in order; a style is the SGR parameters since the last reset, "" for the default."""
    found: list[tuple[str, str]] = []
    style, at = "", 0
    for match in _SGR.finditer(row):
        if match.start() > at:
            found.append((row[at : match.start()], style))
        style, at = _styled(style, match.group(1)), match.end()
    if at < len(row):
        found.append((row[at:], style))
    return found


def _styled(style: str, parameters: str) -> str:
    if parameters in ("", "0"):
        return ""
    if parameters.startswith("0;"):
        return parameters[2:]
    return f"{style};{parameters}" if style else parameters


def cells(row: str) -> list[tuple[str, str]]:
    """(character, style) for every character of the row."""
    return [(char, style) for text, style in runs(row) for char in text]


def is_dim(style: str) -> bool:
    """Whether the style holds "faint" (SGR 2) itself, not the 2 of a colour's parameters."""
    parts = re.sub(r"[345]8[;:][25](?:[;:]\d+)*", "", style)
    return "2" in re.split("[;:]", parts)


def distinct_run(row: str, labels: Sequence[str]) -> int:
    """Index of the one label that is drawn in another style than the rest; -1 where no single one is."""
    styles: list[str] = []
    characters = cells(row)
    text = "".join(char for char, _ in characters)
    at = 0
    for label in labels:
        at = text.find(label, at)
        if at < 0:
            return -1
        styles.append(characters[at][1])
        at += len(label)
    alone = [i for i, style in enumerate(styles) if styles.count(style) == 1]
    if len(labels) == 2 or len(alone) != 1:
        return -1
    return alone[0]
