"""Times for people, and times that people write."""

from __future__ import annotations

import re

_WRITTEN = re.compile(r"(?:(?:(\d{1,6}):)?(\d{1,6}):)?(\d{1,9}(?:\.\d{1,6})?)s?", re.ASCII)


def clock(seconds: float, *, tenths: bool = False) -> str:
    """ "0:07", "12:05.3", "1:02:33"."""
    ticks = int(max(0.0, seconds) * 10 + 1e-6)
    whole, tenth = divmod(ticks, 10)
    minutes, s = divmod(whole, 60)
    hours, m = divmod(minutes, 60)
    text = f"{hours}:{m:02}:{s:02}" if hours else f"{m}:{s:02}"
    return f"{text}.{tenth}" if tenths else text


def parse_clock(text: str) -> float | None:
    """Seconds from "90", "1:30", "1:02:33.5"; None for anything else."""
    found = _WRITTEN.fullmatch(text.strip())
    if not found:
        return None
    hours, minutes, seconds = found.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds)
