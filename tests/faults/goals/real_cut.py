"""Power cuts of a real file system (`tests/faults/loop_disk.py`) after a checkpoint, and after what others promise.

Each cut comes right after something was synced there, as steer's own note of a checkpoint is: that brings the names of
all files to the disk, but not the content of those that nobody synced.
"""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

from steer.runtime.store import append_line, read_lines
from tests.faults.loop_disk import LoopDisk
from tests.unit.adapters.git.world import World, make_world


def cut_after_a_checkpoint(folder: Path, chance: random.Random) -> str:
    """What was lost or goes wrong after a cut, or "". `folder` is made."""
    disk = LoopDisk(folder)
    with disk.mounted() as root:
        world = make_world(root)
        world.add("a")
        first, place = world.save("a"), world.place("a")
        disk.sync()
        for n in range(chance.choice((1, 3, 30))):
            (place / f"new{n}").write_text(f"{n} {chance.random()}\n")
        second = world.save("a")
        append_line(world.state / "checkpoints.jsonl", {"id": second.id})
        disk.cut()
    with disk.mounted(after_cut=True) as root:
        return _what_is_wrong(World(root, root / "project"), first.id, second.id, chance.random() < 0.5)


def _what_is_wrong(world: World, first: str, second: str, more: bool) -> str:
    shadow, place = world.shadow(), world.place("a")
    noted = [line["id"] for line in read_lines(world.state / "checkpoints.jsonl")]
    if noted != [second] or not (shadow.has(first) and shadow.has(second)):
        return "a checkpoint that was noted is lost"
    if more:
        (place / "more").write_text("x")
    point = world.save("a", shadow)
    for target, checkpoint in (("restored", point.id), ("second", second)):
        shadow.restore(checkpoint, world.root / target)
    kept, back = _files(place), _files(world.root / "restored")
    return "" if kept == back else f"the next checkpoint holds {len(back)} of {len(kept)} files"


def _files(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file() and p.name != ".git"}


def _git_commit(root: Path) -> Callable[[Path], str]:
    world = make_world(root)
    subprocess.run(["sync", "-f", str(root)], check=True)
    (world.main / "more").write_text("x")
    for argv in (["add", "-A"], ["commit", "-qm", "more"]):
        subprocess.run(["git", *argv], cwd=world.main, check=True, capture_output=True)

    def look(after: Path) -> str:
        argv = ["git", "log", "-p"]
        done = subprocess.run(argv, cwd=after / "project", capture_output=True, text=True)
        return done.stderr[:80] if done.returncode else "" if "more" in done.stdout else "the commit is gone"

    return look


def _sqlite(root: Path) -> Callable[[Path], str]:
    base = sqlite3.connect(root / "base.db")
    base.execute("pragma journal_mode=wal")
    base.execute("pragma synchronous=full")
    base.execute("create table t (n)")
    for n in range(20):
        base.execute("insert into t values (?)", (n,))
        base.commit()

    def look(after: Path) -> str:
        with sqlite3.connect(after / "base.db") as again:
            (count,) = again.execute("select count(*) from t").fetchone()
        return "" if count == 20 else f"{count} of 20 rows"

    return look


def _renamed(root: Path) -> Callable[[Path], str]:
    for n in range(20):
        (root / ".new").write_text(f"{n}")
        (root / ".new").replace(root / f"settings{n}.json")
    return lambda after: (
        "" if all((after / f"settings{n}.json").read_text() for n in range(20)) else "empty files"
    )


OTHERS = {"git commit": _git_commit, "SQLite (WAL)": _sqlite, "files written and renamed": _renamed}


def cut_after(folder: Path, promise: Callable[[Path], Callable[[Path], str]]) -> str:
    """What of the promise is lost, or ""."""
    disk = LoopDisk(folder)
    with disk.mounted() as root:
        look = promise(root)
        _sync(root)
        disk.cut()
    with disk.mounted(after_cut=True) as root:
        try:
            return look(root)
        except (OSError, sqlite3.Error) as e:
            return type(e).__name__


def _sync(root: Path) -> None:
    """Some other program syncs a file of its own."""
    fd = os.open(root / "elsewhere", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(fd, b"x")
    os.fsync(fd)
    os.close(fd)
