"""Recording alone: a keeper nobody follows beside `asciinema rec`, both on a program that floods."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import statistics
import sys
import time
from pathlib import Path

from steer.runtime.keeper_launch import launch
from tests.benchmarks.host import Agents
from tests.benchmarks.process import cpu_s, parent
from tests.benchmarks.terminal import Terminal


def run(root: Path, seconds: float, rounds: int) -> None:
    ours, theirs = [], []
    command = asciinema()
    for n in range(rounds):
        ours.append(keeper(root / f"k{n}", seconds))
        if command:
            theirs.append(_peer(root / f"a{n}", command, seconds))
    print("\nrecording a `cat` flood, nobody watching")
    rate, cost = (statistics.median(values) for values in zip(*ours, strict=True))
    print(f"  keeper     {rate:6.1f} MB/s  {cost:6.2f} cpu ms/MB")
    if not theirs:
        print("  asciinema  skipped: not installed (`pip install asciinema`)")
        return
    peer_rate, peer_cost = (statistics.median(values) for values in zip(*theirs, strict=True))
    print(f"  asciinema  {peer_rate:6.1f} MB/s  {peer_cost:6.2f} cpu ms/MB")
    print(f"  ratio      {rate / peer_rate:6.2f}x     {cost / peer_cost:6.2f}x")


def asciinema() -> list[str]:
    """The command, [] where it is not installed."""
    if found := shutil.which("asciinema"):
        return [found]
    return [sys.executable, "-m", "asciinema"] if importlib.util.find_spec("asciinema") else []


def _flood(agents: Agents, recorder: int, seconds: float) -> tuple[float, float]:
    """(MB/s written by the agent, the recorder's milliseconds of CPU per MB)."""
    agents.tell("cat", range(1))
    Terminal.rest(0.5)
    written, cpu, began = agents.written(), cpu_s([recorder]), time.perf_counter()
    Terminal.rest(seconds)
    took, megabytes = time.perf_counter() - began, (agents.written() - written) / 1e6
    return megabytes / took, (cpu_s([recorder]) - cpu) * 1e3 / megabytes


def keeper(folder: Path, seconds: float) -> tuple[float, float]:
    agents = Agents(folder, 1)
    order = {
        "session": "s12345678", "generation": 1, "argv": agents.argv(0), "env": dict(os.environ),
        "cwd": str(folder), "cols": 80, "rows": 24, "recording": str(folder / "r.cast"),
        "socket": str(folder / "k.sock"), "title": "", "max_recording_bytes": 0, "thin_bytes_per_s": 0,
        "unattended_bytes_per_s": 0, "term": "xterm-256color",
    }  # fmt: skip
    (folder / "launch.json").write_text(json.dumps(order))
    started = launch(folder / "launch.json")
    try:
        agents.wait()
        return _flood(agents, started.pid, seconds)
    finally:
        os.kill(started.pid, signal.SIGTERM)  # it ends its agent, too
        (folder / "r.cast").unlink()


def _peer(folder: Path, asciinema: list[str], seconds: float) -> tuple[float, float]:
    agents = Agents(folder, 1)
    command = " ".join(agents.argv(0))
    terminal = Terminal([*asciinema, "rec", "-q", "-c", command, str(folder / "r.cast")], dict(os.environ))
    try:
        agents.wait()
        return _flood(agents, _recorder(agents), seconds)
    finally:
        terminal.close()


def _recorder(agents: Agents) -> int:
    """The process that holds the agent's pty: above the shell that asciinema runs it with."""
    above = parent(agents.pids()[0])
    return above if "asciinema" in Path(f"/proc/{above}/cmdline").read_text() else parent(above)
