"""Key names as the front end reports them -> what a terminal key encoder wants to know.

Names follow Textual's ("ctrl+a", "shift+up", "full_stop"); this module does not import it.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

SHIFT, CTRL, ALT, SUPER = 1, 2, 4, 8  # bits of libghostty's GhosttyMods

_MODIFIERS = {"shift": SHIFT, "ctrl": CTRL, "alt": ALT, "meta": ALT, "super": SUPER, "hyper": SUPER}

_NAMED = {
    "escape": "ESCAPE",
    "enter": "ENTER",
    "return": "ENTER",
    "tab": "TAB",
    "backspace": "BACKSPACE",
    "delete": "DELETE",
    "insert": "INSERT",
    "home": "HOME",
    "end": "END",
    "pageup": "PAGE_UP",
    "pagedown": "PAGE_DOWN",
    "up": "ARROW_UP",
    "down": "ARROW_DOWN",
    "left": "ARROW_LEFT",
    "right": "ARROW_RIGHT",
    **{f"f{n}": f"F{n}" for n in range(1, 25)},
}

_PUNCTUATION = {
    " ": "SPACE",
    "`": "BACKQUOTE",
    "\\": "BACKSLASH",
    "[": "BRACKET_LEFT",
    "]": "BRACKET_RIGHT",
    ",": "COMMA",
    "=": "EQUAL",
    "-": "MINUS",
    ".": "PERIOD",
    "'": "QUOTE",
    ";": "SEMICOLON",
    "/": "SLASH",
}

# Names Textual shortens; the rest are Unicode names in lower case with underscores.
_SHORT_NAMES = {
    "space": " ",
    "at": "@",
    "slash": "/",
    "backslash": "\\",
    "minus": "-",
    "plus": "+",
    "underscore": "_",
}


@dataclass(frozen=True, slots=True)
class KeyPress:
    """One key: `physical` is libghostty's key name without its prefix, `text` what it types, `mods` bits."""

    physical: str
    text: str
    mods: int
    unshifted: int  # code point of the key without modifiers, 0 where it types nothing


def parse_key(name: str, character: str | None) -> KeyPress | None:
    """The key press called `name`; None where it means nothing to a terminal (an ignored or mouse key)."""
    mods, base = _split_modifiers(name)
    if base in _NAMED:
        return KeyPress(_NAMED[base], "", mods, 0)
    char = _base_character(base, character)
    if char is None:
        return None
    physical = _physical(char)
    text = "" if mods & (CTRL | SUPER) else char
    if char.isalpha() and char.upper() == char and char.lower() != char:
        mods |= SHIFT
    return KeyPress(physical, text, mods, ord(char.lower()[0]))


def legacy_control(press: KeyPress) -> bytes:
    """The C0 code of ctrl+`press` where the encoder has none (ctrl+_, ctrl+@, ctrl+shift+letter), else nothing."""
    if not press.mods & CTRL or not 0x3F <= press.unshifted <= 0x7E:
        return b""
    code = 0x7F if press.unshifted == 0x3F else press.unshifted & 0x1F
    return (b"\x1b" if press.mods & ALT else b"") + bytes([code])


def _split_modifiers(name: str) -> tuple[int, str]:
    mods = 0
    while "+" in name[:-1]:
        head, rest = name.split("+", 1)
        if head not in _MODIFIERS:
            break
        mods |= _MODIFIERS[head]
        name = rest
    return mods, name


def _base_character(base: str, character: str | None) -> str | None:
    if len(base) == 1:
        return base
    if base in _SHORT_NAMES:
        return _SHORT_NAMES[base]
    if base.startswith("upper_") and len(base) == 7:
        return base[6:].upper()
    try:
        return unicodedata.lookup(base.replace("_", " ").upper())
    except KeyError:
        printable = character is not None and len(character) >= 1 and character.isprintable()
        return character if printable else None


def _physical(char: str) -> str:
    if char.isascii() and char.isalpha():
        return char.upper()
    if char.isascii() and char.isdigit():
        return f"DIGIT_{char}"
    return _PUNCTUATION.get(char, "UNIDENTIFIED")
