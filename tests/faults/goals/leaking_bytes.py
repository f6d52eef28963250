"""R9: what a real board writes to a real terminal while four agents print hostile texts: only text, colours, places.

Each text is printed into a pane; the last of every batch is the pane's title, status message and notification as well.
Tasks and file names of the sessions are hostile from the start, and dialogs, diff, explanation, search and replay
are opened over all that. Every byte that the board writes from then on is looked at.

Beside it the same texts in widgets of plain Textual, whose bytes are looked at in the same way.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import time
from pathlib import Path

from textual.app import App, ComposeResult
from textual.widgets import DataTable, Label, RichLog, Static

from tests.e2e.board_terminal import BoardTerminal
from tests.e2e.place import Place, is_alive
from tests.faults.goals import ground
from tests.faults.goals.measure import Outcome, Size, Tally, package
from tests.faults.texts import HOSTILE, as_bytes, hostile, not_allowed
from tests.ui.harness import RecordingDriver

PANES, BATCH = 4, 20  # a batch fits one pane
BEGIN_TRIES = 2_000  # hostile texts by grammar besides the generated ones
LINES = frozenset({"\r\n"})  # the terminal's driver makes them of \n
DIALOGS = (b"d", b"x", b"!", b"l", b"e", b"i", b"n", b"f", b"c", b"K", b"v", b"g", b"?", b"\x10")

PRINTER = """
import base64, json, os, sys, time
out = sys.stdout.buffer
with open(sys.argv[1]) as orders:
    for line in orders:
        mark, texts = json.loads(line)
        texts = [base64.b64decode(text) for text in texts]
        out.write(b"\\x18\\x1bc" + b"\\r\\n".join(texts) + b"\\x18\\x1b[?2026l")
        plain = texts[-1].translate(None, b"\\x07\\x1b\\x18\\x1a\\x9c")
        out.write(b"\\x1b]2;%s\\x07\\x1b]9;%s%s\\x07" % (plain, mark.encode(), plain))
        message = base64.b64encode(mark.encode() + texts[-1][:600])
        out.write(b"\\x1b]7501;state=working:msg=%s\\x1b\\\\" % message)
        out.flush()
"""


def measure(size: Size, folder: Path) -> Outcome:
    chance = random.Random()
    count = BEGIN_TRIES + size.tries(5_000, 100_000) if size.share >= 1 else size.tries(7_000, 100_000)
    texts = [text[:2_000] for text in HOSTILE.values()] + [hostile(chance) for _ in range(count)]
    watch = _Watch()
    with ground.fleet() as place:
        shown = _on_a_board(place, texts, watch)
    said = (
        f"{len(watch.found):,} sequences beside the allowed ones in {watch.count:,} bytes"
        f"{watch.first}; {len(texts):,} texts printed, {shown:,} of them also as title and message"
    )
    met = not watch.found and shown > 0 and watch.count > 0
    return Outcome(said, met, _textual(texts[: 20 + size.tries(200, 2_000)]))


class _Watch:
    """Takes what the board writes and keeps what is not allowed in it."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.count = 0
        self._rest = b""

    def __call__(self, data: bytes) -> None:
        self.count += len(data)
        data = self._rest + data
        whole = max(data.rfind(b"\x1b"), data.rfind(b"\r"))  # what begins there may not be all yet
        if whole < 0 or len(data) - whole > 64:
            whole = len(data)
            while whole and data[whole - 1] >= 0x80:  # nor may a character
                whole -= 1
        self._rest = data[whole:]
        self._look(data[:whole])

    def end(self) -> None:
        self._look(self._rest)
        self._rest = b""

    def _look(self, data: bytes) -> None:
        self.found += not_allowed(data.decode("utf-8", "surrogateescape"), LINES)

    @property
    def first(self) -> str:
        return f" (first: {self.found[0]!r})" if self.found else ""


def _on_a_board(place: Place, texts: list[str], watch: _Watch) -> int:
    """Show `texts`; how many were chrome as well."""
    (place.root / "k" / "steer").mkdir(parents=True)
    (place.root / "k" / "steer" / "welcomed").touch()
    orders = [_session(place, texts, n) for n in range(PANES)]
    terminal = BoardTerminal(place.repo, 200, 50)
    try:
        terminal.start()
        terminal.shows("quit")
        _rest(terminal, 1.0)
        terminal.listen = watch  # what opens a terminal has been written
        shown, batches = 0, [texts[at : at + BATCH] for at in range(0, len(texts), BATCH)]
        for at in range(0, len(batches), PANES):
            for n, batch in enumerate(batches[at : at + PANES]):
                _tell(orders[n], f"m{at}n{n}.", batch)
                shown += 1
            if not is_alive(terminal.launcher):
                raise ground.Failed(f"the board ended:\n{terminal.text().strip()}\n{_crash(place)}")
            _until_shown(terminal, [f"m{at}n{n}." for n in range(len(batches[at : at + PANES]))])
            if at // PANES % 20 == 5:
                _dialogs(terminal)
        _dialogs(terminal)
        watch.end()
    finally:
        terminal.close()
        for fd in orders:
            os.close(fd)
    return shown


