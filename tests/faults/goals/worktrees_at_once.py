"""R15: sixteen worktrees made at once while git fetches and collects garbage: failures, and what they leave behind.

A failure is an exception, or a round after which there are not exactly sixteen worktrees and branches more. Beside it
plain `git worktree add`, as tools use it: from a remote branch, that without tracking, and from a commit.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.faults.goals import ground
from tests.faults.goals.measure import Outcome, Size, Tally, tool
from tests.unit.adapters.git.test_races import meanwhile
from tests.unit.adapters.git.world import World, git, make_world

AT_ONCE = 16
Add = Callable[[World, str], str]  # makes a worktree on a branch of this name; what went wrong, or ""


def measure(size: Size, folder: Path) -> Outcome:
    rounds = size.tries(6, 30)
    with ground.own_home(folder):
        tally, leftover = _rounds(folder / "steer", rounds, _steer)
        beside = {
            f"{tool('git')} worktree add {name}": _said(*_rounds(folder / f"git{n}", rounds, _git(words)))
            for n, (name, words) in enumerate(
                {
                    "from origin/main": ["origin/main"],
                    "--no-track from origin/main": ["--no-track", "origin/main"],
                    "from a commit": ["HEAD~0^{commit}"],
                }.items()
            )
        }
    return Outcome(_said(tally, leftover), tally.wrong == 0 and leftover == 0, beside)


def _said(tally: Tally, leftover: int) -> str:
    return f"{tally} failed, {leftover} branches or worktrees left over or missing"


def _rounds(root: Path, rounds: int, add: Add) -> tuple[Tally, int]:
    """(worktrees that failed, branches and worktrees that are there without the other or are missing)."""
    tally, leftover = Tally(), 0
    for number in range(rounds):
        place = root / str(number)
        place.mkdir(parents=True)
        world, upstream = make_world(place), make_world(place, "upstream")
        git(world.main, "remote", "add", "origin", str(upstream.main))
        git(world.main, "fetch", "-q", "origin")
        with meanwhile(lambda: _housekeeping(world, upstream)), ThreadPoolExecutor(AT_ONCE) as pool:  # noqa: B023
            for wrong in pool.map(lambda n: add(world, f"n{n}"), range(AT_ONCE)):  # noqa: B023
                tally.add(wrong)
        leftover += _leftover(world)
    return tally, leftover


def _housekeeping(world: World, upstream: World) -> None:
    git(upstream.main, "commit", "-q", "--allow-empty", "-m", "news")
    git(world.main, "fetch", "-q", "origin", ok=(0, 1, 128))
    git(world.main, "gc", "-q", "--prune=now", ok=(0, 1, 128))


def _leftover(world: World) -> int:
    branches = git(world.main, "for-each-ref", "--format=%(refname:lstrip=-1)", "refs/heads/steer").split()
    listed = git(world.main, "worktree", "list", "--porcelain").split(b"worktree ")[2:]
    whole = [entry for entry in listed if b"branch refs/heads/steer/" in entry and b"prunable" not in entry]
    return abs(len(branches) - len(whole)) + len(listed) - len(whole)


def _steer(world: World, name: str) -> str:
    try:
        world.add(name)
    except Exception as e:
        return f"{type(e).__name__}: {e}"[:200]
    return "" if (world.place(name) / "a.txt").read_text() == "one\n" else "a file is missing"


def _git(words: list[str]) -> Add:
    def add(world: World, name: str) -> str:
        argv = [
            "git",
            "worktree",
            "add",
            "-q",
            "-b",
            f"steer/{name}",
            *words[:-1],
            str(world.place(name)),
            words[-1],
        ]
        done = subprocess.run(argv, cwd=world.main, capture_output=True, text=True)
        told = [line for line in done.stderr.splitlines() if line.startswith(("fatal:", "error:"))]
        return "; ".join(told)[:100] or f"status {done.returncode}" if done.returncode else ""

    return add
