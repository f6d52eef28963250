"""Real repositories in a temporary folder, with git configured by nothing but the test."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from steer.adapters.git.fork import ForkReport, fork_worktree
from steer.adapters.git.repository import RepositoryInfo, discover
from steer.adapters.git.shadow import Checkpoint, Shadow
from steer.adapters.git.trash import Restored, TrashRecord, restore_worktree, trash_worktree
from steer.adapters.git.worktree import AddReport, add_worktree

AT = 1_700_000_000


def git(folder: Path, *args: str, stdin: bytes = b"", ok: tuple[int, ...] = (0,)) -> bytes:
    """Plain git, as the operator would run it."""
    done = subprocess.run(["git", *args], cwd=folder, input=stdin, capture_output=True, check=False)
    assert done.returncode in ok, done.stderr.decode()
    return done.stdout


def states(folder: Path) -> bytes:
    """What git says about each path; renames and stat data play no part."""
    return git(
        folder,
        "--no-optional-locks",
        "status",
        "--porcelain=v2",
        "-z",
        "--untracked-files=all",
        "--no-renames",
    )


@dataclass
class World:
    """One repository with places for steer's things."""

    root: Path
    main: Path

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def trash(self) -> Path:
        return self.root / "worktrees.trash"

    @property
    def info(self) -> RepositoryInfo:
        return discover(self.main)

    @property
    def head(self) -> str:
        return git(self.main, "rev-parse", "HEAD").decode().strip()

    def place(self, name: str) -> Path:
        return self.root / "worktrees" / name

    def add(self, name: str, **more: object) -> AddReport:
        return add_worktree(self.info, self.place(name), f"steer/{name}", self.head, self.state, **more)  # type: ignore[arg-type]

    def fork(self, source: Path, name: str, **more: object) -> ForkReport:
        return fork_worktree(self.info, source, self.place(name), f"steer/{name}", self.state, **more)  # type: ignore[arg-type]

    def shadow(self, **more: int) -> Shadow:
        return Shadow(self.state / "shadow.git", self.info.common_dir, **more)

    def save(self, name: str = "a", shadow: Shadow | None = None) -> Checkpoint:
        return (shadow or self.shadow()).checkpoint(self.place(name), "s1", self.head, "test", AT)

    def kill(self, name: str, checkpoint: str = "") -> TrashRecord:
        return trash_worktree(
            self.info, self.place(name), f"steer/{name}", self.trash, "s1", AT, self.state, checkpoint
        )

    def undo(self, record: TrashRecord) -> Restored:
        return restore_worktree(self.info, record, self.state)

    def leftovers(self) -> list[str]:
        """Everything a half-made worktree could leave behind."""
        found = [str(p) for p in self.main.glob(".git/worktrees/*")] + [
            str(p) for p in self.main.glob(".git/steer-*")
        ]
        found += [str(p) for p in (self.root / "worktrees").glob("*")]
        found += [str(p) for p in (self.state / "adding").glob("*")]
        return found + git(self.main, "for-each-ref", "refs/heads/steer").decode().splitlines()
