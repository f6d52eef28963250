"""R3: kill -9 of the supervisor under sixteen sessions: agents that are lost, and how soon all are followed again.

Each agent counts aloud. The time is that from calling for a new supervisor, which includes starting Python, until it
has for every session a keeper that answers, and shows what its agent had printed last when there was no supervisor.
Beside it as many panes of one tmux server.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from steer.runtime import supervise
from steer.runtime.sync_client import SyncClient
from tests.benchmarks.process import cpu_s
from tests.e2e.place import DEADLINE_S, Place, is_alive, kill_and_wait, open_place, until
from tests.faults.goals.measure import Outcome, Size, Tally, percentile, tool

SESSIONS = 16
GOAL_S = 1.0
AFTERWARDS_S = 1.0  # what an agent without its host is given to end

# Writes its pid into a file of its number, then goes on printing what it has written there at last.
COUNTER = """
import os, select, sys
n, path = 0, os.path.join(sys.argv[1], sys.argv[2])
while True:
    n += 1
    print(f"count {n} end", flush=True)
    with open(path + ".new", "w") as f: f.write(f"{os.getpid()} {n}")
    os.rename(path + ".new", path)
    select.select([], [], [], 0.25)
"""


class Counters:
    """What the agents themselves say: their process and how far they are."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "counter.py").write_text(COUNTER)

    def argv(self, number: int) -> list[str]:
        return [sys.executable, "-I", "-S", str(self.folder / "counter.py"), str(self.folder), str(number)]

    def wait(self) -> None:
        until("all count", lambda: all((self.folder / str(n)).exists() for n in range(SESSIONS)))

    def pids(self) -> list[int]:
        return [self._read(n)[0] for n in range(SESSIONS)]

    def counts(self) -> list[int]:
        return [self._read(n)[1] for n in range(SESSIONS)]

    def _read(self, number: int) -> tuple[int, int]:
        pid, count = (self.folder / str(number)).read_text().split()
        return int(pid), int(count)


def measure(size: Size, folder: Path) -> Outcome:
    took: list[float] = []
    worked: list[float] = []
    tally = Tally()
    with pytest.MonkeyPatch.context() as patch, open_place(patch, folder / "p") as place:
        counters = Counters(folder / "steer")
        sessions = [place.start(counters.argv(n), name=f"agent-{n}") for n in range(SESSIONS)]
        counters.wait()
        agents = counters.pids()
        for _ in range(size.tries(20, 500)):
            place.kill_supervisor()
            took.append(_adopt(place, sessions, counters.counts()))
            worked.append(cpu_s([place.supervisor()]))
            for pid, now in zip(agents, counters.pids(), strict=True):
                tally.add("" if pid == now and is_alive(pid) else f"agent {pid}")
    worst = percentile(took, 0.99)
    said = (
        f"{tally} agents lost in {len(took)} kills; {SESSIONS} sessions followed again after "
        f"p50 {percentile(took, 0.5) * 1000:.0f} ms, p99 {worst * 1000:.0f} ms "
        f"({percentile(worked, 0.5) * 1000:.0f} ms of processor time)"
    )
    return Outcome(said, not tally.wrong and worst <= GOAL_S, _tmux(folder, size.tries(3, 10)))


def _adopt(place: Place, sessions: list[str], counts: list[int]) -> float:
    """Seconds until a new supervisor shows for each session a higher count than that of `counts`."""
    began = time.perf_counter()
    end = time.monotonic() + DEADLINE_S
    waiting = dict(zip(sessions, counts, strict=True))
    with SyncClient(supervise.ensure_supervisor(place.common_dir), timeout_s=DEADLINE_S) as client:
        while waiting and time.monotonic() < end:
            for session, count in list(waiting.items()):
                if _newest(client.call("screen", session=session)) >= count:
                    del waiting[session]
        views = client.call("view")["fleet"]["sessions"]
    waiting |= {v["spec"]["id"]: 0 for v in views if v["process"] != "running"}
    if waiting:
        pytest.fail(f"{len(waiting)} sessions were not followed again within {DEADLINE_S:.0f} s")
    return time.perf_counter() - began


def _newest(screen: dict[str, Any]) -> int:
    counts = [line.split()[1] for line in screen["lines"] if line.startswith("count ") and " end" in line]
    return int(counts[-1]) if counts else 0


# -- tmux --------------------------------------------------------------------------------------------------


def _tmux(folder: Path, count: int) -> dict[str, str]:
    name = tool("tmux", "-V")
    if not name:
        return {"tmux": "not measured: not installed"}
    tally = Tally()
    for number in range(count):
        counters = Counters(folder / f"tmux-{number}")
        with _panes(folder, counters) as server:
            counters.wait()
            agents = counters.pids()
            kill_and_wait(server)
            end = time.monotonic() + AFTERWARDS_S
            while time.monotonic() < end and any(map(is_alive, agents)):
                time.sleep(0.02)
            for pid in agents:
                tally.add("" if is_alive(pid) else "lost")
    return {name: f"{tally.wrong} of {tally.tries} agents lost in {count} kills of its server"}


@contextlib.contextmanager
def _panes(folder: Path, counters: Counters) -> Iterator[int]:
    """A server of its own with as many panes as there are sessions; its process id."""
    tmux = ["tmux", "-f", os.devnull, "-S", str(folder / "tmux.sock")]
    env = {k: v for k, v in os.environ.items() if not k.startswith("TMUX")}

    def run(*words: str) -> str:
        done = subprocess.run([*tmux, *words], check=True, env=env, capture_output=True, text=True)
        return done.stdout.strip()

    run("new-session", "-d", "-x", "200", "-y", "100", shlex.join(counters.argv(0)))
    try:
        for n in range(1, SESSIONS):
            run("split-window", shlex.join(counters.argv(n)))
            run("select-layout", "tiled")
        yield int(run("display-message", "-p", "#{pid}"))
    finally:
        subprocess.run([*tmux, "kill-server"], check=False, env=env, capture_output=True)
        for path in counters.folder.glob("[0-9]*"):
            kill_and_wait(int(path.read_text().split()[0]))
