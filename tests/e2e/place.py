"""One repository with steer state of its own, real supervisors, keepers and agents; nothing of it stays.

Every wait is for something the fleet says or the disk shows, with a deadline that only a hang can reach.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pygit2
import pytest

import steer
from steer.config.path import RepositoryPath
from steer.errors import EnvironmentFault, SteerError
from steer.runtime import supervise
from steer.runtime.sync_client import SyncClient

DEADLINE_S = 60.0
_FOLDERS = {
    "XDG_STATE_HOME": "s",
    "XDG_DATA_HOME": "d",
    "XDG_RUNTIME_DIR": "r",
    "XDG_CONFIG_HOME": "c",
    "XDG_CACHE_HOME": "k",
    "HOME": "h",
}
_FOREIGN = ("STEER_", "GIT_", "XDG_", "TMUX", "CLAUDE")

View = dict[str, Any]


def until(what: str, holds: Callable[[], Any], deadline_s: float = 0.0) -> Any:
    """The first true value of `holds`; fails naming `what` when it never is. 0 stands for `DEADLINE_S`."""
    deadline_s = deadline_s or DEADLINE_S
    end = time.monotonic() + deadline_s
    while not (value := holds()):
        if time.monotonic() > end:
            pytest.fail(f"waited {deadline_s:.0f} s in vain: {what}")
        time.sleep(0.01)
    return value


@dataclass(frozen=True)
class Done:
    """What a command said and how it ended."""

    status: int
    out: str
    err: str
    raw: bytes  # both streams


class Place:
    """`repo` is a repository with one commit; `root` holds it and all folders of steer's."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.repo = root / "shop"

    @property
    def common_dir(self) -> Path:
        return self.repo / ".git"

    @property
    def paths(self) -> RepositoryPath:
        return supervise.paths_for(self.common_dir)

    # -- asking ---------------------------------------------------------------------------------------

    def client(self) -> SyncClient:
        return SyncClient(supervise.ensure_supervisor(self.common_dir), timeout_s=DEADLINE_S)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        with self.client() as client:
            return client.call(method, **params)

    def views(self) -> list[View]:
        return list(self.call("view")["fleet"]["sessions"])

    def view(self, session: str) -> View:
        return next(v for v in self.views() if session in (v["spec"]["id"], v["spec"]["name"]))

    def operations(self, kind: str = "") -> list[dict[str, Any]]:
        return [o for o in self.call("log", limit=1000)["operations"] if kind in ("", o["kind"])]

    def wait(self, session: str, what: str, holds: Callable[[View], Any]) -> View:
        """The session's view as soon as it `holds`; told by the supervisor, not asked for again and again."""
        with self.client() as client:
            client.set_deadline(time.monotonic() + DEADLINE_S)
            known: dict[str, View] = {}
            try:
                for message in client.subscribe():
                    if message.get("t") == "fleet":
                        known.update({v["spec"]["id"]: v for v in message["sessions"]})
                        for v in known.values():
                            if session in (v["spec"]["id"], v["spec"]["name"]) and holds(v):
                                return v
            except EnvironmentFault:
                pass
        pytest.fail(f"{session} never was: {what}; it is {known}; its screen: {self.lines(session)}")

    def lines(self, session: str) -> list[str]:
        """Scrollback and screen."""
        return list(self.call("screen", session=session, all=True)["lines"])

    def shows(self, session: str, text: str) -> None:
        """Wait until the session's terminal shows `text`."""
        until(
            f"{text!r} on the screen of {session}",
            lambda: any(text in line for line in self.lines(session)),
        )

    # -- doing ----------------------------------------------------------------------------------------

    def start(self, argv: list[str], name: str = "a", **more: Any) -> str:
        """Start one session; its id."""
        wish = {
            "task": "work",
            "agent": "script",
            "argv": argv,
            "name": name,
            "env": dict(os.environ),
            **more,
        }
        return str(self.call("start", **wish)["sessions"][0])

    def script(self, name: str, text: str) -> list[str]:
        """An agent written for this test: the command that runs it."""
        path = self.root / f"{name}.py"
        if not path.exists() or path.read_text() != text:  # an agent may just be reading it
            path.write_text(text)
        return [sys.executable, "-u", str(path)]

    def worktree(self, session: str) -> Path:
        return Path(self.view(session)["spec"]["worktree"])

    def run(self, *args: str, **more: Any) -> Done:
        """`steer ARGS` as a process of its own, in the repository unless `cwd` says otherwise."""
        more = {"cwd": self.repo, "timeout": 120, "stdin": subprocess.DEVNULL, **more}
        if "input" in more:
            more.pop("stdin")
        command = [sys.executable, "-m", "steer", *args]
        done = subprocess.run(command, capture_output=True, check=False, **more)
        out, err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
        return Done(done.returncode, out, err, done.stdout + done.stderr)

    # -- processes ------------------------------------------------------------------------------------

    def supervisor(self) -> int:
        return int(self.call("ping")["pid"])

    def kill_supervisor(self) -> int:
        """kill -9; returns when the process is gone."""
        pid = self.supervisor()
        kill_and_wait(pid)
        return pid

    def keeper(self, session: str) -> int:
        """The process that owns the session's terminal: the one whose orders named this session."""
        marker = os.fsencode(self.paths.session_dir(session))
        found = [
            p
            for p in self.processes()
            if b"steer.runtime.keeper" in _read(p, "cmdline") and marker in _read(p, "cmdline")
        ]
        assert len(found) == 1, found
        return found[0]

    def processes(self) -> list[int]:
        """All living processes that belong to this place, by command, environment or folder."""
        marker = os.fsencode(self.root)
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid() and not _is_zombie(int(entry.name)):
                pid = int(entry.name)
                if marker in _read(pid, "cmdline") or marker in _read(pid, "environ") or marker in _cwd(pid):
                    found.append(pid)
        return found

    def end_everything(self) -> None:
        """What a reboot does to processes."""
        while found := self.processes():
            for pid in found:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            for pid in found:
                until(f"process {pid} is gone", lambda pid=pid: not _is_alive(pid))

    def wipe_runtime(self) -> None:
        shutil.rmtree(self.root / "r" / "steer", ignore_errors=True)

    def tell(self) -> None:
        """Print what the supervisor wrote down, for a failed test's report."""
        for path in (self.paths.log, self.paths.state / "crash.log"):
            if path.exists():
                print(f"--- {path}\n{path.read_text()[-6000:]}")

    def close(self) -> list[str]:
        """End the fleet as steer does; what was left all the same is killed and returned."""
        with contextlib.suppress(SteerError):
            supervise.shut_down(self.common_dir)
        with contextlib.suppress(pytest.fail.Exception):
            until("the place is quiet", lambda: not self.processes(), 15.0)
        left = [f"{pid} {_read(pid, 'cmdline')!r}" for pid in self.processes()]
        self.end_everything()
        return left


