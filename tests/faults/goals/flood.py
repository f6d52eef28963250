"""R13: what a flooding program costs: recorded MB/s, memory of its keeper, the echo of a key beside it, Ctrl-C.

The board shows a pane that floods (`cat`, then `yes`) and one that echoes, as in `tests.benchmarks.panes`; keys are
typed into the latter. Then some clients ask for all of the flooding terminal and never read: what they cost the
supervisor each. At last a real `yes` is typed at: the time is that from the key until the process is gone. tmux does
the same beside it.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import socket
import statistics
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from steer.runtime import wire
from steer.runtime.supervise import paths_for
from steer.runtime.sync_client import SyncClient
from tests.benchmarks import recording
from tests.benchmarks.host import Host, SteerHost, TmuxHost
from tests.benchmarks.panes import Sample
from tests.benchmarks.panes import measure as measure_pane
from tests.benchmarks.process import children, parent, pss_mb
from tests.benchmarks.terminal import Terminal
from tests.faults.goals.measure import Outcome, Size, tool

RECORDED_MB_S, KEEPER_MB, CLIENT_MB, ECHO_MS, INTERRUPT_MS = 40.0, 40.0, 4.0, 100.0, 200.0
LOADS = ("cat", "yes")
STALLED = 4  # clients that do not read
AWAITED_S = 20.0

# Each line typed at it starts a flood, which Ctrl-C ends.
INTERRUPTED = "echo $$ >{pid}; trap : INT; while read go; do yes; done"


@dataclass
class Figures:
    echo_ms: dict[str, float] = field(default_factory=dict)  # load -> p95
    rate: dict[str, float] = field(default_factory=dict)  # load -> MB/s shown
    keeper_mb: float = 0.0
    client_mb: float = 0.0
    interrupt_ms: list[float] = field(default_factory=list)


def measure(size: Size, folder: Path) -> Outcome:
    seconds, rounds = max(1.0, size.tries(40, 100) / 10), size.tries(3, 10)
    here, environment = Path.cwd(), dict(os.environ)
    try:
        recorded = [recording.keeper(folder / f"k{n}", seconds)[0] for n in range(rounds)]
        ours = _flooded(SteerHost(folder, 2, sidebar=False), folder, seconds, size.tries(10, 50))
        beside = _beside(folder, seconds, size.tries(10, 50))
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(environment)
    rate = statistics.median(recorded)
    is_met = rate >= RECORDED_MB_S and ours.keeper_mb <= KEEPER_MB and ours.client_mb <= CLIENT_MB
    is_met = is_met and max(ours.echo_ms.values()) <= ECHO_MS and max(ours.interrupt_ms) <= INTERRUPT_MS
    said = (
        f"{rate:.0f} MB/s recorded by a keeper alone (median of {rounds}), {ours.keeper_mb:.0f} MB a flooded keeper, "
        f"{ours.client_mb:.1f} MB more in the supervisor for each of {STALLED} clients that do not read, {_told(ours)}"
    )
    return Outcome(said, is_met, beside)


def _told(figures: Figures) -> str:
    echo = ", ".join(
        f"{ms:.0f} ms beside `{load}` at {figures.rate[load]:.0f} MB/s"
        for load, ms in figures.echo_ms.items()
    )
    pressed = figures.interrupt_ms
    ended = f"{max(pressed):.0f} ms at most (p50 {statistics.median(pressed):.0f}) in {len(pressed)} tries"
    return f"p95 of a key's echo {echo}, Ctrl-C ends `yes` after {ended}"


def _beside(folder: Path, seconds: float, presses: int) -> dict[str, str]:
    name = tool("tmux", "-V")
    if not name:
        return {"tmux": "not measured: not installed"}
    theirs = _flooded(TmuxHost(folder, 2), folder, seconds, presses)
    return {name: f"{theirs.client_mb:.0f} MB more for a control client that does not read, {_told(theirs)}"}


def _flooded(host: Host, folder: Path, seconds: float, presses: int) -> Figures:
    figures = Figures()
    try:
        host.start()
        pid = folder / f"{host.name}.pid"
        third = _start_interrupted(host, ["/bin/sh", "-c", INTERRUPTED.format(pid=shlex.quote(str(pid)))])
        host.open()
        host.focus()
        for load in LOADS:
            sample = Sample()
            measure_pane(host, load, seconds, sample)
            figures.echo_ms[load], figures.rate[load] = sample.echo_ms(0.95), statistics.median(sample.rate)
        host.agents.tell("yes")
        Terminal.rest(1.0)
        figures.keeper_mb = pss_mb([parent(host.agents.pids()[1])]) if isinstance(host, SteerHost) else 0.0
        figures.client_mb = _stalled_mb(host, seconds)
        host.agents.settle()
        _select_interrupted(host, third)
        figures.interrupt_ms = [_interrupt_ms(host, int(pid.read_text())) for _ in range(presses)]
    finally:
        host.close()
    return figures


# -- clients that do not read ------------------------------------------------------------------------------


def _stalled_mb(host: Host, seconds: float) -> float:
    """By how much the process that serves grew for each client that does not read, at most."""
    server = host.supervisor if isinstance(host, SteerHost) else host.server
    before = most = pss_mb([server])
    with _stalled_clients(host) as count:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            Terminal.rest(0.2)
            most = max(most, pss_mb([server]))
    return (most - before) / count


@contextlib.contextmanager
def _stalled_clients(host: Host) -> Iterator[int]:
    if isinstance(host, TmuxHost):
        argv = ["tmux", "-S", str(host.socket), "-C", "attach"]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=host.env) as client:
            yield 1
            client.kill()
        return
    path = paths_for(host.common_dir).socket
    with SyncClient(path) as asking:
        session = asking.call("view")["fleet"]["sessions"][1]["spec"]["id"]
    with contextlib.ExitStack() as stack:
        for _ in range(STALLED):
            client = stack.enter_context(socket.socket(socket.AF_UNIX))
            client.connect(str(path))
            client.setblocking(False)
            ask = {"t": "call", "id": 1, "method": "screen", "params": {"session": session, "all": True}}
            watch = {"t": "watch", "s": session, "cols": 80, "rows": 24}
            messages = [{"t": "hello", "protocol": 1}, {"t": "subscribe"}, watch, *[ask] * 20]
            with contextlib.suppress(BlockingIOError, ConnectionError):
                client.sendall(b"".join(wire.pack_json("J", m) for m in messages))
        yield STALLED


# -- Ctrl-C ------------------------------------------------------------------------------------------------


def _start_interrupted(host: Host, argv: list[str]) -> str:
    """Start the third pane; what it is called by its host."""
    if isinstance(host, TmuxHost):
        name = host._tmux("split-window", "-P", "-F", "#{pane_id}", shlex.join(argv))
        host._tmux("select-layout", "tiled")
        host._tmux("select-pane", "-t", ":.0")
        return name
    with SyncClient(paths_for(host.common_dir).socket, timeout_s=AWAITED_S) as client:
        client.call("start", argv=argv, agent="sh", name="interrupted", env=host.env)
    return "3"


def _select_interrupted(host: Host, name: str) -> None:
    """Type into the third pane from now on."""
    assert host.terminal
    if isinstance(host, TmuxHost):
        host._tmux("select-pane", "-t", name)
        return
    for keys in (b"\x11", name.encode(), b"\r"):
        host.terminal.forget()
        host.terminal.type(keys)
        Terminal.rest(0.5)
    if host.terminal.wait_for(b"KEYS", AWAITED_S) == float("inf"):
        raise TimeoutError("the board did not go into focus mode")


def _interrupt_ms(host: Host, shell: int) -> float:
    """From Ctrl-C to the end of a `yes` that has flooded for a while."""
    assert host.terminal
    host.terminal.type(b"\r")
    end = time.monotonic() + AWAITED_S
    while not children(shell):
        if time.monotonic() > end:
            raise TimeoutError("no flood began")
        Terminal.pump(0.01)
    Terminal.rest(0.7)
    pressed = time.perf_counter()
    host.terminal.type(b"\x03")
    while children(shell):
        if time.perf_counter() - pressed > AWAITED_S:
            break
        Terminal.pump(0.001)
    took = time.perf_counter() - pressed
    Terminal.rest(0.3)
    return took * 1000
