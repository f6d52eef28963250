"""A board of many idle sessions: what it costs to have it open, and how long things take to come up."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.benchmarks.host import START_S, STEER, SteerHost
from tests.benchmarks.process import cpu_s, pss_mb
from tests.benchmarks.terminal import Terminal
from tests.benchmarks.workload import READY

BARE_TEXTUAL = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("READY")
Bare().run()
"""


def run(root: Path, sessions: int, *, is_quick: bool) -> None:
    """Print idle CPU, memory and start-up times of a board of `sessions`."""
    host = SteerHost(root, sessions)
    try:
        host.start()
        _start_up(host, rounds=3 if is_quick else 7)
        _idle(host, seconds=20.0 if is_quick else 60.0)
    finally:
        host.close()


def _idle(host: SteerHost, seconds: float) -> None:
    terminal = host.open()
    terminal.wait_for(READY.encode(), START_S)
    young_s = 65 - (time.time() - host.started_at)
    Terminal.rest(max(5.0, young_s))  # no idling: first pictures, and ages that still count seconds
    parts = host.parts()
    before = {name: cpu_s(pids) for name, pids in parts.items()}
    shown, began = terminal.total, time.perf_counter()
    Terminal.rest(seconds)
    took = time.perf_counter() - began
    used = {name: (cpu_s(pids) - before[name]) / took * 100 for name, pids in parts.items()}
    told = ", ".join(f"{name} {share:.2f}" for name, share in used.items())
    count = host.agents.count
    print(f"\nidle board of {count} sessions, {took:.0f} s: {sum(used.values()):.2f} % of a core ({told}), "
          f"{(terminal.total - shown) / took:.0f} bytes/s to the terminal")  # fmt: skip
    memory = {name: pss_mb(pids) for name, pids in parts.items()}
    told = ", ".join(f"{name} {mb:.0f}" for name, mb in memory.items())
    each = memory["keepers"] / count
    print(f"memory with {count} sessions: {sum(memory.values()):.0f} MB PSS ({told}); {each:.1f} MB a keeper")


def _start_up(host: SteerHost, rounds: int) -> None:
    bare, ls, paint, again = [], [], [], []
    for _ in range(rounds):
        bare.append(_first_paint([sys.executable, "-c", BARE_TEXTUAL], host.env))
        ls.append(_list(host))
        paint.append(_open(host))
        os.kill(host.ui_child(), signal.SIGKILL)
        _close(host)
        again.append(_open(host))
        _close(host)
    base = statistics.median(bare)
    print(f"\nstart-up, medians of {rounds}: a bare Textual app's first paint {base * 1e3:.0f} ms")
    names = (
        f"board's first paint, {host.agents.count} sessions",
        "reattach after kill -9 of the UI",
        "steer ls",
    )
    for name, times in zip(names, (paint, again, ls), strict=True):
        found = statistics.median(times)
        print(f"  {name:36} {found * 1e3:5.0f} ms  {found / base:.2f}x")


def _first_paint(argv: list[str], env: dict[str, str]) -> float:
    terminal = Terminal(argv, env)
    try:
        return terminal.wait_for(READY.encode(), START_S) - terminal.began
    finally:
        terminal.close()


def _open(host: SteerHost) -> float:
    """Seconds until the first agent's own text is on the board."""
    terminal = host.open()
    return terminal.wait_for(READY.encode(), START_S) - terminal.began


def _close(host: SteerHost) -> None:
    assert host.terminal
    Terminal.rest(0.3)
    host.terminal.close()


def _list(host: SteerHost) -> float:
    began = time.perf_counter()
    subprocess.run([*STEER, "ls"], env=host.env, cwd=host.repository, check=True, stdout=subprocess.DEVNULL,
                   timeout=START_S)  # fmt: skip
    return time.perf_counter() - began
