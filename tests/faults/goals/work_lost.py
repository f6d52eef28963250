"""R6: random histories of work, kills, forks, undos, restarts and crashes of the supervisor: is a byte of work lost?

A history is a fleet of idle agents in a real supervisor; between operations this program does what agents do to files
and to git. Now and then the supervisor of an operation dies at one of its named points (`runtime.crash_point`), and the
next one finishes or takes back what was half done. After every step each session's folder, in its worktree or in the
trash, holds byte for byte what it held before; at the end everything that can be undone is, with the same result.
Beside it the same work under what claude-squad's kill does: `git worktree remove -f`, `git branch -D`, then `gc`.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from steer.errors import SteerError
from steer.runtime.crash_point import VARIABLE
from tests.e2e.place import Place, open_place
from tests.e2e.test_git import act
from tests.faults.goals.measure import Outcome, Size, Tally, tool
from tests.unit.adapters.git.test_shadow import contents
from tests.unit.adapters.git.world import git

STEPS = 10
WORK = ("write", "write", "append", "remove", "mode", "link", "add", "commit", "stash")
NAMES = ("a.txt", "dir/b.txt", "new", "deep/er/x", "-dash", "sp ace", "caf\u00e9")
OPERATIONS = ("work", "work", "kill", "kill", "undo", "undo", "fork", "respawn", "restart", "start")
Picture = dict[str, object]


def crash_points(kind: str) -> list[str]:
    """Every named point that an operation of this kind may die at, read from the source."""
    folder = Path(__file__).parents[3] / "steer" / "runtime" / "intervention"
    found = {p for f in folder.glob("*.py") for p in re.findall(r'crash_point\("([\w.]+)"\)', f.read_text())}
    prefixes = {
        "kill": ("kill.",),
        "undo": ("undo.", "kill."),
        "fork": ("fork.", "begin."),
        "start": ("start.", "begin."),
        "restart": ("restart.", "begin."),
        "respawn": ("respawn.", "begin.launched"),
    }[kind]
    return sorted(p for p in found if p.startswith(prefixes))


@dataclass
class History:
    """One fleet, and what each session's folder has to hold."""

    place: Place
    patch: pytest.MonkeyPatch
    chance: random.Random
    told: list[str] = field(default_factory=list)  # what was done, for the report
    held: dict[str, Picture] = field(default_factory=dict)  # session -> its files
    commits: dict[str, str] = field(default_factory=dict)  # session -> its newest commit
    crashes: int = 0

    def run(self) -> str:
        """What was lost, or ""."""
        self._do("start")
        for _ in range(STEPS):
            self._do(self.chance.choice(OPERATIONS))
            if lost := self._lost():
                return f"after {' '.join(self.told)}: {lost}"
        return self._undo_all()

    def _do(self, what: str) -> None:
        views = {v["spec"]["id"]: v for v in self.place.views()}
        living = sorted(s for s, v in views.items() if v["spec"]["place"] == "worktree")
        if what != "start" and what != "undo" and not living:
            return
        session = self.chance.choice(living) if living else ""
        if what == "work":
            self._work(session, Path(views[session]["spec"]["worktree"]))
            return
        params: dict[str, Any] = {"env": dict(os.environ)}
        if what == "start":
            params |= {"task": "t", "argv": ["sleep", "1000"], "agent": "s"}
        elif what != "undo":
            params |= {"session": session}
        self._call(what, params)

    def _work(self, session: str, folder: Path) -> None:
        for _ in range(self.chance.randint(1, 4)):
            action = self.chance.choice(WORK), self.chance.choice(NAMES), self.chance.randbytes(12)
            act(folder, *action)
        self._hold(session, folder)
        self.told.append("work")

    def _hold(self, session: str, folder: Path) -> None:
        self.held[session] = contents(folder)
        self.commits[session] = git(folder, "rev-parse", "HEAD").decode().strip()

    def _call(self, method: str, params: dict[str, Any]) -> None:
        """The call, perhaps on a supervisor that dies in it; a refusal in words is fine, too."""
        point = self.chance.choice(crash_points(method)) if self.chance.random() < 0.3 else ""
        self.told.append(f"{method}!{point}" if point else method)
        if point:
            self.place.kill_supervisor()
            self.patch.setenv(VARIABLE, point)
            self.place.supervisor()
            self.patch.delenv(VARIABLE)
        has_crashed = False
        try:
            self.place.call(method, **params)
        except SteerError as e:
            has_crashed = "ended before it answered" in e.message
        self.crashes += has_crashed
        if point and not has_crashed:  # it did not come to the point, and is not to die there later
            self.place.kill_supervisor()
        for view in self.place.views():
            if view["spec"]["id"] not in self.held and view["spec"]["place"] == "worktree":
                self._hold(view["spec"]["id"], Path(view["spec"]["worktree"]))

    def _lost(self) -> str:
        views = {v["spec"]["id"]: v for v in self.place.views()}
        trash = _trash(self.place)
        for session, files in self.held.items():
            if session not in views:
                return f"session {session} is gone"
            spec = views[session]["spec"]
            folder = Path(spec["worktree"]) if spec["place"] == "worktree" else trash.get(session)
            if folder is None or not folder.is_dir():
                return f"no folder of {spec['name']}"
            if wrong := _difference(files, contents(folder)):
                return f"{spec['name']} ({spec['place']}): {wrong}"
            if not git(self.place.repo, "for-each-ref", "--contains", self.commits[session]):
                return f"the newest commit of {spec['name']} ({spec['place']}) is on no branch"
        return ""

    def _undo_all(self) -> str:
        for _ in range(10 * STEPS):
            if self.place.call("view")["fleet"]["undo"] is None:
                return ""
            try:
                self.place.call("undo")
            except SteerError as e:
                return f"after {' '.join(self.told)}: an undo failed: {e.message}"
            if lost := self._lost():
                return f"after {' '.join(self.told)} and undo: {lost}"
        return "undo never came to an end"


