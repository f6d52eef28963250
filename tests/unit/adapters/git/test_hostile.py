"""Everything an agent can plant so that git runs it, against every function of the package."""

from __future__ import annotations

from pathlib import Path

import pytest

from steer.adapters.git import command
from tests.unit.adapters.git.trap import Trap, every_call, plant_everywhere
from tests.unit.adapters.git.world import World, git


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    return Trap(tmp_path)


def test_the_trap_works(world: World, trap: Trap) -> None:
    trap.plant(world.main / ".git")
    (world.main / "a.txt").write_text("changed, and longer")
    git(world.main, "status", ok=(0, 1, 128))
    assert trap.sprung()


def test_nothing_planted_ever_runs(world: World, trap: Trap) -> None:
    plant_everywhere(world, trap)
    assert [call for call in every_call(world) if trap.sprung()] == []


def test_the_environment_of_git_is_made_from_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "/evil")
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'core.fsmonitor'='/evil'")
    monkeypatch.setenv("LD_PRELOAD_OF_AN_AGENT", "/evil")
    env = command.environment(command.Place(world.main / ".git"))
    assert not [k for k, v in env.items() if "evil" in v]
    assert set(env) - {
        "PATH",
        "TMPDIR",
        "HOME",
        "XDG_CONFIG_HOME",
        "LC_ALL",
        *(k for k in env if k.startswith("MALLOC_")),
    } == {k for k in env if k[:4] == "GIT_"}


def test_hostile_places_make_errors_not_damage(world: World, tmp_path: Path) -> None:
    world.add("a")
    victim = tmp_path / "victim"
    victim.mkdir()
    git(world.main, "config", "core.worktree", str(victim))
    world.add("b")
    world.fork(world.place("a"), "c")
    assert list(victim.iterdir()) == []
    assert {p.name for p in world.place("b").iterdir()} == {p.name for p in world.place("c").iterdir()}
