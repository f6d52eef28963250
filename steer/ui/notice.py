"""Notices for the operator: the newest is shown, equal ones in a row are counted, old ones go."""

from __future__ import annotations

from dataclasses import dataclass, replace

SHOWN_S = 8.0

_ORDER = {"information": 0, "warning": 1, "error": 2}


@dataclass(frozen=True, slots=True)
class Notice:
    """`text` is as it came, untrusted; `at` in seconds of the caller's clock."""

    text: str
    severity: str
    at: float
    count: int = 1


def merged(shown: Notice | None, new: Notice) -> Notice:
    """What to show when `new` arrives over `shown`: a fresh error is not hidden by something milder."""
    if shown is None or new.at - shown.at >= SHOWN_S:
        return new
    if shown.text == new.text:
        return replace(new, count=shown.count + 1)
    milder = _ORDER.get(new.severity, 0) < _ORDER.get(shown.severity, 0)
    return shown if milder else new
