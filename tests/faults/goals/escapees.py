"""R5: what a kill leaves behind: nine kinds of escapees at every level, twelve that fork anew, two hundred sleepers.

Kinds are killed as the operator kills, through a supervisor; the two crowds by the keeper's stop alone, and the time
is that from the request to its answer. Whoever has the session's folder as its own afterwards is counted, and of the
crowds nobody may be left. Beside it the same program under tmux, killpg and a terminal that is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from steer.isolation import machine
from steer.model.isolation import Level
from tests.benchmarks.process import tree
from tests.e2e.escapees import ESCAPEES, REFORKERS, SLEEPERS, WAYS, escapees, living
from tests.e2e.place import Place, is_alive, kill_and_wait, open_place, until
from tests.e2e.stage import Stage, python
from tests.faults.goals.measure import Outcome, Size, Tally, percentile, tool

LIMITS = {"reforkers": 0.1, "sleepers": 1.0}  # seconds, of the median: a busy machine schedules late
LEVELS = (Level.L0, Level.L1, Level.L2)
AFTERWARDS_S = 1.0  # what the other tools' victims are given to end

PROGRAM = "import os, sys, time, signal\n" + ESCAPEES + "while 1: time.sleep(1000)\n"
CROWDS = {"reforkers": REFORKERS, "sleepers": SLEEPERS}


def measure(size: Size, folder: Path) -> Outcome:
    kinds = {level: Tally() for level in LEVELS if machine.look().can(level)}
    with pytest.MonkeyPatch.context() as patch, open_place(patch, folder / "p") as place:
        for level, tally in kinds.items():
            for number in range(size.tries(6, 100)):
                _one_kill(place, level, f"{level}-{number}".lower(), tally)
    took: dict[str, list[float]] = {name: [] for name in CROWDS}
    left = Tally()
    for number in range(size.tries(5, 100)):
        for name, code in CROWDS.items():
            took[name].append(_one_stop(folder / f"{name}-{number}", code, left))
    said = [f"{tally} at {level}" for level, tally in kinds.items()]
    said += [f"no {level} on this machine" for level in LEVELS if level not in kinds]
    said.append(f"crowds: {left} stops left somebody")
    said += [f"{name} gone in {max(each) * 1000:.0f} ms at most, {percentile(each, 0.5) * 1000:.0f} ms p50"
             for name, each in took.items()]  # fmt: skip
    is_met = not left.wrong and not any(t.wrong for t in kinds.values())
    is_met = is_met and all(percentile(each, 0.5) <= LIMITS[name] for name, each in took.items())
    return Outcome(
        f"escapees of nine kinds alive after a kill: {'; '.join(said)}",
        is_met,
        _beside(folder, size.tries(2, 10)),
    )


def _one_kill(place: Place, level: Level, name: str, tally: Tally) -> None:
    config = place.root / "c" / "steer"
    config.mkdir(parents=True, exist_ok=True)
    (config / "config.toml").write_text(f'[isolation]\nlevel = "{level}"\n[stop]\ngrace_s = 0.2\n')
    session = place.start(place.script("escaping", PROGRAM), name=name)
    assert place.view(session)["isolation"] == level
    folder = place.worktree(session)
    until("all have escaped", lambda: len(escapees(folder)) == len(WAYS))
    hosts = _seen_from_here(tree(place.keeper(session)), escapees(folder))
    place.call("kill", session=session)
    for kind in WAYS:
        tally.add(f"{kind} is alive" if kind not in hosts or is_alive(hosts[kind]) else "")
    for pid in living(folder):
        tally.wrong += 1
        tally.first = tally.first or f"process {pid} is in the worktree still"
        kill_and_wait(pid)


def _seen_from_here(pids: list[int], inner: dict[str, int]) -> dict[str, int]:
    """Kind -> process id as this process sees it; in a namespace of its own a process has another for itself."""
    by_inner = {int(_status(pid, "NSpid:")[-1]): pid for pid in pids}
    return {kind: by_inner[number] for kind, number in inner.items() if number in by_inner}


def _status(pid: int, name: str) -> list[str]:
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return next((line.split()[1:] for line in lines if line.startswith(name)), ["0"])
    return ["0"]


def _one_stop(folder: Path, code: str, left: Tally) -> float:
    """Seconds from the request to the keeper's word that nobody is left."""
    folder.mkdir()
    stage = Stage(folder)

    async def story() -> float:
        session = stage.start(python(code + "while 1: time.sleep(1000)"))
        try:
            client = await stage.connect(session)
            await client.when(b"all here")
            began = time.perf_counter()
            answer = await client.request("stop", soft=[], grace_s=0)
            took = time.perf_counter() - began
            found = living(session.folder) or answer["survivors"]
            left.add(f"{len(found)} {folder.name}" if found else "")
            return took
        finally:
            await stage.clear()
            _end(session.folder)

    return asyncio.run(story())