def _crash(place: Place) -> str:
    return "\n".join(path.read_text() for path in (place.root / "s" / "steer").glob("crash-*.txt"))


def _session(place: Place, texts: list[str], number: int) -> int:
    """A session with hostile task and files; the pipe on which its printer takes orders."""
    pipe = place.root / f"orders{number}"
    os.mkfifo(pipe)
    fd = os.open(pipe, os.O_RDWR)
    task = texts[number * 7 % len(texts)].encode("utf-8", "replace").decode()[:500]
    session = place.start([*place.script("printer", PRINTER), str(pipe)], name=f"p{number}", task=task)
    worktree = os.fsencode(place.worktree(session))
    for n, text in enumerate(texts[number::PANES][:50]):
        name = as_bytes(text).translate(None, b"/\0")[:200]
        if name not in (b"", b".", b"..", b".git"):
            with open(os.path.join(worktree, name), "wb") as f:  # noqa: PTH118, PTH123 - names of any bytes
                f.write(as_bytes(texts[n]))
    return fd


def _tell(fd: int, mark: str, batch: list[str]) -> None:
    line = json.dumps([mark, [base64.b64encode(as_bytes(text)).decode() for text in batch]]).encode() + b"\n"
    while line:
        line = line[os.write(fd, line) :]


def _until_shown(terminal: BoardTerminal, marks: list[str]) -> None:
    """Until the panes' frames show the marks; at the latest after some seconds, for a message may be cut."""
    end = time.monotonic() + 3.0
    while time.monotonic() < end and not all(mark in terminal.text() for mark in marks):
        terminal.read(0.02)
    _rest(terminal, 0.05)


def _dialogs(terminal: BoardTerminal) -> None:
    for key in DIALOGS:
        terminal.press(key)
        _rest(terminal, 0.25)
        if key == b"v":
            terminal.press(b" \x1b[D\x1b[D\x1b[C")
            _rest(terminal, 0.5)
        for _ in range(2):
            terminal.press(b"\x1b")
            _rest(terminal, 0.12)
    terminal.press(b"/a")
    _rest(terminal, 0.3)
    terminal.press(b"\x1b")
    _rest(terminal, 0.2)


def _rest(terminal: BoardTerminal, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        terminal.read(0.02)


class _Plain(App[None]):
    """Plain Textual with one widget of each kind, told not to read markup."""

    def compose(self) -> ComposeResult:
        yield Static("", markup=False, id="static")
        yield Label("", markup=False, id="label")
        yield RichLog(markup=False, id="log")
        yield DataTable(id="table")

    def on_mount(self) -> None:
        self.query_one(DataTable).add_column("a")


async def _leaks_of_textual(texts: list[str]) -> dict[str, Tally]:
    tallies = {kind: Tally() for kind in ("Static", "Label", "RichLog", "DataTable")}
    for kind, tally in tallies.items():
        app = _Plain(driver_class=RecordingDriver)
        async with app.run_test(size=(80, 40), headless=False) as pilot:
            driver = app._driver
            assert isinstance(driver, RecordingDriver)
            for text in texts:
                del driver.written[:]
                _show(app, kind, text)
                await pilot.pause()
                tally.add("".join(not_allowed("".join(driver.written))[:3]))
    return tallies


def _show(app: _Plain, kind: str, text: str) -> None:
    from rich.text import Text

    if kind == "RichLog":
        app.query_one(RichLog).write(text)
    elif kind == "DataTable":
        table = app.query_one(DataTable)
        table.clear()
        table.add_row(Text(text))
    else:
        app.query_one(f"#{kind.lower()}", Static).update(text)


def _textual(texts: list[str]) -> dict[str, str]:
    name = package("textual")
    tallies = asyncio.run(_leaks_of_textual([text[:300] for text in texts]))
    said = ", ".join(f"{kind} {tally.wrong:,}" for kind, tally in tallies.items())
    return {f"{name} without markup": f"texts of {len(texts):,} that leak something: {said}"}
