"""What an agent's screen and title say about what it is doing, as rules that are data.

Used where an agent has no better source (OSC 7501). The first rule that matches wins; if none does, the answer
is unknown. A rule reads one region only, so a word in an old message is not taken for a prompt.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from steer.model.session import Activity

REGIONS = ("title", "screen", "bottom", "last")
BOTTOM_LINES = 12  # non-empty lines above the end of the screen: input box, footer, dialog


@dataclass(frozen=True, slots=True)
class Rule:
    """`region`: title | screen | bottom (the last 12 non-empty lines) | last (the last non-empty line)."""

    id: str
    activity: Activity
    region: str
    pattern: re.Pattern[str]
    kind: str = ""  # permission | question | auth | ... for asking and error
    hint: str = ""  # what to do about it, one sentence


@dataclass(frozen=True, slots=True)
class Match:
    rule: str
    activity: Activity
    text: str  # what matched, at most 120 characters; untrusted
    region: str = "screen"
    kind: str = ""
    hint: str = ""


def judge(rules: Sequence[Rule], title: str, lines: Sequence[str]) -> Match | None:
    """The first rule that matches, or None: unknown. `lines` are the screen's rows as plain text."""
    filled = [line.rstrip() for line in lines if line.strip()]
    regions = {
        "title": title,
        "screen": "\n".join(filled),
        "bottom": "\n".join(filled[-BOTTOM_LINES:]),
        "last": filled[-1] if filled else "",
    }
    for rule in rules:
        if found := rule.pattern.search(regions[rule.region]):
            words = rule.kind or " ".join(found.group(0).split())
            return Match(rule.id, rule.activity, words[:120], rule.region, rule.kind, rule.hint)
    return None
