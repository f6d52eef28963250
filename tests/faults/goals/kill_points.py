"""R1: kill -9 at random moments while a program prints numbered lines: what somebody was shown and no file has.

Shown is: what a keeper sent to a client, the rows a supervisor sent to a board, the rows on the terminal of a board.
All of it has to be in the recording, which is what the program has written, up to one torn line at its end where the
keeper itself was killed. Beside it a recorder that is killed likewise: what its terminal has shown, against its file.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import select
import shlex
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from ptyprocess import PtyProcess

from steer.errors import SteerError
from tests.benchmarks.recording import asciinema
from tests.e2e.board_terminal import BoardTerminal
from tests.e2e.place import Place, is_alive, kill_and_wait, open_place, until
from tests.e2e.stage import Session, Stage
from tests.faults.goals.measure import Outcome, Size, Tally, package, tool
from tests.faults.goals.printer import newest_number, recorded, recorded_lately, write_program

LONGEST_S = 0.15  # from the first output to the kill

BUFFERED = """
import os, pty, sys
pid, fd = pty.fork()
if pid == 0: os.execv(sys.argv[2], sys.argv[2:])
with open(sys.argv[1], "wb") as log:
    while data := os.read(fd, 65536):
        log.write(data)
        os.write(1, data)
"""


def measure(size: Size, folder: Path) -> Outcome:
    program = write_program(folder)
    keepers = Tally()
    for number in range(size.tries(180, 8500)):
        with keepers.each():
            asyncio.run(_kill_keeper(folder / f"k{number}", program))
    with pytest.MonkeyPatch.context() as patch, open_place(patch, folder / "p") as place:
        (place.root / "k" / "steer").mkdir(parents=True)
        (place.root / "k" / "steer" / "welcomed").touch()
        truth = folder / "truth"
        session = place.start([sys.executable, "-I", "-S", str(program), str(truth)])
        recording = Path(place.view(session)["recording"])
        agent = place.keeper(session)
        supervisors = _tally(size.tries(14, 1000), lambda: _kill_supervisor(place, session, recording))
        boards = _tally(size.tries(6, 500), lambda: _kill_board(place, recording))
        supervisors.add(_whole(place, session, recording, truth, agent))
    tallies = {"a keeper": keepers, "the supervisor": supervisors, "the board": boards}
    said = ", ".join(f"{tally} of {whose}" for whose, tally in tallies.items())
    is_met = not any(t.wrong for t in tallies.values())
    return Outcome(
        f"kills that lost what was shown: {said}", is_met, _beside(folder, program, size.tries(12, 150))
    )


def _tally(count: int, one: Callable[[], str]) -> Tally:
    tally = Tally()
    for _ in range(count):
        with tally.each():
            if said := one():
                raise AssertionError(said)
    return tally


async def _kill_keeper(folder: Path, program: Path) -> None:
    folder.mkdir()
    stage = Stage(folder)
    session = stage.start([sys.executable, "-I", "-S", str(program), str(folder / "truth")])
    try:
        client = await stage.connect(session)
        await client.until(lambda: client.data)
        has_ended = asyncio.Event()
        client.keeper.on_closed = lambda reason: has_ended.set()
        await asyncio.sleep(random.uniform(0, LONGEST_S))
        os.kill(session.pid, signal.SIGKILL)
        await has_ended.wait()  # until then, what it has sent is still being shown
        _compare(session, bytes(client.data), (folder / "truth"))
    finally:
        kill_and_wait(session.pid)
        if session.result:
            until("the program has ended", lambda: not is_alive(session.result.child_pid))


def _compare(session: Session, shown: bytes, truth: Path) -> None:
    kept, problems = recorded(session.recording)
    assert not problems, problems
    assert shown in kept, f"{len(shown)} bytes were shown, the recording of {len(kept)} has not all of them"
    until("the program has noted what it wrote", lambda: truth.read_bytes().startswith(kept[:-100]))
    written = truth.read_bytes()  # but for a piece that it wrote and could not note
    assert written.startswith(kept) or kept.startswith(written), "the recording is not what was printed"


def _kill_supervisor(place: Place, session: str, recording: Path) -> str:
    """What a watching client saw on the screen that the recording has not, or ""."""
    client = place.client()
    pid = place.supervisor()
    client._send({"t": "hello", "protocol": 1})
    client._send({"t": "watch", "s": session, "cols": 80, "rows": 24})
    killer = threading.Timer(random.uniform(0.02, 2 * LONGEST_S), kill_and_wait, [pid])
    newest, is_first = 0, True
    try:
        for message in client.messages():
            if message.get("t") == "frame":
                newest = max(newest, newest_number(json.dumps(message["l"], ensure_ascii=False)))
                if is_first:
                    killer.start()
                is_first = False
                client._send({"t": "ack", "s": session, "q": message["q"]})
    except SteerError:
        pass  # it was killed while an answer was sent
    finally:
        client.close()
        killer.join()
    return _missing(newest, recording)


def _kill_board(place: Place, recording: Path) -> str:
    """What was on the operator's screen that the recording has not, or ""."""
    terminal = BoardTerminal(place.repo)
    try:
        terminal.start()
        terminal.shows("quit", "ä€")
        newest, end = 0, time.monotonic() + random.uniform(0, 2 * LONGEST_S)
        while True:
            newest = max(newest, newest_number(terminal.text()))
            if time.monotonic() > end:
                break
            terminal.read(0.005)
        terminal.kill_board()
        terminal.ended()
    finally:
        terminal.close()
    return _missing(newest, recording)


