"""How an agent takes a message: the keys of each mode, its input box, and what it would take for a command.

[message]
default = "steer"                  mode used where none is chosen: steer | queue | interrupt
steer = ["enter"]                  keys that send while it works, so that it reads it within the turn; none: it cannot
queue = ["tab"]                    keys that leave it with the agent until the turn is over; none: steer holds it
box = '(?m)^› (?P<text>.*)$'       the input box in the text of the screen; its last match counts
frame = "┃"                        characters that frame the lines in the box
placeholder = '^Ask Codex'         words in the empty box (dim ones are known anyway)
stash = ["ctrl+s"]                 keys that put a half-typed draft aside; it comes back by itself
cut = ["ctrl+e", "ctrl+u"]         keys that empty the box of a draft of one line
commands = "/!"                    first characters of what it takes for a command
guard = "Note: "                   put before a text that begins so
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from steer.agents.style import cells, is_dim
from steer.errors import ConfigError

MODES = ("steer", "queue", "interrupt")
BOX_LINES = 8  # filled lines that may stand below an input box: footers
_PASTED = re.compile(r"\[Pasted ")  # agents show a long paste as "[Pasted text #1 +12 lines]"
_COMPARED = 40  # characters by which a text is recognised


@dataclass(frozen=True, slots=True)
class Message:
    default: str = "steer"
    steer: tuple[str, ...] = ("enter",)
    queue: tuple[str, ...] = ()
    box: re.Pattern[str] | None = None
    frame: str = ""
    placeholder: re.Pattern[str] | None = None
    stash: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    commands: str = ""
    guard: str = ""

    def guarded(self, text: str) -> str:
        """`text`, or the text with the guard before it where the agent would take it for a command."""
        start = text.lstrip()[:1]
        return self.guard + text.lstrip() if start and start in self.commands else text


def read_message(data: Any, where: str) -> Message:
    """The `[message]` table. Raises `ConfigError` naming file and key."""
    values: dict[str, Any] = {}
    try:
        for key, value in data.items():
            if key in ("steer", "queue", "stash", "cut"):
                values[key] = tuple(map(str, value))
            elif key in ("box", "placeholder"):
                values[key] = re.compile(value, re.M)
            elif key in ("default", "frame", "commands", "guard") and isinstance(value, str):
                values[key] = value
            else:
                raise ValueError(f"{key} = {value!r}")
        message = Message(**values)
        if message.default not in MODES:
            raise ValueError(f"default is one of {', '.join(MODES)}")
        if message.box and "text" not in message.box.groupindex:
            raise ValueError("box has no group (?P<text>...)")
    except (AttributeError, TypeError, ValueError, re.error) as e:
        raise ConfigError(f"{where}: [message] is wrong: {e}") from e
    return message


def read_box(message: Message, lines: Sequence[str], styled: Sequence[str]) -> str | None:
    """What stands in the input box, "" where it is empty; None where no box is on the screen or none is known."""
    if message.box is None:
        return None
    text = "\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n"
    match = next(reversed(list(message.box.finditer(text))), None)
    if match is None or _filled(text[match.end("text") :]) > BOX_LINES:
        return None
    first = text.count("\n", 0, match.start("text"))
    column = match.start("text") - (text.rfind("\n", 0, match.start("text")) + 1)
    inside = [line.strip(f" \u00a0{message.frame}") for line in match.group("text").split("\n")]
    found = "\n".join(inside).strip()
    is_hint = bool(message.placeholder and message.placeholder.search(found))
    if first < len(styled) and "\n" not in found:
        is_hint = is_hint or _is_placeholder(styled[first], column)
    return "" if is_hint else found


def _filled(text: str) -> int:
    return sum(1 for line in text.split("\n") if line.strip())


def _is_placeholder(row: str, column: int) -> bool:
    """Whether what stands there is drawn dim; its first character may be under the cursor."""
    shown = [(char, style) for char, style in cells(row)[column:] if char.strip()]
    return len(shown) > 1 and all(is_dim(style) for _, style in shown[1:])


def is_in_box(box: str, text: str) -> bool:
    """Whether what stands in the box is (a part of) the text."""
    if _PASTED.search(box):
        return True
    shown, wanted = _packed(box), _packed(text)
    if not shown or not wanted:
        return False
    return shown[-_COMPARED:] in wanted or wanted[:_COMPARED] in shown


def is_same(told: str, text: str) -> bool:
    """Whether a text that the agent says it was told is the one that was typed; white space may differ."""
    return _packed(text) in _packed(told)


def _packed(text: str) -> str:
    return "".join(text.split())
