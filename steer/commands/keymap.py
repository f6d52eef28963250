"""Which key runs which command: defaults, the user's changes to them, and how keys are written for people.

Keys are kept in Textual's names ("question_mark", "ctrl+right_square_bracket"). Users may write "?" or
"ctrl+]"; people are shown "?" and "^]".
"""

from __future__ import annotations

import difflib
import unicodedata
from dataclasses import dataclass

from steer.commands.command import Command
from steer.commands.registry import COMMANDS
from steer.commands.replay import REPLAY

DEFAULT_LEAVE = ("ctrl+q", "ctrl+right_square_bracket")

# Keys an agent cannot do without: never a leave chord.
NEVER_TAKEN = frozenset({"ctrl+b", "ctrl+c", "ctrl+d", "escape", "enter", "tab", "backspace"})

_RENAMED = {  # Unicode names that Textual shortens (textual.keys.KEY_NAME_REPLACEMENTS)
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
_SHOWN = {
    "enter": "⏎", "space": "space", "pageup": "PgUp", "pagedown": "PgDn", "end": "End", "home": "Home",
    "up": "↑", "down": "↓", "left": "←", "right": "→", "tab": "Tab", "escape": "Esc", "backspace": "⌫",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Keymap:
    """`commands`: key to (command id); `keys`: command id to its keys, the one to show first."""

    commands: dict[str, str]
    keys: dict[str, tuple[str, ...]]

    def shown(self, command: str) -> str:
        """The command's first key as people read it, or "" when it has none."""
        keys = self.keys.get(command, ())
        return show_key(keys[0]) if keys else ""


def normal_key(text: str) -> str:
    """A key as a user writes it, in Textual's name: "?" is "question_mark", "Ctrl+]" names its bracket."""
    if text == "+":
        return "plus"
    *modifiers, key = text.split("+") if not text.endswith("++") else [*text[:-2].split("+"), "+"]
    is_sign = len(key) == 1 and not key.isalnum()
    name = _name(key) if is_sign else (key if len(key) == 1 else key.lower())
    return "+".join([*(m.lower() for m in modifiers), name])


def _name(char: str) -> str:
    name = unicodedata.name(char, "unknown").lower().replace("-", "_").replace(" ", "_")
    return _RENAMED.get(name, name)


def show_key(key: str) -> str:
    """A key for people: "^P", "?", "⏎", "⇧Tab"."""
    *modifiers, name = key.split("+")
    shown = _SHOWN.get(name) or _character(name)
    if "ctrl" in modifiers:
        shown = shown.upper()
    marks = {"ctrl": "^", "shift": "⇧", "alt": "⌥"}
    return "".join(marks.get(m, m + "+") for m in modifiers) + shown


def _character(name: str) -> str:
    if len(name) == 1:
        return name
    full = {short: long for long, short in _RENAMED.items()}.get(name, name)
    for candidate in (full.replace("_", " "), full.replace("_", "-")):
        try:
            return unicodedata.lookup(candidate)
        except KeyError:
            continue
    return name


_ALL_IDS = tuple(command.id for command in (*COMMANDS, *REPLAY))


def resolve_keys(
    overrides: dict[str, list[str]], commands: tuple[Command, ...] = COMMANDS
) -> tuple[Keymap, list[str]]:
    """The keymap of `commands` (the board's, or `replay.REPLAY`) with the user's `overrides` (command id to keys;
    an empty list unbinds), and what is wrong with them: one sentence for each unknown id (with the nearest known
    one) and each key bound twice.

    A key the user gives to a command is taken from the default that had it.
    """
    errors = [_unknown(name) for name in overrides if name not in _ALL_IDS]
    own = {command.id for command in commands}
    chosen = {name: tuple(map(normal_key, keys)) for name, keys in overrides.items() if name in own}
    by_key: dict[str, str] = {}
    for name, keys in chosen.items():
        for key in keys:
            if by_key.setdefault(key, name) != name:
                errors.append(f"key {show_key(key)} is bound to both {by_key[key]} and {name}")
    for command in commands:
        if command.id not in chosen:
            for key in command.keys:
                by_key.setdefault(key, command.id)
    return Keymap(by_key, _by_command(by_key)), errors


def _by_command(commands: dict[str, str]) -> dict[str, tuple[str, ...]]:
    keys: dict[str, tuple[str, ...]] = {}
    for key, name in commands.items():
        keys[name] = (*keys.get(name, ()), key)
    return keys


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, _ALL_IDS, n=1)
    return f"unknown command {name!r} in keys" + (f"; the nearest is {near[0]!r}" if near else "")


def check_leave(chords: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """Leave chords in Textual's names, and a sentence for each that would take a key agents need."""
    keys = tuple(map(normal_key, chords))
    errors = [
        f"{show_key(k)} cannot leave focus: agents need it" for k in keys if k in NEVER_TAKEN or len(k) == 1
    ]
    good = tuple(k for k in keys if k not in NEVER_TAKEN and len(k) > 1)
    return good or DEFAULT_LEAVE, errors


def show_keys(keys: tuple[str, ...]) -> list[str]:
    """Keys for people; a run of digits as one."""
    if len(keys) > 2 and all(key.isdigit() for key in keys):
        return [f"{keys[0]}-{keys[-1]}"]
    return [show_key(k) for k in keys]


def _row(command: Command) -> str:
    keys = ", ".join(f"`{key}`" for key in show_keys(command.keys))
    return f"| {keys} | {command.title} | {command.help} |"


def key_table() -> str:
    """The default keys as Markdown, one table per group."""
    groups: dict[str, list[Command]] = {}
    for command in (*COMMANDS, *REPLAY):
        groups.setdefault(command.group, []).append(command)
    parts = [
        "\n".join(
            [f"**{group}**", "", "| key | command | what it does |", "|---|---|---|", *map(_row, members)]
        )
        for group, members in groups.items()
    ]
    return "\n\n".join(parts) + "\n"
