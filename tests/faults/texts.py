"""Hostile texts: twenty kinds by hand, as many more as wanted by a grammar; and what a terminal may be sent."""

from __future__ import annotations

import random
import re

HOSTILE = {
    "osc52": "\x1b]52;c;cHduZWQ=\x07",
    "title": "\x1b]0;owned\x07",
    "report": "\x1b[6n\x1b[c",
    "link": "\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\",
    "c1": "\x9b31m\x9d0;x\x9c",
    "clear": "\x1b[2J\x1b[H\x1bc",
    "markup": "error [/foo] here",
    "action": "[@click=app.quit]click[/]",
    "style": "[bold red]x[/bold red]",
    "open": "[[[",
    "bidi": "abc\u202edef\u2066\u2069",
    "zero": "a\u200b\u200d\ufeffb",
    "tags": "x\U000e0041\U000e007f",
    "zalgo": "a" + "\u0301\u0489" * 5000,
    "surrogate": "\ud800\udcff",
    "lines": "a\nb\r\nc\u2028d\te",
    "null": "\x00\x01\x02\x7f",
    "emoji": "👨\u200d👩\u200d👧⚠\ufe0f🇩🇪",
    "huge": "x" * 1_000_000,
    "empty": "",
}

# What the UI may write: text, SGR, cursor places, erase, synchronized output, the cursor's look, and the modes
# and queries with which Textual opens and closes a terminal.
ALLOWED = re.compile(
    r"(?:[^\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
    r"|\x1b\[[0-9;:]*m"
    r"|\x1b\[[0-9]*;?[0-9]*H|\x1b\[[0-9]+G"
    r"|\x1b\[\?2026[hl]|\x1b\[\?25[hl]|\x1b\[[0-9] q"
    r"|\x1b\]22;[a-z]+\x07"  # the mouse pointer's shape, by Textual
    r"|\n)*"
)


_CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?|\r\n|.", re.DOTALL
)


def not_allowed(text: str, besides: frozenset[str] = frozenset()) -> list[str]:
    """Each control sequence or character in `text` that neither `ALLOWED` nor `besides` has, as it stands there."""
    found, at = [], 0
    while (at := ALLOWED.match(text, at).end()) < len(text):  # type: ignore[union-attr]  # it matches nothing, too
        other = _CONTROL.match(text, at)
        assert other
        if other[0] not in besides:
            found.append(other[0])
        at = other.end()
    return found


_STRINGS = ("\x1b]", "\x1bP", "\x1b_", "\x1b^", "\x1bX", "\x9d", "\x90")
_ENDS = ("\x07", "\x1b\\", "\x9c", "")
_BODIES = (
    "0;owned", "2;owned", "52;c;cHduZWQ=", "8;;http://evil", "8;;file:///etc/passwd", "9;look", "10;?", "4;1;?", "50;x",
    "777;notify;a;b", "1337;File=name=eA==:AAAA", "7501;state=blocked:msg=eA==", "133;D;0", "7;file://h/", "104", "$qm",
    "+q544e", "Gi=1,a=q;eA==", "22;wait",
)  # fmt: skip
_PARAMETERS = ("", "0", "1", "2", "5", "6", "25", "47", "1000", "1003", "1004", "1049", "2004", "2026", "2031", "9999",
               "4294967296", "1;1", "38;5;1", "38:2::1:2:3", "?", ">", "=", "<", "!", "$", " ")  # fmt: skip
_FINALS = "@ABCDEFGHIJKLMPSTXZ`abcdefghijklmnpqrstuvwxyz{|}~"
_CHARACTERS = (
    "\u202e", "\u2066", "\u2069", "\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u061c", "\u180e", "\u2028",
    "\u2029", "\u0085", "\x00", "\x08", "\x0b", "\x0c", "\x0e", "\x0f", "\x18", "\x1a", "\x7f", "\x84", "\x9b", "\x9f",
    "\ud800", "\udcff", "\udc1b", "\ue000", "\ufff9", "\uffff", "\U000e0041", "\U000e0100", "\ufe0f", "\u20e3",
    "\u0301", "\u0e33", "\u115f", "\u3164", "\uffa0", "\U0001f1e9", "👨\u200d👩", "日", "é", "ﷺ", "𒐫", "\U0010ffff",
)  # fmt: skip
_MARKUP = (
    "[/]", "[/foo]", "[bold]", "[@click=app.quit]", "[@click=app.pwn]x[/]", "[link=http://evil]", "[$primary]", "[on",
    "[[", "]]", "\\[", "[b", "[#fff on red]", "[not a tag]", "[/bold red]", "[@click=screen.dismiss(True)]", "[:x:]",
    ":smile:", "{}", "{0}", "%s", "$HOME", "<b>", "&amp;", "../..", "-rf", "`id`", "$(id)", "'; --", "\\x1b[31m", "^[",
)  # fmt: skip


def hostile(chance: random.Random, most: int = 8) -> str:
    """Some pieces of terminal grammar, markup, odd characters and plain words, now and then very many of one."""
    pieces = []
    for _ in range(chance.randint(1, most)):
        kind = chance.randrange(7)
        if kind == 0:
            pieces.append(chance.choice(_STRINGS) + chance.choice(_BODIES) + chance.choice(_ENDS))
        elif kind == 1:
            opening = chance.choice(("\x1b[", "\x1b[?", "\x1b[>", "\x9b"))
            pieces.append(opening + chance.choice(_PARAMETERS) + chance.choice(_FINALS))
        elif kind == 2:
            pieces.append("\x1b" + chr(chance.randrange(0x20, 0x7F)))
        elif kind == 3:
            pieces.append(chance.choice(_MARKUP))
        elif kind == 4:
            pieces.append(chance.choice(_CHARACTERS) * chance.choice((1, 1, 1, 3, 100)))
        elif kind == 5:
            pieces.append(chr(chance.randrange(0x110000)))
        else:
            pieces.append(chance.choice(("words", "a/b.py", "x" * 300, "\r\n", "\t", " ")))
    return "".join(pieces)


def as_bytes(text: str) -> bytes:
    """As a program would print it: half characters as the bytes that they stand for, C1 in both encodings."""
    data = text.encode("utf-8", "surrogatepass")
    return data.replace(b"\xc2\x9b", b"\x9b") if len(text) % 2 else data
