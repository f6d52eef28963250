"""Real repositories in a temporary folder, with git configured by nothing but the test."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pygit2
import pytest

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


def use_own_home(patch: pytest.MonkeyPatch, home: Path) -> None:
    """Git obeys nothing but what stands in this new home, in this process and in those that it starts."""
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[user]\n name = t\n email = t@example.org\n[init]\n defaultBranch = main\n"
    )
    for name in list(os.environ):
        if name.startswith("GIT_"):
            patch.delenv(name)
    patch.setenv("HOME", str(home))
    patch.delenv("XDG_CONFIG_HOME", raising=False)
    pygit2.settings.search_path[pygit2.enums.ConfigLevel.GLOBAL] = str(home)


def make_world(root: Path, name: str = "project", files: dict[str, bytes | str] | None = None) -> World:
    """A repository with one commit below `root`."""
    main = root / name
    main.mkdir()
    git(main, "init", "-q")
    for path, content in (files if files is not None else {"a.txt": "one\n", "dir/b.txt": "two\n"}).items():
        (main / path).parent.mkdir(parents=True, exist_ok=True)
        (main / path).write_bytes(content.encode() if isinstance(content, str) else content)
    git(main, "add", "-A")
    git(main, "commit", "-q", "--allow-empty", "-m", "first")
    return World(root, main)
