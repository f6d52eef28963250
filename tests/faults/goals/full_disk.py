"""R17: the disk is full while a program prints: how soon that is said, what is torn or lost, does it go on by itself?

A keeper records on a file system of its own that is filled up (root), or up to a limit of its file's size (others);
then there is space again. The time is that from the last free byte until a client hears of it, which includes the time
in which the rest of the last page is filled. Through a supervisor it is what the operator reads, also where that
supervisor is killed meanwhile. Beside it asciinema on the same full file system.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import resource
import shlex
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from ptyprocess import PtyProcess

from tests.benchmarks.recording import asciinema
from tests.e2e.place import Place, is_alive, kill_and_wait, open_place, until
from tests.e2e.stage import Client, Session, Stage
from tests.faults.goals.disk import Disk, can_mount, size_limit, small_disk
from tests.faults.goals.measure import Outcome, Size, Tally, package, percentile, tool
from tests.faults.goals.printer import newest_number, recorded, write_program

GOAL_S = 1.0
HELD_S = 0.3  # how long the disk stays full
DEADLINE_S = 30.0


@dataclass
class Found:
    said_s: list[float] = field(default_factory=list)
    resumed_s: list[float] = field(default_factory=list)
    damage: Tally = field(default_factory=Tally)
    told: Tally = field(default_factory=Tally)  # the operator, in words, by each of two supervisors


def measure(size: Size, folder: Path) -> Outcome:
    found, program = Found(), write_program(folder)
    tries = size.tries(16, 300)
    ways = (small_disk, size_limit) if can_mount(folder) else (size_limit,)
    for number in range(tries):
        with found.damage.each():
            here = folder / str(number)
            here.mkdir()
            with ways[number % len(ways)](here) as disk:
                asyncio.run(_one_keeper(here, program, disk, found))
    with pytest.MonkeyPatch.context() as patch, open_place(patch, folder / "p") as place:
        for number in range(size.tries(3, 30)):
            with found.told.each():
                _one_fleet(place, program, f"full-{number}")
    is_soon = len(found.said_s) == tries and max(found.said_s) <= GOAL_S
    is_back = len(found.resumed_s) == tries
    said = (
        f"said in {sum(s <= GOAL_S for s in found.said_s)} of {tries} within a second "
        f"(p50 {_ms(found.said_s, 0.5)}, at most {_ms(found.said_s, 1)}), {found.damage} recordings torn or cut, "
        f"{len(found.resumed_s)} of {tries} go on by themselves (after {_ms(found.resumed_s, 1)} at most); "
        f"{found.told} fleets did not say so"
    )
    is_met = is_soon and is_back and not found.damage.wrong and not found.told.wrong
    return Outcome(said, is_met, _beside(folder, program, size.tries(2, 20), is_mounting=len(ways) > 1))


def _ms(values: list[float], share: float) -> str:
    return f"{percentile(values, share) * 1000:.0f} ms" if values else "never"


# -- steer -------------------------------------------------------------------------------------------------


async def _one_keeper(folder: Path, program: Path, disk: Disk, found: Found) -> None:
    stage, truth = Stage(folder), folder / "truth"
    command = [sys.executable, "-I", "-S", str(program), str(truth)]
    session = stage.start(command, recording=str(disk.folder / "r.cast"))
    session.recording = disk.folder / "r.cast"
    try:
        client = await stage.connect(session)
        await client.until(lambda: client.data)
        disk.fill(session)
        full_at = asyncio.create_task(asyncio.to_thread(_when_full, disk, session))
        found.said_s.append(await _heard(client, "recording_stalled") - await full_at)
        await asyncio.sleep(random.uniform(0, HELD_S))
        emptied = time.perf_counter()
        disk.empty(session)
        found.resumed_s.append(await _heard(client, "recording_resumed") - emptied)
        Path(f"{truth}.end").touch()
        await client.until(lambda: b"the end\r\n" in client.data[-2000:])
        kept, problems = recorded(session.recording)
        assert not problems, problems
        assert kept == truth.read_bytes(), "the recording is not what was printed"
        assert kept.endswith(bytes(client.data)), "what was shown is not what was recorded"
    finally:
        child = session.result.child_pid if session.result else 0
        await stage.clear()
        kill_and_wait(session.pid)
        until("the program has ended", lambda: not is_alive(child))


def _when_full(disk: Disk, session: Session) -> float:
    end = time.monotonic() + DEADLINE_S
    while not disk.is_full(session) and time.monotonic() < end:
        time.sleep(0.001)
    return time.perf_counter()


async def _heard(client: Client, event: str) -> float:
    """When the keeper said `event`."""
    async with asyncio.timeout(DEADLINE_S):
        await client.until_event(event)
    return time.perf_counter()


def _one_fleet(place: Place, program: Path, name: str) -> None:
    """What the operator reads, from the supervisor that saw it come and from the next one."""
    truth = place.root / f"truth-{name}"
    session = place.start([sys.executable, "-I", "-S", str(program), str(truth)], name=name)
    keeper = place.keeper(session)
    before = resource.prlimit(keeper, resource.RLIMIT_FSIZE)
    resource.prlimit(keeper, resource.RLIMIT_FSIZE, (40_000, before[1]))
    place.wait(session, "said", lambda v: "not recorded, agent held" in v["recording_note"])
    place.kill_supervisor()
    place.wait(session, "said again", lambda v: "not recorded, agent held" in v["recording_note"])
    resource.prlimit(keeper, resource.RLIMIT_FSIZE, before)
    place.wait(session, "over", lambda v: not v["recording_note"])
    Path(f"{truth}.end").touch()
    place.shows(session, "the end")
    kept, problems = recorded(Path(place.view(session)["recording"]))
    assert not problems and kept == truth.read_bytes(), "the recording is not what was printed"
    place.call("kill", session=session)


# -- asciinema ---------------------------------------------------------------------------------------------


def _beside(folder: Path, program: Path, count: int, *, is_mounting: bool) -> dict[str, str]:
    command = asciinema()
    name = tool("asciinema") or package("asciinema") or "asciinema"
    if not command or not is_mounting:
        why = "filling a file system needs root" if command else "pip install asciinema"
        return {name: f"not measured: {why}"}
    lost, silent, torn, statuses = 0, 0, 0, set()
    for number in range(count):
        here = folder / f"asciinema-{number}"
        here.mkdir()
        with small_disk(here) as disk:
            shown, kept, status, text = _one_asciinema(command, program, here, disk)
        missing = newest_number(shown) - newest_number(kept)
        lost = max(lost, missing)
        silent += "space" not in text.lower()
        torn += not kept.endswith("\n")
        statuses.add(status)
    said = f"no word of it in {silent} of {count} runs, exit status {', '.join(map(str, sorted(statuses)))}, "
    return {name: f"{said}{torn} files end in a torn line, {lost} lines lost at most"}


def _one_asciinema(command: list[str], program: Path, folder: Path, disk: Disk) -> tuple[str, str, int, str]:
    """What its terminal showed, what its file has, its exit status, and its last words on the terminal."""
    cast, truth = disk.folder / "r.cast", folder / "truth"
    argv = [sys.executable, "-I", "-S", str(program), str(truth), "plain"]
    env = {**os.environ, "TERM": "xterm", "SHELL": "/bin/sh"}
    terminal = PtyProcess.spawn([*command, "rec", "-c", shlex.join(argv), str(cast)], env=env)
    shown = bytearray()
    reader = threading.Thread(target=_read_all, args=(terminal, shown))
    reader.start()
    try:
        until("it records", lambda: cast.exists() and newest_number(shown.decode("utf-8", "replace")))
        ballast = disk.folder / "ballast"
        free = os.statvfs(disk.folder)
        ballast.write_bytes(b"x" * (free.f_bavail * free.f_bsize - random.randrange(8_000, 40_000)))
        until("the disk is full", lambda: os.statvfs(disk.folder).f_bavail == 0)
        time.sleep(HELD_S)
        ballast.unlink()
        time.sleep(HELD_S)
        Path(f"{truth}.end").touch()
        until("it ends", lambda: not terminal.isalive(), DEADLINE_S)
    finally:
        terminal.close(force=True)
        reader.join()
    text = shown.decode("utf-8", "replace")
    return text, cast.read_text("utf-8", "replace"), terminal.exitstatus or 0, text[-500:]


def _read_all(terminal: PtyProcess, into: bytearray) -> None:
    with contextlib.suppress(OSError, EOFError, ValueError):
        while data := os.read(terminal.fd, 65536):
            into += data
