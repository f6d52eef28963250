"""The cockpit beside tmux: `python -m tests.benchmarks.panes [--quick] [--panes 9] [--only NAME ...]`.

The real product (supervisor, keepers, board in a pty of 200x50) and tmux with as many panes of the same size run
the same scripted agents; this program is both terminals. Rounds of the two are interleaved, so that a noisy
moment hits both; figures are medians of the rounds, and what counts is the ratio. Agents' own work is in nobody's
figures. See `README.md` beside this file for what each table says.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks import board, recording
from tests.benchmarks.host import Host, SteerHost, TmuxHost
from tests.benchmarks.process import cpu_s, pss_mb
from tests.benchmarks.terminal import Terminal

LOADS = ("idle", "ink30", "ink", "cat", "yes")
# Neither steer's chrome nor any load shows these. Never one twice in a row: it would change nothing.
KEYS = {name: itertools.cycle((b"~", b"|", b"%")) for name in ("steer", "tmux")}
KEY_GAP_S = 0.04
LOST_S = 2.0  # a key whose echo takes longer counts as this
WARM_S = 0.7


@dataclass
class Sample:
    """What one host did under one load, over all rounds so far."""

    echo_s: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)  # MB/s written by the agents
    cpu: list[float] = field(default_factory=list)  # share of one core
    parts: dict[str, list[float]] = field(default_factory=dict)

    def echo_ms(self, quantile: float) -> float:
        ordered = sorted(self.echo_s)
        return ordered[min(len(ordered) - 1, int(quantile * len(ordered)))] * 1e3

    @property
    def cpu_per_mb(self) -> float:
        """Milliseconds of processor time for a megabyte."""
        each = [c / r * 1e3 for c, r in zip(self.cpu, self.rate, strict=True) if r > 0.01]
        return statistics.median(each) if each else 0.0


def measure(host: Host, load: str, seconds: float, sample: Sample) -> None:
    """One round: the load on all panes but the first, keys into the first."""
    host.agents.tell(load)
    Terminal.rest(WARM_S)
    parts = host.parts()
    before = {name: cpu_s(pids) for name, pids in parts.items()}
    written, began = host.agents.written(), time.perf_counter()
    sample.echo_s += press_keys(host, began + seconds)
    took = time.perf_counter() - began
    sample.rate.append((host.agents.written() - written) / 1e6 / took)
    used = {name: (cpu_s(pids) - before[name]) / took for name, pids in parts.items()}
    sample.cpu.append(sum(used.values()))
    for name, share in used.items():
        sample.parts.setdefault(name, []).append(share)
    host.agents.settle()


def press_keys(host: Host, until: float) -> list[float]:
    """Seconds from each key to its echo on the terminal."""
    assert host.terminal
    found: list[float] = []
    while time.perf_counter() < until:
        key = next(KEYS[host.name])
        host.terminal.forget()
        pressed = time.perf_counter()
        host.terminal.type(key)
        found.append(min(host.terminal.wait_for(key, LOST_S) - pressed, LOST_S))
        Terminal.rest(KEY_GAP_S * (0.5 + (len(found) * 0.618) % 1))  # at no fixed phase of any frame timer
    return found


def compare(root: Path, options: argparse.Namespace) -> None:
    hosts: list[Host] = [SteerHost(root, options.panes, sidebar=False)]
    if shutil.which("tmux"):
        hosts.append(TmuxHost(root, options.panes))
    else:
        print("tmux is not installed: steer's figures alone, without ratios")
    samples = {load: {host.name: Sample() for host in hosts} for load in options.loads}
    try:
        for host in hosts:
            host.start()
            host.open()
            host.focus()
        for number in range(options.rounds):
            for load in options.loads:
                for host in hosts if number % 2 == 0 else hosts[::-1]:
                    measure(host, load, options.seconds, samples[load][host.name])
        _print_loads(samples)
        _print_memory(hosts)
    finally:
        for host in hosts:
            host.close()


def _print_loads(samples: dict[str, dict[str, Sample]]) -> None:
    print(f"\n{'':6} {'steer':^44}   {'tmux':^44}   {'steer / tmux':^32}")
    figures = ("p50 ms", "p95 ms", "MB/s", "cpu", "ms/MB")
    print(f"{'load':6} " + "   ".join("".join(f"{f:>9}" for f in figures) for _ in range(3)))
    for load, by_host in samples.items():
        rows = {name: _figures(sample) for name, sample in by_host.items()}
        line = "   ".join("".join(f"{v:9.2f}" for v in row) for row in rows.values())
        if "tmux" in rows:
            pairs = zip(rows["steer"], rows["tmux"], strict=True)
            line += "   " + "".join(f"{a / b:8.2f}x" if b else f"{'-':>9}" for a, b in pairs)
        print(f"{load:6} {line}")
    for load, by_host in samples.items():
        parts = ", ".join(
            f"{name} {statistics.median(shares):.3f}"
            for sample in by_host.values()
            for name, shares in sample.parts.items()
        )
        print(f"cpu of {load:6} {parts}")


def _figures(sample: Sample) -> tuple[float, ...]:
    middle = statistics.median
    return (
        sample.echo_ms(0.5), sample.echo_ms(0.95), middle(sample.rate), middle(sample.cpu), sample.cpu_per_mb
    )  # fmt: skip


def _print_memory(hosts: list[Host]) -> None:
    print()
    for host in hosts:
        parts = {name: pss_mb(pids) for name, pids in host.parts().items()}
        whole = sum(parts.values())
        told = ", ".join(f"{name} {mb:.0f}" for name, mb in parts.items())
        count = host.agents.count
        print(f"memory of {host.name}: {whole:.0f} MB PSS ({told}), {whole / count:.1f} MB a session")


PARTS = ("loads", "board", "recording")


def main(argv: list[str] | None = None) -> int:
    p = argparse.ArgumentParser(prog="python -m tests.benchmarks.panes", description=__doc__)
    p.add_argument("--quick", action="store_true", help="shorter rounds: about two minutes in all")
    p.add_argument("--panes", type=int, default=9, help="panes of the comparison (%(default)s)")
    p.add_argument("--sessions", type=int, default=20, help="sessions of the idle board (%(default)s)")
    p.add_argument("--rounds", type=int, help="interleaved rounds of the comparison")
    p.add_argument("--seconds", type=float, help="length of one measurement")
    p.add_argument("--loads", nargs="+", choices=LOADS, default=LOADS)
    p.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    options = p.parse_args(argv)
    options.rounds = options.rounds or (1 if options.quick else 5)
    options.seconds = options.seconds or (2.5 if options.quick else 4.0)
    print(
        f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, {options.rounds} rounds of {options.seconds} s"
    )
    environment, folder = dict(os.environ), Path.cwd()
    work = {
        "loads": lambda root: compare(root, options),
        "board": lambda root: board.run(root, options.sessions, is_quick=options.quick),
        "recording": lambda root: recording.run(root, options.seconds, options.rounds),
    }
    try:
        for name in options.only:
            with tempfile.TemporaryDirectory(prefix="steer-bench-", ignore_cleanup_errors=True) as root:
                work[name](Path(root))
                os.chdir(folder)
    finally:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        for terminal in list(Terminal.opened):
            terminal.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
