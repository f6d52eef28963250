"""Dialogs of agents, read from their settled screens: what is asked, the choices, and the keys that choose them.

A profile describes each dialog as data; one function reads them all. A dialog stands at the end of the screen:
the same words further up are an old message or a file's text and are never taken for one.

[[dialog]]
id = "permission"
kind = "permission"               see `model.ask.AskKind`
sign = "Do you want to"           regular expression that its text contains
above = "^─{20,}"                 the line above its text; or
begin = "^  Would you like"       its first line; where neither is on the screen the dialog is not whole
context = 3                       or: its text is the question and so many lines above
end = "^ Esc to cancel"           its last line, within the last lines of the screen
choice = "^ (?P<mark>❯)? *(?P<number>\\d)\\. (?P<label>.*)"     one choice: mark, number, label, key; label2, key2
row = true                        the choices stand side by side in one line: `choice` finds each
keys = "digit"                    how one is chosen: digit | letter (group or "(y)" at the label's end) | arrows | tabs
confirm = ["enter"]               keys after a letter or after the arrows
once = "^Yes$", deny = "^No"      labels: plainly yes, for this time; no
words = "^Type something"         label: choosing it opens a line for an answer in words
tool = [["^ *Bash command", "Bash"]]  patterns of its text -> the tool's name
subject = ["\\$ (.*)"]            patterns of its text -> what the tool is used with
frame = "│"                       characters that frame its lines
early = true                      it stands before the agent reports anything, or while it reports to be idle
can_answer = false                it is shown, but answered only in its terminal; then `choice` may be missing
hint = "..."                      what to do about it, one sentence
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from steer.agents.style import distinct_run
from steer.errors import ConfigError
from steer.model.ask import Ask, AskKind, Choice, Meaning

KEYS = ("digit", "letter", "arrows", "tabs")
END_LINES = 3  # filled lines at the end of the screen among which a dialog's last line must be
MAX_CHOICES = 12
_NAMED_KEYS = {"esc": "escape", "return": "enter", "space": "space", "tab": "tab"}
_KEY_AT_END = re.compile(r"\s*\((\w{1,6})\)$")


@dataclass(frozen=True, slots=True)
class Dialog:
    id: str
    kind: AskKind
    end: re.Pattern[str]
    choice: re.Pattern[str] | None = None
    sign: re.Pattern[str] | None = None
    above: re.Pattern[str] | None = None
    begin: re.Pattern[str] | None = None
    once: re.Pattern[str] | None = None
    deny: re.Pattern[str] | None = None
    words: re.Pattern[str] | None = None
    context: int = 0
    row: bool = False
    keys: str = "digit"
    confirm: tuple[str, ...] = ("enter",)
    tool: tuple[tuple[re.Pattern[str], str], ...] = ()
    subject: tuple[re.Pattern[str], ...] = ()
    frame: str = ""
    early: bool = False
    can_answer: bool = True
    hint: str = ""


_PATTERNS = ("choice", "end", "sign", "above", "begin", "once", "deny", "words")
_PLAIN: dict[str, type] = {
    "context": int,
    "row": bool,
    "keys": str,
    "frame": str,
    "early": bool,
    "can_answer": bool,
    "hint": str,
}


def read_dialog(data: Any, where: str) -> Dialog:
    """A `[[dialog]]` table. Raises `ConfigError` naming the file and what is wrong."""
    try:
        values = {key: _read_value(key, value) for key, value in data.items() if key != "id"}
        dialog = Dialog(str(data["id"]), **values)
        if dialog.can_answer and dialog.choice is None:
            raise ValueError("choice is missing")
        if dialog.keys not in KEYS:
            raise ValueError(f"keys is one of {', '.join(KEYS)}")
        return dialog
    except (AttributeError, KeyError, TypeError, ValueError, re.error) as e:
        raise ConfigError(f"{where}: a dialog is incomplete or wrong: {e}", "id, kind, choice, end") from e


def _read_value(key: str, value: Any) -> Any:
    if key in _PATTERNS:
        return re.compile(value, re.M)
    if key in _PLAIN and type(value) is _PLAIN[key]:
        return value
    match key:
        case "kind":
            return AskKind(value)
        case "confirm":
            return tuple(map(str, value))
        case "tool":
            return tuple((re.compile(pattern, re.M), str(name)) for pattern, name in value)
        case "subject":
            return tuple(re.compile(pattern, re.M) for pattern in value)
    raise ValueError(f"{key} = {value!r}")


def read_ask(
    dialogs: Sequence[Dialog], lines: Sequence[str], styled: Sequence[str] = (), *, only_early: bool = False
) -> tuple[Ask, Dialog] | None:
    """The dialog at the end of a settled screen, None where there is none that is known.

    `lines` are the screen's rows as plain text, `styled` the same with SGR sequences: where choices stand side by
    side, only their style says which one is selected. `only_early`: those that stand before an agent reports.
    """
    filled = [i for i, line in enumerate(lines) if line.strip()]
    for dialog in dialogs:
        if only_early and not dialog.early:
            continue
        for end in reversed(filled[-END_LINES:]):
            if dialog.end.search(_unframed(dialog, lines[end])):
                ask = _read(dialog, lines, styled, end)
                if ask is not None:
                    return ask, dialog
                break
    return None


@dataclass(slots=True)
class _Found:
    """One choice on the screen."""

    line: int
    label: str
    number: str = ""
    key: str = ""
    is_marked: bool = False


def _read(dialog: Dialog, lines: Sequence[str], styled: Sequence[str], end: int) -> Ask | None:
    plain = [_unframed(dialog, line) for line in lines[: end + 1]]
    found = _found(dialog, plain, end)
    if not found and dialog.choice:
        return None
    below = found[0].line if found else end
    first, is_whole = _first_line(dialog, plain, below)
    stop = below + (1 if dialog.row and dialog.context else 0)
    text = _text(plain[first:stop])
    if dialog.sign and not dialog.sign.search(text):
        return None
    selected = _selected(dialog, found, styled)
    choices = _choices(dialog, found, selected) if dialog.can_answer else ()
    return Ask(
        kind=dialog.kind,
        title=_title(dialog, text),
        text=text,
        choices=choices,
        selected=selected if choices else -1,
        tool=next((name for pattern, name in dialog.tool if pattern.search(text)), ""),
        subject=_subject(dialog, text) if is_whole else "",
        source="screen",
        is_whole=is_whole,
        takes_text=any(c.means is Meaning.WORDS for c in choices),
    )


def _found(dialog: Dialog, plain: list[str], end: int) -> list[_Found]:
    if dialog.choice is None:
        return []
    if dialog.row:
        return _in_a_row(dialog.choice, plain, end)
    return _in_a_list(dialog.choice, plain, end)


def _unframed(dialog: Dialog, line: str) -> str:
    if not dialog.frame:
        return line.rstrip()
    return line.strip().strip(dialog.frame).rstrip()


def _in_a_list(choice: re.Pattern[str], plain: list[str], end: int) -> list[_Found]:
    """Choices one below the other, upwards from the dialog's end; what stands between belongs to the one above."""
    found: list[_Found] = []
    rest: list[str] = []
    for i in range(end, -1, -1):
        match = choice.search(plain[i])
        if match is None:
            if i < end and found and not found[-1].number:
                break  # unnumbered ones stand without a gap
            rest.append("" if i == end or _is_rule(plain[i]) else plain[i].strip())
            continue
        label = " ".join(filter(None, [_group(match, "label"), *reversed(rest)]))
        found.append(_Found(i, label, _group(match, "number"), "", bool(_group(match, "mark"))))
        rest = []
        if found[-1].number == "1" or len(found) > MAX_CHOICES:
            break
    found.reverse()
    numbers = [f.number for f in found]
    return found if not any(numbers) or numbers == [str(n + 1) for n in range(len(found))] else []


