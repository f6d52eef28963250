"""Stories over many operations, with real git as the judge."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.adapters.git.conftest import make, own_home, world
from tests.unit.adapters.git.test_fork import picture
from tests.unit.adapters.git.test_shadow import contents
from tests.unit.adapters.git.test_trash import whole
from tests.unit.adapters.git.world import World, git, states

__all__ = ["make", "own_home", "world"]

NAMES = st.sampled_from(["a.txt", "dir/b.txt", "new", "deep/er/x", "\udcff", "-dash", "sp ace", "dir"])
ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(
            ["write", "append", "remove", "mode", "link", "folder", "add", "commit", "stash", "skip", "ita"]
        ),
        NAMES,
        st.binary(max_size=20),
    ),
    max_size=12,
)


def act(folder: Path, what: str, name: str, data: bytes) -> None:
    """One thing that an agent might do; those that make no sense at the moment do nothing."""
    path = folder / name
    try:
        if what in ("write", "append", "link", "folder"):
            path.parent.mkdir(parents=True, exist_ok=True)
        if what == "write":
            path.write_bytes(data)
        elif what == "append":
            with path.open("ab") as f:
                f.write(data)
        elif what == "remove":
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        elif what == "mode":
            path.chmod(path.stat().st_mode ^ 0o111)
        elif what == "link":
            path.symlink_to(os.fsdecode(data.replace(b"\0", b"")) or ".")
        elif what == "folder":
            path.mkdir()
    except OSError:
        return
    commands = {
        "add": ["add", "--", name],
        "commit": ["commit", "-qam", "c"],
        "stash": ["stash", "-q"],
        "skip": ["update-index", "--skip-worktree", "--", name],
        "ita": ["add", "-N", "--", name],
    }
    if what in commands:
        git(folder, *commands[what], ok=(0, 1, 128))


def fresh_world() -> World:
    root = Path(tempfile.mkdtemp(dir=os.environ["HOME"]))
    (root / "project/dir").mkdir(parents=True)
    (root / "project/a.txt").write_text("one\n")
    (root / "project/dir/b.txt").write_text("two\n")
    git(root / "project", "init", "-q")
    git(root / "project", "add", "-A")
    git(root / "project", "commit", "-qm", "first")
    return World(root, root / "project")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=ACTIONS)
def test_whatever_an_agent_did_a_kill_can_be_undone(
    own_home: None, actions: list[tuple[str, str, bytes]]
) -> None:
    world = fresh_world()
    world.add("a")
    for action in actions:
        act(world.place("a"), *action)
    before, said = whole(world, "a"), states(world.place("a"))
    point = world.save("a")
    assert whole(world, "a")[:2] == before[:2]
    record = world.kill("a", point.id)
    git(world.main, "gc", "-q", "--prune=now")
    world.undo(record)
    assert whole(world, "a")[:2] == before[:2]
    assert states(world.place("a")) == said
    git(world.main, "fsck")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=ACTIONS, later=ACTIONS)
def test_whatever_an_agent_did_a_fork_and_a_checkpoint_have_it(
    own_home: None, actions: list[tuple[str, str, bytes]], later: list[tuple[str, str, bytes]]
) -> None:
    world = fresh_world()
    world.add("a")
    folder, shadow = world.place("a"), world.shadow()
    world.save("a", shadow)
    for action in actions:
        act(folder, *action)
    world.fork(folder, "b")
    assert picture(world.place("b")) == picture(folder)
    assert states(world.place("b")) == states(folder)
    for action in later:
        act(folder, *action)
    point = world.save("a", shadow)
    target = world.root / "restored"
    shadow.restore(point.id, target)
    assert contents(target) == contents(folder)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["work", "work", "kill", "undo", "fork", "gc"]),
        st.integers(0, 99),
        st.tuples(
            st.sampled_from(["write", "append", "remove", "link", "add", "commit"]),
            NAMES,
            st.binary(max_size=9),
        ),
    ),
    max_size=16,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_after_any_history_everything_killed_comes_back(
    own_home: None, steps: list[tuple[str, int, tuple[str, str, bytes]]]
) -> None:
    """Kills are undone in any order, with work on the others, forks and collections of garbage in between."""
    world = fresh_world()
    world.add("a")
    shadow, living, killed = world.shadow(), ["a"], {}

    def undo(name: str) -> None:
        record, before, said = killed.pop(name)
        world.undo(record)
        living.append(name)
        assert (whole(world, name)[:2], states(world.place(name))) == (before, said)

    for number, (what, pick, action) in enumerate(steps):
        name = living[pick % len(living)] if living else ""
        if what == "undo" and killed:
            undo(sorted(killed)[pick % len(killed)])
        elif what == "gc":
            git(world.main, "gc", "-q", "--prune=now")
        elif what == "work" and name:
            act(world.place(name), *action)
        elif what == "fork" and name:
            world.fork(world.place(name), f"f{number}")
            assert picture(world.place(f"f{number}")) == picture(world.place(name))
            living.append(f"f{number}")
        elif what == "kill" and name:
            point, living = world.save(name, shadow), [n for n in living if n != name]
            before, said = whole(world, name)[:2], states(world.place(name))
            killed[name] = (world.kill(name, point.id), before, said)
    for name in sorted(killed):
        undo(name)
    git(world.main, "fsck")


def test_a_day_with_three_attempts(world: World) -> None:
    """Start one, let it work, fork it, kill the first, undo, kill the fork, keep the rest."""
    world.add("one")
    (world.place("one") / "a.txt").write_text("better\n")
    (world.place("one") / "idea").write_text("untracked\n")
    world.fork(world.place("one"), "two")
    git(world.place("two"), "add", "-A")
    git(world.place("two"), "commit", "-qm", "the idea")
    first = world.kill("one")
    second = world.kill("two")
    world.undo(first)
    assert states(world.place("one")).count(b"\0") == 2
    back = world.undo(second)
    assert git(Path(back.worktree), "log", "--format=%s") == b"the idea\nfirst\n"
    listed = git(world.main, "worktree", "list").decode()
    assert [line.split()[0] for line in listed.splitlines()] == [
        str(world.main),
        *map(str, map(world.place, ("one", "two"))),
    ]
    git(world.main, "fsck", "--strict")
