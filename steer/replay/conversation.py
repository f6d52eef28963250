"""A transcript as a recording: what was told, said and done, drawn like a terminal session, at its true times.

Pure: entries in, events out, so that everything that works on recordings works on transcripts. The texts are the
agent's and untrusted: they pass through `visible` line by line, and every escape sequence is from here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from steer.model.step import (
    BECOMES,
    Arrival,
    Conversing,
    Entry,
    Said,
    Step,
    StepKind,
    Told,
    TurnEnd,
    TurnEnded,
)
from steer.record.reader import Event, Header, Kind
from steer.term.visible import visible

COLS, ROWS = 100, 32
MAX_LINES = 40  # of a result: its head and its tail; the transcript has the rest
MAX_EDIT_LINES = 200
_MAX_LINE = 4000  # cells of one line
_MAX_LABEL = 200
_OPERATOR, _AGENT, _ACTION, _FAINT = "1;36", "", "1", "2"
_ADDED, _REMOVED, _ERROR = "32", "31", "31"


class Drawing:
    """Feed it entries in order; `header` is known from the first one with a time on."""

    def __init__(self, title: str = "", flags: Callable[[Entry], Iterable[str]] = lambda _: ()) -> None:
        """`flags`: what is to be flagged at an entry, one mark's text each."""
        self._flags = flags
        self.header = Header(cols=COLS, rows=ROWS, title=title)
        self._began = 0.0
        self._at = 0.0
        self._open: str = ""  # id of the step whose action was drawn last: its result needs no name
        self._ended: set[str] = set()

    def draw(self, entries: Iterable[Entry]) -> Iterator[Event]:
        for entry in entries:
            self._note_time(entry)
            lines, label = self._lines(entry)
            if label:
                yield Event(self._at, Kind.MARKER, text=_shown(label.partition("\n")[0], _MAX_LABEL))
            if lines:
                yield Event(self._at, Kind.OUTPUT, "".join(f"{line}\r\n" for line in lines).encode())
            for flag in self._flags(entry):
                yield Event(self._at, Kind.MARKER, text=_shown(f"flag: {flag}", _MAX_LABEL))

    def _note_time(self, entry: Entry) -> None:
        at = entry.ended_at if isinstance(entry, Step) and entry.is_over else entry.at
        if at and not self._began:
            self._began = at
            self.header = Header(cols=COLS, rows=ROWS, title=self.header.title, timestamp=at)
        self._at = max(self._at, at - self._began) if at else self._at

    def _lines(self, entry: Entry) -> tuple[list[str], str]:
        """What is drawn, and the mark's label."""
        match entry:
            case Step():
                return self._step(entry)
            case Told(text=text, arrival=Arrival.QUEUED):  # drawn in full when the agent reads it
                return [_styled(f"  (queued) {_shown(text, COLS - 12)}", _FAINT)], ""
            case Told(text=text):
                self._open = ""
                return ["", *_block(text, "> ", _OPERATOR)], f"told: {text}"
            case Said(text=text):
                self._open = ""
                return ["", *_block(text, "● ", _AGENT)], ""
            case TurnEnded(end=end, text=text) if end is not TurnEnd.DONE:
                self._open = ""
                words = f"{end.value}: {text}" if text else end.value
                return ["", *_block(words, "✗ ", _ERROR)], words
            case Conversing(id=id, cwd=cwd, model=model):
                words = " · ".join(w for w in ("conversation", id[:8], model, cwd) if w)
                return [_styled(_shown(words), _FAINT)], ""
        return [], ""

    def _step(self, step: Step) -> tuple[list[str], str]:
        if not step.is_over:
            self._open = step.id
            return ["", *_action(step)], f"step {step.tool}: {step.action}"
        if step.id in self._ended:
            return [], ""
        self._ended.add(step.id)
        lines = [] if self._open == step.id else ["", *_action(step)[:1]]
        self._open = ""
        has_failed = step.is_error or step.exit not in (None, 0)
        status = f" (status {step.exit})" if step.exit else ""
        label = f"failed{status}: {step.tool}: {step.action}" if has_failed else ""
        if has_failed:
            lines.append(_styled(f"  ✗ failed{status}", _ERROR))
        return lines + _result(step.result, _ERROR if has_failed else _FAINT), label


def _action(step: Step) -> list[str]:
    if step.kind is StepKind.EDIT:
        return _edit(step)
    sign = "$ " if step.kind is StepKind.RUN else f"{_shown(step.tool, 60)}: "
    return _block(step.action or step.tool, sign, _ACTION)


def _edit(step: Step) -> list[str]:
    """Its path, then what goes in red and what comes in green; a patch in its own words."""
    path, _, change = step.action.partition("\n")
    if path.startswith("*** ") or path.startswith("{"):
        path, change = ", ".join(step.files), step.action
    head = _styled(f"{_shown(step.tool, 60)}: {_shown(path, 300)}", _ACTION)
    old, separator, new = change.partition(BECOMES)
    if separator:
        pairs = [(_REMOVED, "-", line) for line in old.splitlines()]
        pairs += [(_ADDED, "+", line) for line in new.splitlines()]
    elif "*** " in change:
        pairs = [_patch_line(line) for line in change.splitlines()]
    else:
        pairs = [(_ADDED, "+", line) for line in change.splitlines()]
    drawn = [_styled(f"  {sign}{_shown(line)}", style) for style, sign, line in pairs]
    return [head, *_ends(drawn, MAX_EDIT_LINES)]


def _patch_line(line: str) -> tuple[str, str, str]:
    style = {"+": _ADDED, "-": _REMOVED}.get(line[:1], _FAINT)
    return style, line[:1], line[1:]


def _result(text: str, style: str) -> list[str]:
    return _ends([_styled(f"  {_shown(line)}", style) for line in text.strip("\n").splitlines()], MAX_LINES)


def _ends(lines: list[str], limit: int) -> list[str]:
    """The lines, or of many the first and the last ones."""
    if len(lines) <= limit:
        return lines
    half = limit // 2
    return [*lines[:half], _styled(f"  … {len(lines) - 2 * half} more lines", _FAINT), *lines[-half:]]


def _block(text: str, sign: str, style: str) -> list[str]:
    """A text of several lines, the sign before the first one."""
    lines = text.splitlines() or [""]
    return [
        _styled((sign if i == 0 else " " * len(sign)) + _shown(line), style) for i, line in enumerate(lines)
    ]


def _styled(text: str, style: str) -> str:
    return f"\x1b[{style}m{text}\x1b[0m" if style else text


def _shown(text: str, limit: int = _MAX_LINE) -> str:
    return visible(text.replace("\t", "    "), limit)
