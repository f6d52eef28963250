"""Printing: JSON for programs, plain lines for people, with untrusted text made visible."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

from steer.term.visible import visible

_LINE_LIMIT = 10_000


def say(text: str) -> None:
    """One line; names, paths and tasks in it come from anywhere, so controls are drawn."""
    print(visible(text, _LINE_LIMIT))


def emit(args: argparse.Namespace, value: Any, show: Callable[[], object]) -> int:
    """`value` as JSON where --json was given, else what `show` prints. Returns 0."""
    if getattr(args, "json", False):
        print(json.dumps(value))
    else:
        show()
    return 0


def table(rows: list[list[str]], header: list[str]) -> None:
    """Columns aligned by their widest cell; the last one is not padded."""
    cells = [[visible(c, 200) for c in row] for row in [header, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    for row in cells:
        print("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip())


def ago(seconds: float) -> str:
    """A duration as people say it: 5s, 12m, 3h, 2d."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds / size:.0f}{unit}"
    return f"{max(seconds, 0):.0f}s"
