"""R4: kill -9 of the board in every state it can be in: is the operator's terminal as it was before?

The board runs in a real terminal below its launcher, as ever; the process that draws is killed, not the launcher. Then
the terminal's settings (termios) are compared with those before, and every byte that arrived is read for what was
switched on and not off again: any private mode (alternate screen, mouse, paste, focus, synchronised output ...), the
cursor, the keyboard's protocols, the scrolling region, colours, and characters of another set. Beside it a plain
Textual app, killed likewise.
"""

from __future__ import annotations

import random
import re
import sys
from pathlib import Path

import pytest

from tests.e2e.board_terminal import BoardTerminal
from tests.e2e.place import Place, open_place
from tests.faults.goals.measure import Outcome, Size, Tally, package

# What is pressed before the kill, and what is then on the screen.
STATES: dict[str, tuple[tuple[bytes, str], ...]] = {
    "board": (),
    "a correction": ((b"i", "Correct the agent"),),
    "the kill dialog": ((b"x", "Kill this session?"),),
    "help": ((b"?", "type to filter"),),
    "typing to the agent": ((b"\r", "KEYS GO TO THE AGENT"),),
    "replay": ((b"v", "q back"),),
    "the command palette": ((b"\x10", "Correct the agent"),),
    "one pane": ((b"z", "count"),),
}
ON_FROM_THE_START = {"?7", "?25"}  # a terminal wraps and shows its cursor

_CSI = re.compile(rb"\x1b\[([<=>?]?)([0-9;:]*)([ -/]*)([@-~])")
_TEXTUAL = """
from textual.app import App
from textual.widgets import Input, Log
class Plain(App):
    def compose(self):
        yield Input("quit")
        yield Log()
    def on_mount(self):
        self.set_interval(0.02, lambda: self.query_one(Log).write_line("count"))
Plain().run()
"""


def left_on(output: bytes) -> set[str]:
    """What the bytes that a terminal got have left otherwise than it was, one short name each."""
    on: set[str] = set()
    pushed = 0
    for private, numbers, between, final in _CSI.findall(output):
        parameters = [n.decode() for n in numbers.split(b";")]
        if private == b"?" and final in b"hl":
            for name in (f"?{n}" for n in parameters):
                is_otherwise = (final == b"h") != (name in ON_FROM_THE_START)
                on = on | {name} if is_otherwise else on - {name}
        elif final == b"u" and private in (b">", b"<"):
            pushed = max(0, pushed + (1 if private == b">" else -int(parameters[0] or 1)))
        elif final == b"m" and private == b">":
            is_set = len(parameters) > 1 and parameters[1] != "0"
            on = on | {f">{parameters[0]}m"} if is_set else on - {f">{parameters[0]}m"}
        elif final == b"m" and not private:
            on = on - {"colours"} if parameters[-1] in ("", "0") else on | {"colours"}
        elif final == b"r" and not private:
            on = on - {"region"} if not numbers else on | {"region"}
        elif (final, between) == (b"q", b" "):
            on = on - {"cursor shape"} if parameters[0] in ("", "0") else on | {"cursor shape"}
    charsets = re.findall(rb"\x1b\(([0-9A-Z])", output)
    on |= {"character set"} if charsets and charsets[-1] != b"B" else set()
    return on | {"keyboard protocol"} if pushed else on


def measure(size: Size, folder: Path) -> Outcome:
    tally = Tally()
    with pytest.MonkeyPatch.context() as patch, open_place(patch, folder / "p") as place:
        (place.root / "k" / "steer").mkdir(parents=True)
        (place.root / "k" / "steer" / "welcomed").touch()
        count = "i=0; while :; do i=$((i+1)); echo count $i; sleep 0.02; done"
        place.start(["/bin/sh", "-c", count], name="counting", agent="sh")
        states = list(STATES)
        tries = size.tries(16, 200)
        for number in range(tries):
            with tally.each():
                if wrong := _one_kill(place, states[number % len(states)]):
                    raise AssertionError(f"{states[number % len(states)]}: {wrong}")
        beside = _plain_app(folder, size.tries(6, 40))
    said = f"{tally} terminals otherwise than before the board, killed in {min(tries, len(states))} states"
    return Outcome(said, not tally.wrong, beside)


def _one_kill(place: Place, state: str) -> str:
    terminal = BoardTerminal(place.repo)
    try:
        terminal.start()
        terminal.shows("counting", "count ", "quit")
        for keys, word in STATES[state]:
            terminal.press(keys)
            terminal.shows(word)
        for _ in range(random.randrange(12)):
            terminal.read(0.01)
        terminal.kill_board()
        terminal.ended()
        return _difference(terminal)
    finally:
        terminal.close()


def _difference(terminal: BoardTerminal) -> str:
    found = sorted(left_on(bytes(terminal.received)))
    if terminal.attributes() != terminal.before:
        found.append("termios")
    return ", ".join(found)


def _plain_app(folder: Path, count: int) -> dict[str, str]:
    name = package("textual") or "textual"
    script = folder / "plain.py"
    script.write_text(_TEXTUAL)
    tally = Tally()
    for _ in range(count):
        terminal = BoardTerminal(folder)
        try:
            terminal.start(program=[sys.executable, str(script)])
            terminal.shows("quit", "count")
            terminal.kill_itself()
            terminal.ended()
            tally.add(_difference(terminal))
        finally:
            terminal.close()
    return {f"a plain app of {name}": f"{tally} terminals otherwise than before"}
