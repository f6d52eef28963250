"""Two ways to have many agents side by side: steer as its users run it, and tmux. One interface for both."""

from __future__ import annotations

import os
import shlex
import struct
import subprocess
import sys
import time
from pathlib import Path

from steer.demo.sandbox import make_project
from steer.runtime.supervise import ensure_supervisor, shut_down
from steer.runtime.sync_client import SyncClient
from tests.benchmarks import workload
from tests.benchmarks.process import children, parent, tree
from tests.benchmarks.terminal import COLS, ROWS, Terminal

START_S = 60.0  # a generous limit for anything to come up
STEER = [sys.executable, "-m", "steer"]


class Agents:
    """The scripted agents of one host; number 0 is the one that echoes."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder, self.count = folder, count
        folder.mkdir()
        for n in range(count):
            os.mkfifo(folder / f"{n}.fifo")
            (folder / f"{n}.count").write_bytes(bytes(16))

    def argv(self, number: int) -> list[str]:
        return [sys.executable, "-I", "-S", str(Path(workload.__file__)), str(self.folder), str(number)]

    def tell(self, load: str, numbers: range | None = None) -> None:
        for n in numbers or range(1, self.count):
            fd = os.open(self.folder / f"{n}.fifo", os.O_RDWR | os.O_NONBLOCK)
            os.write(fd, load.encode() + b"\n")
            os.close(fd)

    def _state(self, number: int) -> tuple[int, int]:
        written, pid = struct.unpack("=QQ", (self.folder / f"{number}.count").read_bytes())
        return written, pid

    def written(self) -> int:
        """Bytes that all of them have written."""
        return sum(self._state(n)[0] for n in range(self.count))

    def pids(self) -> list[int]:
        return [self._state(n)[1] for n in range(self.count)]

    def wait(self) -> None:
        """Until every one runs."""
        until = time.monotonic() + START_S
        while not all(self.pids()):
            if time.monotonic() > until:
                raise TimeoutError(f"agents did not start: {self.pids()}")
            Terminal.rest(0.02)

    def settle(self) -> None:
        """Make them idle and wait until what they wrote has been shown."""
        self.tell("idle")
        until, before = time.monotonic() + 20, -1
        while self.written() != before and time.monotonic() < until:
            before = self.written()
            Terminal.rest(0.3)


class SteerHost:
    """A fleet in a throw-away repository with state of its own below `root`, and the board on it."""

    name = "steer"

    def __init__(self, root: Path, count: int, *, sidebar: bool = True) -> None:
        self.agents = Agents(root / "steer-agents", count)
        self.repository = root / "project"
        self.env = dict(os.environ)
        for variable in ("STATE", "DATA", "CACHE", "CONFIG"):
            self.env[f"XDG_{variable}_HOME"] = str(root / variable.lower())
        self.env["XDG_RUNTIME_DIR"] = str(root / "run")
        (root / "run").mkdir(mode=0o700)
        (root / "cache" / "steer").mkdir(parents=True)
        (root / "cache" / "steer" / "welcomed").touch()
        (root / "config" / "steer").mkdir(parents=True)
        (root / "config" / "steer" / "config.toml").write_text(f"[ui]\nsidebar = {str(sidebar).lower()}\n")
        make_project(self.repository)
        self.terminal: Terminal | None = None
        os.environ.update(self.env)  # the functions called here read them, too
        self.env["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)

    @property
    def common_dir(self) -> Path:
        return self.repository / ".git"

    def start(self) -> None:
        """All sessions; the board is opened by `open`."""
        with SyncClient(ensure_supervisor(self.common_dir), timeout_s=START_S) as client:
            self.supervisor = int(client.call("ping")["pid"])
            for n in range(self.agents.count):
                wish = {"argv": self.agents.argv(n), "agent": "bench", "name": f"agent-{n}", "env": self.env}
                client.call("start", **wish)
        self.agents.wait()
        self.started_at = time.time()
        self.agents.tell("echo", range(1))

    def open(self) -> Terminal:
        os.chdir(self.repository)
        self.terminal = Terminal(STEER, self.env)
        return self.terminal

    def focus(self) -> None:
        """Type into the first pane from now on."""
        assert self.terminal
        self.terminal.wait_for(b"quit", START_S)  # in its footer
        Terminal.rest(1.0)
        self.terminal.type(b"1")
        Terminal.rest(0.3)
        self.terminal.type(b"\r")
        if self.terminal.wait_for(b"KEYS", START_S) == float("inf"):
            raise TimeoutError("the board did not go into focus mode")

    def parts(self) -> dict[str, list[int]]:
        assert self.terminal
        keepers = [parent(pid) for pid in self.agents.pids()]
        return {"ui": tree(self.terminal.pid), "supervisor": [self.supervisor], "keepers": keepers}

    def pids(self) -> list[int]:
        return [pid for part in self.parts().values() for pid in part]

    def ui_child(self) -> int:
        """The process that draws; its parent only guards the terminal."""
        assert self.terminal
        return children(self.terminal.pid)[0]

    def close(self) -> None:
        if self.terminal:
            self.terminal.close()
        shut_down(self.common_dir)


class TmuxHost:
    """One window, the panes tiled, no status line; as much scrollback as steer keeps."""

    name = "tmux"

    def __init__(self, root: Path, count: int) -> None:
        self.agents = Agents(root / "tmux-agents", count)
        self.socket = root / "tmux.sock"
        (root / "tmux.conf").write_text(
            "set -g status off\nset -g history-limit 10000\nset -sg escape-time 0\nset -g mouse on\n"
        )
        self.config = root / "tmux.conf"
        self.env = {k: v for k, v in os.environ.items() if k != "TMUX"}
        self.terminal: Terminal | None = None

    def _tmux(self, *args: str) -> str:
        argv = ["tmux", "-f", str(self.config), "-S", str(self.socket), *args]
        made = subprocess.run(argv, env=self.env, check=True, capture_output=True, text=True, timeout=START_S)
        return made.stdout.strip()

    def start(self) -> None:
        self._tmux("new-session", "-d", "-x", str(COLS), "-y", str(ROWS), shlex.join(self.agents.argv(0)))
        for n in range(1, self.agents.count):
            self._tmux("split-window", shlex.join(self.agents.argv(n)))
            self._tmux("select-layout", "tiled")
        self._tmux("select-pane", "-t", ":.0")
        self.agents.wait()
        self.server = int(self._tmux("display-message", "-p", "#{pid}"))
        self.agents.tell("echo", range(1))

    def open(self) -> Terminal:
        self.terminal = Terminal(["tmux", "-S", str(self.socket), "attach"], self.env)
        return self.terminal

    def focus(self) -> None:
        Terminal.rest(0.5)

    def parts(self) -> dict[str, list[int]]:
        assert self.terminal
        return {"client": [self.terminal.pid], "server": [self.server]}

    def pids(self) -> list[int]:
        return [pid for part in self.parts().values() for pid in part]

    def close(self) -> None:
        if self.terminal:
            self.terminal.close()
        try:
            self._tmux("kill-server")
        except (subprocess.SubprocessError, OSError):
            pass  # it was not started


Host = SteerHost | TmuxHost