def _group(match: re.Match[str], name: str) -> str:
    """A group's text; "" where the pattern has no such group or it took no part."""
    return (match.groupdict().get(name) or "").strip()


def _is_rule(line: str) -> bool:
    return not line.strip("─╌━ ")


def _in_a_row(choice: re.Pattern[str], plain: list[str], end: int) -> list[_Found]:
    """Choices side by side in the last line that holds any."""
    for i in range(end, max(end - END_LINES, -1), -1):
        found = [
            _Found(i, _group(m, "label") or _group(m, "label2"), "", _group(m, "key") or _group(m, "key2"))
            for m in choice.finditer(plain[i])
        ]
        if found:
            return found
    return []


def _first_line(dialog: Dialog, plain: list[str], choices: int) -> tuple[int, bool]:
    """(index of the first line of the dialog's text, whether the dialog's top is on the screen)."""
    if dialog.context:
        return max(choices - dialog.context, 0), True
    for i in range(choices - 1, -1, -1):
        if dialog.above and dialog.above.search(plain[i]):
            return i + 1, True
        if dialog.begin and dialog.begin.search(plain[i]):
            return i, True
    return 0, not (dialog.above or dialog.begin)


def _text(lines: Sequence[str]) -> str:
    """The lines without their common indentation and the empty ones around them."""
    filled = [line for line in lines if line.strip()]
    indent = min((len(line) - len(line.lstrip()) for line in filled), default=0)
    return "\n".join(line[indent:] for line in lines).strip("\n")


