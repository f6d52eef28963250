"""Lines of chrome as spans of text and role: what bars, list and frames are made of before anything draws them.

Text in a span is already safe to draw: literals, or the result of `visible`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from steer.term.visible import visible
from steer.term.width import clip, text_width

MAX_WRAPPED = 64 * 1024  # cells of one line


class Span(NamedTuple):
    """`role`: see `look.look`."""

    text: str
    role: str = "text.normal"


Line = list[Span]


def line_width(line: Iterable[Span]) -> int:
    return sum(text_width(span.text) for span in line)


def fit(line: Line, width: int, ellipsis: str = "…") -> Line:
    """`line` cut to `width` cells; a cut ends in the ellipsis."""
    if line_width(line) <= width:
        return line
    room = max(0, width - text_width(ellipsis))
    kept: Line = []
    for span in line:
        text = clip(span.text, room)
        kept.append(Span(text, span.role))
        room -= text_width(text)
        if text != span.text:
            break
    return [*kept, Span(ellipsis[: max(0, width)], kept[-1].role if kept else "text.normal")]


def spread(left: Line, right: Line, width: int, fill: str = " ", role: str = "text.normal") -> Line:
    """`left` and `right` at the ends of `width` cells with `fill` between; the left gives way first."""
    right = fit(right, width)
    left = fit(left, max(0, width - line_width(right) - (1 if right else 0)))
    gap = max(0, width - line_width(left) - line_width(right))
    return [*left, Span(fill * gap, role), *right]


def plain(line: Iterable[Span]) -> str:
    """Its text alone, for tests and titles."""
    return "".join(span.text for span in line)


def join(parts: Iterable[Line], separator: Span) -> Line:
    """The non-empty parts with `separator` between them."""
    result: Line = []
    for part in parts:
        if part:
            result += [separator, *part] if result else part
    return result


def key_hint(*hints: tuple[str, str]) -> Line:
    """ "x kill   Esc leave it": the last line of a card."""
    line: Line = []
    for key, word in hints:
        line += [Span(key, "text.accent bold"), Span(f" {word}   ", "text.muted")]
    return line


_WORDS = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./~*$-"
)  # may mean something alone


def wrapped(text: str, width: int, role: str) -> list[Line]:
    """Untrusted `text` made visible, all of it, in lines of at most `width` cells, broken after spaces.

    Of a rule (one sign again and again) as much as fits.
    """
    lines: list[Line] = []
    for line in text.splitlines():
        rest = visible(line, MAX_WRAPPED)
        signs = set(rest.strip())
        if len(signs) == 1 and not signs & _WORDS:
            rest = clip(rest, width)
        while True:
            head = clip(rest, width)
            if len(head) < len(rest) and " " in head.strip():
                head = head[: head.rindex(" ") + 1]
            lines.append([Span(head, role)])
            rest = rest[len(head) :]
            if not rest or not head:
                break
    return lines
