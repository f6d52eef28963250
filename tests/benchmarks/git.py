"""Checkpoints, forks and differences beside the git command line: `python -m tests.benchmarks.git`.

Rounds are interleaved, so that a noisy moment hits both sides; figures are medians of wall-clock seconds and
their ratio (below 1: steer is faster). Options: number of files (10000), of rounds (7).
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from steer.adapters.git.fork import fork_worktree
from steer.adapters.git.repository import RepositoryInfo, discover
from steer.adapters.git.shadow import Shadow
from steer.adapters.git.worktree import add_worktree

CHANGED = 100


def git(folder: Path, *args: str) -> str:
    return subprocess.run(
        ["git", *args], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def build(root: Path, count: int) -> RepositoryInfo:
    """A repository of `count` text files of 0.6 to 3.6 kB in folders of 25."""
    chance = random.Random(1)
    main = root / "main"
    for n in range(count):
        path = main / f"pkg{n // 500}" / f"mod{n // 25}" / f"file{n}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(chance.randbytes(30).hex() for _ in range(chance.randint(10, 60))))
    git(root, "init", "-q", str(main))
    git(main, "add", "-A")
    git(main, "-c", "user.name=b", "-c", "user.email=b@example.org", "commit", "-qm", "base")
    return discover(main)


class Bench:
    """One repository with a worktree `a` that changes in every round."""

    def __init__(self, root: Path, count: int) -> None:
        self.root, self.info = root, build(root, count)
        self.state, self.folder = root / "state", root / "worktrees" / "a"
        self.commit = self.info.head_commit or ""
        add_worktree(self.info, self.folder, "a", self.commit, self.state)
        self.shadow = Shadow(self.state / "shadow.git", self.info.common_dir)
        self.files = sorted(self.folder.rglob("*.py"))
        self.first = self.last = self.save()
        self.round = 0
        for name in ("user.name", "user.email"):
            git(self.folder, "config", name, "b@example.org")

    def save(self) -> str:
        return self.shadow.checkpoint(self.folder, "s1", self.commit, "bench", 0).id

    def change(self) -> None:
        self.round += 1
        for path in self.files[:: len(self.files) // CHANGED]:
            path.write_text(f"round {self.round}\n")
        (self.folder / f"new{self.round}").write_text("untracked\n")

    def full_scan(self) -> None:
        self.last = self.save()

    def stash(self) -> None:
        git(self.folder, "stash", "create")

    def one_path(self) -> None:
        path = self.files[self.round]
        path.write_text(f"watched {self.round}\n")
        name = str(path.relative_to(self.folder)).encode()
        assert self.shadow.checkpoint_paths(self.folder, "s1", self.commit, [name], "bench", 0)

    def fork(self) -> None:
        target = self.root / "worktrees" / f"fork{self.round}"
        fork_worktree(self.info, self.folder, target, target.name, self.state)

    def add(self) -> None:
        target = self.root / "worktrees" / f"add{self.round}"
        add_worktree(self.info, target, target.name, self.commit, self.state)

    def plain_add(self) -> None:
        target = self.root / "worktrees" / f"plain{self.round}"
        git(self.info.main_worktree, "worktree", "add", "-q", "-b", target.name, str(target), self.commit)

    def diff(self) -> None:
        self.shadow.diff(self.first, self.last)

    def stat(self) -> None:
        self.shadow.stat(self.first, self.last)

    def plain_diff(self) -> None:
        git(self.shadow.path, "diff", "-M", self.first, self.last)


def timed(action: Callable[[], None]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def main() -> None:
    numbers = [int(a) for a in sys.argv[1:]]
    count, rounds = (*numbers, 10_000, 7)[:2] if len(numbers) != 1 else (numbers[0], 7)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), count)
        pairs: list[tuple[str, Callable[[], None], str, Callable[[], None]]] = [
            ("checkpoint, full scan", bench.full_scan, "git stash create", bench.stash),
            ("checkpoint, one path", bench.one_path, "git stash create", bench.stash),
            ("fork of the dirty worktree", bench.fork, "git worktree add", bench.plain_add),
            ("diff", bench.diff, "git diff", bench.plain_diff),
            ("diff counts", bench.stat, "git diff", bench.plain_diff),
        ]
        if count <= 20_000:
            pairs.append(("new worktree", bench.add, "git worktree add", bench.plain_add))
        report(bench, pairs, count, rounds)


def report(
    bench: Bench,
    pairs: list[tuple[str, Callable[[], None], str, Callable[[], None]]],
    count: int,
    rounds: int,
) -> None:
    print(f"{count} files, {CHANGED} changed, {rounds} rounds, medians")
    for ours, our_action, theirs, their_action in pairs:
        mine, other = [], []
        for n in range(rounds):
            bench.change()
            order = [(mine, our_action), (other, their_action)]
            for times, action in order if n % 2 else order[::-1]:
                times.append(timed(action))
            bench.round += 1
        a, b = statistics.median(mine), statistics.median(other)
        print(f"{ours:28} {a * 1000:8.1f} ms   {theirs:18} {b * 1000:8.1f} ms   {a / b:5.2f}x")


if __name__ == "__main__":
    main()
