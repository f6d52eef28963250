from __future__ import annotations

import os

from steer.adapters.git.tripwire import branches, moved, names_main, tripped, tripwire
from tests.unit.adapters.git.world import World, git


def test_what_git_obeys_is_watched(world: World) -> None:
    before = tripwire(world.main / ".git")
    assert "config" in before
    assert tripped(before, tripwire(world.main / ".git")) == {}
    git(world.main, "config", "core.fsmonitor", "/tmp/evil")
    (world.main / ".git/hooks/pre-commit").write_text("#!/bin/sh\n")
    (world.main / ".git/info/exclude").unlink()
    (world.main / ".git/objects/info/alternates").write_text("/elsewhere\n")
    assert tripped(before, tripwire(world.main / ".git")) == {
        "config": "changed",
        "hooks/pre-commit": "added",
        "info/exclude": "removed",
        "objects/info/alternates": "added",
    }


def test_becoming_executable_or_a_link_counts(world: World) -> None:
    hook = world.main / ".git/hooks/pre-commit"
    hook.write_text("x")
    hook.chmod(0o644)
    before = tripwire(world.main / ".git")
    hook.chmod(0o755)
    assert tripped(before, tripwire(world.main / ".git")) == {"hooks/pre-commit": "changed"}
    hook.unlink()
    hook.symlink_to("/bin/true")
    assert tripped(before, tripwire(world.main / ".git")) == {"hooks/pre-commit": "changed"}


def test_a_changed_git_file_is_seen(world: World) -> None:
    world.add("a")
    assert names_main(world.main / ".git", world.place("a"))
    (world.place("a") / ".git").write_text("gitdir: /elsewhere\n")
    assert not names_main(world.main / ".git", world.place("a"))


def test_what_pushing_writes_is_no_change_but_anything_beside_it_is(world: World) -> None:
    config = world.main / ".git/config"
    before = tripwire(world.main / ".git")
    git(world.main, "config", "branch.topic.remote", "origin")
    git(world.main, "config", "branch.topic.merge", "refs/heads/topic")
    assert tripped(before, tripwire(world.main / ".git")) == {}
    git(world.main, "config", "branch.topic.remote", "ext::sh -c evil")
    assert tripped(before, tripwire(world.main / ".git")) == {"config": "changed"}
    git(world.main, "config", "branch.topic.remote", "origin")
    with config.open("a") as file:
        file.write('[branch "topic"]\n\tremote = origin\n\tpushRemote = x\n')
    assert tripped(before, tripwire(world.main / ".git")) == {"config": "changed"}


def test_a_branch_moves_where_it_is_checked_out_or_somebody_moved_it(world: World) -> None:
    common = world.main / ".git"
    git(world.main, "branch", "other")
    git(world.main, "branch", "gone")
    before = branches(common)
    (world.main / "new.txt").write_text("x")
    git(world.main, "add", "new.txt")
    git(world.main, "commit", "-qm", "as it should be")
    assert moved(common, before, branches(common)) == {}
    git(world.main, "update-ref", "refs/heads/other", "HEAD")
    git(world.main, "branch", "-D", "gone")
    git(world.main, "branch", "fresh")
    assert moved(common, before, branches(common)) == {"gone": "deleted", "other": "moved"}
    (common / "logs/HEAD").write_text("")
    assert moved(common, before, branches(common))["main"] == "moved", "nothing tells who moved it"


def test_what_is_planted_there_does_not_make_it_costly(world: World) -> None:
    hooks = world.main / ".git/hooks"
    with (hooks / "huge").open("wb") as file:
        file.truncate(1 << 40)  # a terabyte of nothing
    os.mkfifo(hooks / "pipe")
    (hooks / "loop").symlink_to(hooks)
    before = tripwire(world.main / ".git")
    assert {"hooks/huge", "hooks/loop"} <= before.keys() and "hooks/pipe" not in before
    with (hooks / "huge").open("r+b") as file:
        file.truncate((1 << 40) + 1)
    assert tripped(before, tripwire(world.main / ".git")) == {"hooks/huge": "changed"}