def _trash(place: Place) -> dict[str, Path]:
    """Session -> its folder in the trash, by the newest plan of a kill in the operation log."""
    kinds = [o for o in place.operations() if "trash" in o["detail"]]
    records = [(o["at"], o["detail"]["trash"]) for o in kinds]
    return {
        r["session"]: Path(r["trash_dir"]) / r["entry"] / "tree"
        for _, r in sorted(records, key=lambda r: r[0])
    }


def _difference(before: Picture, now: Picture) -> str:
    gone = sorted(set(before) - set(now))
    other = sorted(n for n in set(before) & set(now) if before[n] != now[n])
    return "; ".join(
        f"{what} {names[:3]!r}" for what, names in (("gone:", gone), ("changed:", other)) if names
    )


def measure(size: Size, folder: Path) -> Outcome:
    tally, crashes, steps = Tally(), 0, 0
    seed = random.randrange(1 << 32)
    for number in range(size.tries(3, 1000)):
        with pytest.MonkeyPatch.context() as patch, open_place(patch, folder / f"p{number}") as place:
            history = History(place, patch, random.Random(seed + number))
            with tally.each():
                if lost := history.run():
                    raise AssertionError(f"seed {seed + number}: {lost}")
            crashes, steps = crashes + history.crashes, steps + len(history.told)
    said = f"{tally} histories lost work or could not be undone ({steps} steps, {crashes} crashes in them)"
    return Outcome(said, not tally.wrong, _as_claude_squad(size.tries(6, 50), folder))


# -- the kill of claude-squad ------------------------------------------------------------------------------


def _as_claude_squad(count: int, folder: Path) -> dict[str, str]:
    """`git worktree remove -f` and `git branch -D`, then what anybody's gc does: bytes of work that are nowhere."""
    lost, made = 0, 0
    name = tool("git") or "git"
    with pytest.MonkeyPatch.context() as patch, open_place(patch, folder / "cs") as place:
        for number in range(count):
            tree, branch = place.root / f"tree{number}", f"squad/{number}"
            git(place.repo, "worktree", "add", "-q", "-b", branch, str(tree))
            (tree / "committed").write_bytes(random.randbytes(5000))
            git(tree, "add", "-A")
            git(tree, "commit", "-qm", "work")
            (tree / "untracked").write_bytes(random.randbytes(5000))
            (tree / "a.txt").write_bytes(random.randbytes(5000))
            work = [(tree / n).read_bytes() for n in ("committed", "untracked", "a.txt")]
            git(place.repo, "worktree", "remove", "-f", str(tree))
            git(place.repo, "branch", "-D", branch)
            git(place.repo, "reflog", "expire", "--expire-unreachable=now", "--all")
            git(place.repo, "gc", "-q", "--prune=now")
            made += sum(map(len, work))
            lost += sum(len(data) for data in work if not _is_kept(place.repo, data))
    share = f"{lost:,} of {made:,} bytes"
    return {f"{name}, as claude-squad's kill does": f"{share} of new work lost in {count} kills after a gc"}


def _is_kept(repository: Path, data: bytes) -> bool:
    """Whether git has an object with these bytes."""
    name = git(repository, "hash-object", "--stdin", stdin=data).decode().strip()
    found = subprocess.run(["git", "cat-file", "-e", name], cwd=repository, capture_output=True, check=False)
    return found.returncode == 0
