"""Locks that somebody holds or left behind in the repository: work is saved all the same, and no lock is broken."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from steer.errors import SteerError
from tests.unit.adapters.git.test_trash import whole
from tests.unit.adapters.git.world import World, states


def locks(world: World) -> list[Path]:
    git_dir = world.main / ".git"
    names = ("index.lock", "config.lock", "HEAD.lock", "packed-refs.lock", "shallow.lock", "gc.pid")
    return [git_dir / n for n in names] + [
        git_dir / "worktrees/a/index.lock",
        git_dir / "worktrees/a/HEAD.lock",
    ]


def test_work_is_saved_whatever_is_locked(world: World) -> None:
    world.add("a")
    folder, shadow = world.place("a"), world.shadow()
    (folder / "a.txt").write_text("changed\n")
    (folder / "new").write_text("untracked\n")
    for lock in locks(world):
        lock.write_text(f"{os.getpid()}\n")
    point = world.save("a", shadow)
    shadow.restore(point.id, world.root / "restored")
    assert (world.root / "restored/new").read_text() == "untracked\n"
    assert (world.root / "restored/a.txt").read_text() == "changed\n"
    assert all(lock.read_text() == f"{os.getpid()}\n" for lock in locks(world))


@pytest.mark.parametrize("at", range(8))
def test_a_kill_under_a_lock_is_done_or_refused_and_loses_nothing(
    world: World, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("steer.adapters.git.branch._LOCK_WAIT_S", 0.0)
    world.add("a")
    (world.place("a") / "new").write_text("untracked\n")
    before, said = whole(world, "a"), states(world.place("a"))
    lock = locks(world)[at]
    lock.touch()
    try:
        record = world.kill("a")
    except SteerError as e:
        assert "lock" in e.message, e.message
        assert (world.place("a") / "new").read_text() == "untracked\n"
    else:
        world.undo(record)
    assert lock.exists()
    lock.unlink()
    assert whole(world, "a") == before
    assert states(world.place("a")) == said
