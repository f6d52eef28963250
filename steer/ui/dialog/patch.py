"""A unified patch as coloured lines: what was added and removed, and the language's own structure in it."""

from __future__ import annotations

from functools import lru_cache

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_for_filename
from pygments.token import Comment, Keyword, Literal, Name, Token, _TokenType
from pygments.util import ClassNotFound

from steer.term.visible import visible
from steer.ui.line import Line, Span

_MAX_LINE = 1000
_TAB = "    "
# Pygments token -> attribute roles that exist in every theme; colours of add and remove stay readable under them.
_ROLES: tuple[tuple[_TokenType, str], ...] = (
    (Comment, "text.muted italic"),
    (Keyword, "text.accent"),
    (Literal.String, "activity.idle"),
    (Literal.Number, "activity.asking"),
    (Name.Function, "text.normal bold"),
    (Name.Class, "text.normal bold"),
)


def patch_lines(path: str, patch: str, *, is_binary: bool) -> list[Line]:
    """The patch of one file; its `diff --git` header is left out, hunks keep theirs."""
    if is_binary:
        return [[Span("  a binary file", "text.muted")]]
    lexer = _lexer(path)
    lines: list[Line] = []
    is_body = False
    for raw in patch.split("\n"):
        if raw.startswith("@@"):
            is_body = True
            lines += [[], [Span(f"  {visible(raw, _MAX_LINE)}", "text.faint")]]
        elif is_body and raw:
            lines.append(_body_line(raw, lexer))
        elif raw.startswith(("old mode", "new mode", "rename ", "similarity", "deleted file", "new file")):
            lines.append([Span(f"  {visible(raw, _MAX_LINE)}", "text.muted")])
    return lines or [[Span("  no lines changed", "text.muted")]]


def _body_line(raw: str, lexer: Lexer | None) -> Line:
    sign, text = raw[:1], visible(raw[1:].replace("\t", _TAB), _MAX_LINE)
    if sign == "+":
        return [Span("▎ + ", "diff.added"), *_code(text, lexer)]
    if sign == "-":
        return [Span("▎ − ", "diff.removed"), Span(text, "diff.removed dim")]
    if sign == "\\":
        return [Span(f"    {text}", "text.faint")]
    return [Span("    "), *(Span(s.text, f"{s.role} dim") for s in _code(text, lexer))]


def _code(text: str, lexer: Lexer | None) -> Line:
    if lexer is None:
        return [Span(text)]
    return [Span(part, _role(kind)) for kind, part in lexer.get_tokens(text) if part.strip("\n")] or [
        Span(text)
    ]


@lru_cache(maxsize=256)
def _role(kind: _TokenType) -> str:
    for known, role in _ROLES:
        if kind in known:
            return role
    return "text.muted" if kind in Token.Generic else "text.normal"


@lru_cache(maxsize=64)
def _lexer(path: str) -> Lexer | None:
    try:
        return get_lexer_for_filename(path, stripnl=False, ensurenl=False, stripall=False)
    except ClassNotFound:
        return None