# -- other tools -------------------------------------------------------------------------------------------


def _beside(folder: Path, count: int) -> dict[str, str]:
    ways: dict[str, Way] = {"killpg": _killed_group, "closing the terminal": _closed_terminal}
    beside = {}
    if tmux := tool("tmux", "-V"):
        ways = {f"{tmux} kill-session": _tmux_session, **ways}
    else:
        beside["tmux"] = "not measured: not installed"
    for name, way in ways.items():
        alive: set[str] = set()
        each = []
        for number in range(count):
            found = _survivors(folder / f"{name.split()[0]}-{number}", way)
            each.append(len(found))
            alive |= found
        kinds = f" ({', '.join(w for w in WAYS if w in alive)})" if alive else ""
        beside[name] = f"{max(each)} of {len(WAYS)} kinds alive in {count} tries{kinds}"
    return beside


Way = Callable[[Path, list[str]], contextlib.AbstractContextManager[None]]


def _survivors(folder: Path, way: Way) -> set[str]:
    """The kinds that are alive a second after the other tool ended what it had started."""
    folder.mkdir()
    script = folder / "escaping.py"
    script.write_text(PROGRAM)
    command = [sys.executable, "-I", "-S", str(script)]
    try:
        with way(folder, command):
            until("all have escaped", lambda: len(escapees(folder)) == len(WAYS))
        end = time.monotonic() + AFTERWARDS_S
        while time.monotonic() < end and any(map(is_alive, escapees(folder).values())):
            time.sleep(0.02)
        return {kind for kind, pid in escapees(folder).items() if is_alive(pid)}
    finally:
        _end(folder)


@contextlib.contextmanager
def _tmux_session(folder: Path, command: list[str]) -> Iterator[None]:
    tmux = ["tmux", "-f", os.devnull, "-S", str(folder / "tmux.sock")]
    env = {k: v for k, v in os.environ.items() if not k.startswith("TMUX")}
    subprocess.run([*tmux, "new-session", "-d", "-s", "s", "-c", str(folder), *command], check=True, env=env)
    try:
        yield
    finally:
        subprocess.run([*tmux, "kill-session", "-t", "s"], check=False, env=env)
    time.sleep(0.2)
    subprocess.run([*tmux, "kill-server"], check=False, env=env, capture_output=True)


@contextlib.contextmanager
def _killed_group(folder: Path, command: list[str]) -> Iterator[None]:
    pid, terminal = _in_pty(folder, command)
    yield
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(terminal)


@contextlib.contextmanager
def _closed_terminal(folder: Path, command: list[str]) -> Iterator[None]:
    _pid, terminal = _in_pty(folder, command)
    yield
    os.close(terminal)


def _in_pty(folder: Path, command: list[str]) -> tuple[int, int]:
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execv(command[0], command)
    return pid, terminal


def _end(folder: Path) -> None:
    """All that is still there, also what forks anew while it is being ended."""
    for _ in range(200):
        if not (pids := living(folder)):
            break
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)