def _missing(newest: int, recording: Path) -> str:
    last = newest_number(recorded_lately(recording).decode("utf-8", "replace"))
    if not newest:
        return "nothing was shown"
    return f"line {newest} was shown, the recording ends with {last}" if newest > last else ""


def _whole(place: Place, session: str, recording: Path, truth: Path, keeper: int) -> str:
    """After all kills of those who look on: the recording is what was printed, byte by byte."""
    Path(f"{truth}.end").touch()
    place.shows(session, "the end")
    if place.keeper(session) != keeper:
        return "the session has another keeper"
    kept, problems = recorded(recording)
    same = kept == truth.read_bytes()
    return "" if same and not problems else f"the recording is not what was printed {problems}"


# -- other recorders ---------------------------------------------------------------------------------------


def _beside(folder: Path, program: Path, count: int) -> dict[str, str]:
    plain = [sys.executable, "-I", "-S", str(program), str(folder / "truth-plain"), "plain"]
    writer = folder / "buffered.py"
    writer.write_text(BUFFERED)
    ways = {"a buffered writer": lambda path: [sys.executable, "-I", "-S", str(writer), path, *plain]}
    beside = {}
    if command := asciinema():
        name = tool("asciinema") or package("asciinema") or "asciinema"
        ways[name] = lambda path: [*command, "rec", "-q", "-c", shlex.join(plain), path]
    else:
        beside["asciinema"] = "not measured: pip install asciinema"
    for number, (name, way) in enumerate(ways.items()):
        lost = [_lost_lines(way, folder / f"{number}-{n}.cast") for n in range(count)]
        runs = sum(map(bool, lost))
        beside[name] = f"{runs} of {count} kills lost what was shown, {max(lost)} lines at most"
    return beside


def _lost_lines(way: Callable[[str], list[str]], path: Path) -> int:
    """Lines that the recorder's terminal has shown and its file has not, after it was killed."""
    terminal = PtyProcess.spawn(way(str(path)), env={**os.environ, "TERM": "xterm", "SHELL": "/bin/sh"})
    shown = b""
    try:
        while not newest_number(shown.decode("ascii", "replace")):
            shown += os.read(terminal.fd, 65536)
        end = time.monotonic() + random.uniform(0, LONGEST_S)
        while (left := end - time.monotonic()) > 0:
            shown += _read(terminal.fd, left)
        os.kill(terminal.pid, signal.SIGKILL)
        while data := _read(terminal.fd, 0.1):
            shown += data
        until("its file is written", lambda: path.exists())
        _wait_quiet(path)
    finally:
        terminal.close(force=True)
        _end_rest(path)
    return max(
        0, newest_number(shown.decode("ascii", "replace")) - newest_number(path.read_text("utf-8", "replace"))
    )


def _read(fd: int, timeout_s: float) -> bytes:
    try:
        return os.read(fd, 65536) if select.select([fd], [], [], timeout_s)[0] else b""
    except OSError:
        return b""


def _end_rest(path: Path) -> None:
    """asciinema's other processes outlive the one that was killed."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if os.fsencode(path) in (entry / "cmdline").read_bytes():
                    os.kill(int(entry.name), signal.SIGKILL)


def _wait_quiet(path: Path) -> None:
    """Until nobody has written for a while: asciinema's writer is a process of its own."""
    before = -1
    while path.stat().st_size != before:
        before = path.stat().st_size
        time.sleep(0.2)