def kill_and_wait(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    until(f"process {pid} is gone", lambda: not _is_alive(pid))


def _read(pid: int, what: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{what}").read_bytes()
    except OSError:
        return b""


def _cwd(pid: int) -> bytes:
    try:
        return os.fsencode(Path(f"/proc/{pid}/cwd").readlink())
    except OSError:
        return b""


def _state(pid: int) -> bytes:
    return _read(pid, "stat").rpartition(b")")[2].strip()[:1]


def _is_zombie(pid: int) -> bool:
    return _state(pid) in (b"Z", b"X")


def _is_alive(pid: int) -> bool:
    return bool(_state(pid)) and not _is_zombie(pid)


def parent_of(pid: int) -> int:
    """The parent of process `pid`, 0 where that is gone."""
    fields = _read(pid, "stat").rpartition(b")")[2].split()
    return int(fields[1]) if fields else 0


def is_alive(pid: int) -> bool:
    """Whether a process with this id runs; one that only waits to be reaped does not."""
    return _is_alive(pid)


@contextlib.contextmanager
def make_place(patch: pytest.MonkeyPatch, files: dict[str, str] | None = None) -> Iterator[Place]:
    """A place in a folder with a short name: socket paths are limited to 107 bytes."""
    root = Path(tempfile.mkdtemp(prefix="se-", dir="/tmp"))
    try:
        with open_place(patch, root, files) as place:
            yield place
            place.tell()
            left = place.close()
            assert not left, f"processes were left behind: {left}"
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextlib.contextmanager
def open_place(patch: pytest.MonkeyPatch, root: Path, files: dict[str, str] | None = None) -> Iterator[Place]:
    """A place in the folder `root`, which stays; no process of it does."""
    root.mkdir(exist_ok=True)
    _point_environment(patch, root)
    place = Place(root)
    make_repository(place.repo, files or {"a.txt": "one\n", "dir/b.txt": "two\n"})
    try:
        yield place
    finally:
        place.end_everything()


def _point_environment(patch: pytest.MonkeyPatch, root: Path) -> None:
    for name in list(os.environ):
        if name.startswith(_FOREIGN):
            patch.delenv(name)
    for name, folder in _FOLDERS.items():
        (root / folder).mkdir(mode=0o700)
        patch.setenv(name, str(root / folder))
    patch.setenv("PYTHONPATH", str(Path(steer.__file__).parents[1]))
    patch.setenv("TERM", "xterm-256color")
    patch.setenv("LANG", "C.UTF-8")
    (root / "h" / ".gitconfig").write_text("[user]\n name = t\n email = t@example.org\n")
    pygit2.settings.search_path[pygit2.enums.ConfigLevel.GLOBAL] = str(root / "h")


def make_repository(folder: Path, files: dict[str, str]) -> pygit2.Repository:
    repository = pygit2.init_repository(str(folder), initial_head="main")
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    repository.index.add_all()
    repository.index.write()
    who = pygit2.Signature("t", "t@example.org")
    repository.create_commit("HEAD", who, who, "first", repository.index.write_tree(), [])
    return repository
