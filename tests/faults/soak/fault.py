"""The faults of a soak. Each does its harm, waits until what can come back has, and says what it did."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.e2e.place import Place, View, kill_and_wait, until
from tests.faults.goals.disk import mount
from tests.faults.soak.crew import Crew, Onlooker
from tests.unit.adapters.git.test_shadow import contents

DISK_BYTES = 512 << 20


class Faults:
    """`problems` collects what was found wrong while a fault was on; the audit finds the rest."""

    def __init__(self, crew: Crew, onlooker: Onlooker, chance: random.Random, disk: Path | None) -> None:
        self.crew, self.onlooker, self.chance, self.disk = crew, onlooker, chance, disk
        self.place: Place = crew.place
        self.problems: list[str] = []
        self.operations: dict[str, Callable[[], str]] = {
            "supervisor killed": self.kill_supervisor,
            "board killed": self.kill_board,
            "keeper killed": self.kill_keeper,
            "many killed at once": self.kill_many,
            "supervisor stopped": lambda: self.stop(self.place.supervisor()),
            "board stopped": lambda: self.stop(self.onlooker.pid()),
            "keeper stopped": lambda: self.stop(self.chance.choice(list(self.crew.keepers().values()))),
            "disk full": self.fill_disk if disk else self.limit_files,
            "runtime folder wiped": self.wipe,
            "resize storm": self.resize,
            "kill and undo": self.kill_and_undo,
            "fork": lambda: self.branch_off("fork"),
            "restart": lambda: self.branch_off("restart"),
            "git gc": self.gc,
        }

    def kill_supervisor(self) -> str:
        pid = self.place.kill_supervisor()
        time.sleep(self.chance.uniform(0, 2))
        self.place.supervisor()
        return f"pid {pid}"

    def kill_board(self) -> str:
        if wrong := self.onlooker.kill():
            self.problems.append(wrong)
        self.onlooker.open()
        return ""

    def kill_keeper(self) -> str:
        name = self.chance.choice(self.crew.names)
        kill_and_wait(self.crew.keepers()[name])
        self._bring_back(name)
        return name

    def kill_many(self) -> str:
        """Supervisor, board and two keepers."""
        names, keepers = self.chance.sample(self.crew.names, 2), self.crew.keepers()
        self.place.kill_supervisor()
        for name in names:
            kill_and_wait(keepers[name])
        self.kill_board()
        for name in names:
            self._bring_back(name)
        return " ".join(names)

    def _bring_back(self, name: str) -> None:
        until(f"{name} is lost", lambda: self.crew.views()[name]["process"] == "lost")
        self._respawn(name)

    def stop(self, pid: int) -> str:
        os.kill(pid, signal.SIGSTOP)
        time.sleep(self.chance.uniform(0.5, 4))
        os.kill(pid, signal.SIGCONT)
        return f"pid {pid}"

    def fill_disk(self) -> str:
        """All state of steer's is on a file system that is full for some seconds."""
        assert self.disk
        ballast = self.disk / "ballast"
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as f:
            while True:
                f.write(bytes(1 << 16))
        try:
            self._await_stalled()
        finally:
            ballast.unlink()
        self._await_recorded()
        return "all state"

    def limit_files(self) -> str:
        keeper = self.crew.keepers()[name := self.chance.choice(self.crew.printers)]
        before = resource.prlimit(keeper, resource.RLIMIT_FSIZE)
        size = self.crew.recordings(name)[-1].stat().st_size
        resource.prlimit(keeper, resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            self._await_stalled()
        finally:
            resource.prlimit(keeper, resource.RLIMIT_FSIZE, before)
        self._await_recorded()
        return name

    def _await_stalled(self) -> None:
        until("it is said", lambda: any(_is_stalled(v) for v in self.crew.views().values()))
        time.sleep(self.chance.uniform(0, 3))

    def _await_recorded(self) -> None:
        until("all is recorded again", lambda: not any(_is_stalled(v) for v in self.crew.views().values()))

    def wipe(self) -> str:
        self.place.wipe_runtime()
        until("the supervisor can be reached again", self.place.paths.socket.exists)
        return ""

    def resize(self) -> str:
        for _ in range(count := self.chance.randint(20, 100)):
            self.onlooker.resize(self.chance.randint(40, 200), self.chance.randint(12, 60))
            time.sleep(self.chance.uniform(0, 0.05))
        self.onlooker.resize(140, 45)
        return f"{count} sizes"

    def kill_and_undo(self) -> str:
        name = self.chance.choice(self.crew.workers)
        view = self.crew.views()[name]
        session = view["spec"]["id"]
        self.place.call("pause", session=session)
        before = contents(Path(view["spec"]["worktree"]))
        self.place.call("kill", session=session)
        self.place.call("undo")
        after = contents(Path(self.crew.views()[name]["spec"]["worktree"]))
        if before != after:
            self.problems.append(
                f"{name} is not as it was before its kill: {sorted(set(before) ^ set(after))}"
            )
        self._respawn(name)
        return name

    def branch_off(self, how: str) -> str:
        """A session of its own from one that runs, and its end."""
        name = self.chance.choice(self.crew.workers)
        session = self.crew.views()[name]["spec"]["id"]
        made = self.place.call(how, session=session, env=dict(os.environ))["session"]
        time.sleep(self.chance.uniform(0, 2))
        self.place.call("kill", session=made)
        return name

    def gc(self) -> str:
        command = ["git", "gc", "-q", "--prune=now"]
        done = subprocess.run(command, cwd=self.place.repo, capture_output=True, text=True, check=False)
        if done.returncode:
            self.problems.append(f"git gc: {done.stderr.strip()[:300]}")
        return ""

    def _respawn(self, name: str) -> None:
        session = self.crew.views()[name]["spec"]["id"]
        self.place.call(
            "respawn", session=session, env={**os.environ, "STEER_DEMO_PACE": "0.5", "PAUSE": "0.1"}
        )


def _is_stalled(view: View) -> bool:
    return "not recorded, agent held" in view["recording_note"]


@contextlib.contextmanager
def small_state(root: Path) -> Iterator[Path | None]:
    """A file system of its own for all state of steer's below `root`, where one can be mounted."""
    folder = root / "s"
    is_mounted = os.getuid() == 0 and mount(folder, DISK_BYTES) == 0
    try:
        yield folder if is_mounted else None
    finally:
        if is_mounted:
            subprocess.run(["umount", "-l", str(folder)], check=False)