def _title(dialog: Dialog, text: str) -> str:
    """The first line, or the question where the lines above it are only its context."""
    filled = [line.strip() for line in text.split("\n") if line.strip()]
    return filled[-1 if dialog.context else 0] if filled else ""


def _subject(dialog: Dialog, text: str) -> str:
    """What the tool is to be used with; line breaks of the screen stay in it, since they may be the agent's."""
    for pattern in dialog.subject:
        if match := pattern.search(text):
            lines = match.group(1).strip().split("\n")
            return "\n".join(line.strip(f" {dialog.frame}") for line in lines)
    return ""


def _selected(dialog: Dialog, found: list[_Found], styled: Sequence[str]) -> int:
    if dialog.row and found and found[0].line < len(styled):
        return distinct_run(styled[found[0].line], [f.label for f in found])
    return next((i for i, f in enumerate(found) if f.is_marked), -1)


def _choices(dialog: Dialog, found: list[_Found], selected: int) -> tuple[Choice, ...]:
    """The choices with their keys; none where one has no keys."""
    made = [_choice(dialog, f, i, selected) for i, f in enumerate(found)]
    return tuple(made) if all(c.keys for c in made) else ()


def _choice(dialog: Dialog, found: _Found, index: int, selected: int) -> Choice:
    label = found.label
    keys: tuple[str, ...] = ()
    if dialog.keys in ("arrows", "tabs"):
        keys = _way(dialog, selected, index)
    elif dialog.keys == "letter":
        at_end = _KEY_AT_END.search(label)
        key = found.key or (at_end.group(1) if at_end else "")
        label = _KEY_AT_END.sub("", label)
        keys = _letter(dialog, key) if key else (found.number,)
        if len(found.key) == 1:
            label = found.key + label  # "(Y)es"
    elif found.number:
        keys = (found.number,)
    return Choice(label, keys, _meaning(dialog, label))


def _way(dialog: Dialog, selected: int, index: int) -> tuple[str, ...]:
    if selected < 0:
        return ()
    back, on = ("up", "down") if dialog.keys == "arrows" else ("left", "right")
    steps = index - selected
    return (*((on if steps > 0 else back,) * abs(steps)), *dialog.confirm)


def _letter(dialog: Dialog, key: str) -> tuple[str, ...]:
    name = _NAMED_KEYS.get(key.lower(), key.lower())
    return (name, *dialog.confirm) if dialog.row else (name,)


def _meaning(dialog: Dialog, label: str) -> Meaning:
    for pattern, meaning in (
        (dialog.once, Meaning.ONCE),
        (dialog.deny, Meaning.DENY),
        (dialog.words, Meaning.WORDS),
    ):
        if pattern and pattern.search(label):
            return meaning
    return Meaning.OTHER
