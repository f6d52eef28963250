from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from steer.adapters.git import gc, trash
from steer.adapters.git.gc import gc_apply, gc_plan
from steer.adapters.git.trash import finish_trash, from_json, plan_trash, records, restore_worktree, to_json
from steer.errors import EnvironmentFault, UserError
from tests.unit.adapters.git.test_fork import conflict, make_a_mess, picture
from tests.unit.adapters.git.world import AT, World, git, states

DAY = 24 * 3600


def whole(world: World, name: str) -> tuple[object, ...]:
    """All that must come back: files, admin folder, branch, status."""
    admin = world.main / ".git/worktrees" / name
    branch = git(world.main, "rev-parse", f"refs/heads/steer/{name}")
    return picture(world.place(name)), (world.place(name) / ".git").read_bytes(), picture(admin), branch


def test_kill_and_undo_bring_back_every_byte(world: World) -> None:
    world.add("a")
    conflict(world.place("a"))
    (world.place("a") / "untracked").write_text("x")
    before, said = whole(world, "a"), states(world.place("a"))
    record = world.kill("a")
    assert not world.place("a").exists()
    assert git(world.main, "for-each-ref", "refs/heads/steer") == b""
    assert len(git(world.main, "worktree", "list").splitlines()) == 1
    git(world.main, "worktree", "prune")
    back = world.undo(record)
    assert (back.worktree, back.branch, back.notes) == (str(world.place("a")), "steer/a", ())
    assert whole(world, "a") == before
    assert states(world.place("a")) == said
    assert git(world.main, "for-each-ref", "refs/steer") == b""
    assert list(world.trash.iterdir()) == []


def test_staged_files_and_lost_commits_survive_a_gc_in_between(world: World) -> None:
    world.add("a")
    folder = world.place("a")
    make_a_mess(folder)
    git(folder, "commit", "-qm", "will be amended away")
    git(folder, "commit", "-q", "--amend", "-m", "amended")
    (folder / "only staged").write_text("precious")
    git(folder, "add", "only staged")
    before = states(folder)
    record = world.kill("a")
    git(world.main, "reflog", "expire", "--expire=now", "--all")
    git(world.main, "gc", "-q", "--prune=now")
    world.undo(record)
    assert states(folder) == before
    assert git(folder, "show", ":only staged") == b"precious"
    git(folder, "fsck")


def test_taken_places_are_suffixed_and_named(world: World) -> None:
    world.add("a")
    (world.place("a") / "mine").write_text("x")
    record = world.kill("a")
    world.add("a")
    back = world.undo(record)
    assert (back.worktree, back.branch) == (str(world.place("a-2")), "steer/a-2")
    assert len(back.notes) == 2
    assert (world.place("a-2") / "mine").exists()
    assert git(world.place("a-2"), "branch", "--show-current") == b"steer/a-2\n"
    assert states(world.place("a-2")) == b"? mine\0"
    assert states(world.place("a")) == b""


STEPS = ["_keep", "_move", "write_if_changed", "delete_ref", "put_ref"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("is_after", [False, True])
def test_a_kill_interrupted_anywhere_can_be_finished_and_undone(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str, nth: int, is_after: bool
) -> None:
    world.add("a")
    (world.place("a") / "a.txt").write_text("dirty")
    before = whole(world, "a")
    record = plan_trash(world.info, world.place("a"), "steer/a", world.trash, "s1", AT)
    record = from_json(json.loads(json.dumps(to_json(record))))
    with monkeypatch.context() as patch:
        _interrupt(patch, step, nth, is_after)
        try:
            finish_trash(record, world.state)
        except KeyboardInterrupt:
            pass
    finish_trash(record, world.state)
    finish_trash(record, world.state)
    assert not world.place("a").exists()
    world.undo(record)
    assert whole(world, "a") == before


@pytest.mark.parametrize("step", ["create_ref", "_move", "write_if_changed", "place_admin", "delete_ref"])
@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("is_after", [False, True])
def test_an_undo_interrupted_anywhere_can_be_finished(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str, nth: int, is_after: bool
) -> None:
    world.add("a")
    (world.place("a") / "a.txt").write_text("dirty")
    before = whole(world, "a")
    record = world.kill("a")
    with monkeypatch.context() as patch:
        _interrupt(patch, step, nth, is_after)
        try:
            world.undo(record)
        except KeyboardInterrupt:
            pass
    if record.place.exists():
        world.undo(record)
    assert whole(world, "a") == before
    assert list(world.trash.iterdir()) == []


def _interrupt(patch: pytest.MonkeyPatch, step: str, nth: int, is_after: bool) -> None:
    real, calls = getattr(trash, step), iter(range(1, 100))

    def dying(*args: object, **more: object) -> object:
        is_now = next(calls) == nth
        if is_now and not is_after:
            raise KeyboardInterrupt
        result = real(*args, **more)
        if is_now:
            raise KeyboardInterrupt
        return result

    patch.setattr(trash, step, dying)


def test_a_link_in_place_of_the_worktree_is_refused(world: World, tmp_path: Path) -> None:
    world.add("a")
    world.place("a").rename(tmp_path / "elsewhere")
    world.place("a").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EnvironmentFault, match="not a folder"):
        world.kill("a")
    assert (tmp_path / "elsewhere/a.txt").exists()


def test_a_swap_after_the_plan_is_noticed(world: World, tmp_path: Path) -> None:
    world.add("a")
    record = plan_trash(world.info, world.place("a"), "steer/a", world.trash, "s1", AT)
    world.place("a").rename(tmp_path / "elsewhere")
    for swap in ("link", "folder"):
        world.place("a").symlink_to(world.main) if swap == "link" else world.place("a").mkdir()
        with pytest.raises(EnvironmentFault, match="replaced"):
            finish_trash(record, world.state)
        world.place("a").unlink() if swap == "link" else world.place("a").rmdir()
    assert (world.main / "a.txt").exists()
    assert (tmp_path / "elsewhere/a.txt").exists()


def test_a_folder_removed_by_hand_is_said(world: World) -> None:
    world.add("a")
    shutil.rmtree(world.place("a"))
    record = world.kill("a")
    assert "gone already" in record.notes[0]
    assert "checkpoint" in world.undo(record).notes[-1]
    assert git(world.main, "rev-parse", "steer/a").decode().strip() == world.head


def test_a_worktree_that_git_forgot_comes_back_usable(world: World) -> None:
    world.add("a")
    (world.place("a") / "a.txt").write_text("dirty\n")
    shutil.rmtree(world.main / ".git/worktrees/a")
    record = world.kill("a")
    assert "forgotten" in record.notes[0]
    world.undo(record)
    assert states(world.place("a")).split(b"\0")[0].endswith(b" a.txt")


def test_a_changed_git_file_is_kept_as_it_is(world: World) -> None:
    world.add("a")
    (world.place("a") / ".git").write_text("gitdir: /elsewhere\n")
    record = world.kill("a")
    assert ".git file" in record.notes[0]
    world.undo(record)
    assert (world.place("a") / ".git").read_text() == "gitdir: /elsewhere\n"


def test_a_branch_that_is_checked_out_elsewhere_stays(world: World) -> None:
    world.add("a")
    git(world.main, "symbolic-ref", "HEAD", "refs/heads/steer/a")
    record = world.kill("a")
    assert record.branch == ""
    assert git(world.main, "rev-parse", "steer/a").decode().strip() == world.head
    world.undo(record)
    assert states(world.place("a")) == b""


def test_another_file_system_is_refused_before_anything_moves(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add("a")
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == world.root.stat().st_dev:
        pytest.skip("only one file system here")
    with pytest.raises(EnvironmentFault, match="file systems") as e:
        plan_trash(world.info, world.place("a"), "steer/a", other, "s1", AT)
    assert "worktree.root" in e.value.hint


def test_a_move_that_fails_is_explained(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.add("a")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", refuse)
        with pytest.raises(EnvironmentFault, match="cannot move"):
            world.kill("a")
    assert world.place("a").exists()


def test_undo_of_what_was_collected_says_so(world: World) -> None:
    world.add("a")
    record = world.kill("a")
    world.undo(record)
    with pytest.raises(UserError, match="not in the trash"):
        restore_worktree(world.info, record, world.state)


def plan(world: World, now: int = AT + 40 * DAY, **more: object) -> list[gc.GcItem]:
    arguments: dict[str, object] = {"live": [], "now": now, "has_checkpoint": world.shadow().has} | more
    return gc_plan(world.info, world.trash, world.root / "worktrees", **arguments)  # type: ignore[arg-type]


def test_gc_takes_old_saved_trash_and_nothing_else(world: World) -> None:
    world.add("a")
    world.add("live")
    (world.place("a") / "go mod").mkdir()
    (world.place("a") / "go mod/file").write_text("x")
    (world.place("a") / "go mod").chmod(0o500)
    point = world.save("a")
    record = world.kill("a", point.id)
    (world.trash / "stranger").mkdir()
    items = plan(world, live=[str(world.place("live"))])
    assert [(Path(i.path).name, i.is_safe) for i in items] == [
        ("s1-1", True),
        ("stranger", False),
        ("live", False),
    ]
    assert [i.entry for i in gc_apply(world.info, world.trash, items, world.state)] == ["s1-1"]
    assert not record.place.exists()
    assert not record.admin_place.exists()
    assert git(world.main, "for-each-ref", "refs/steer") == b""
    assert (world.trash / "stranger").exists()
    world.shadow().restore(point.id, world.root / "again")
    assert (world.root / "again/go mod/file").exists()


def test_gc_refuses_young_unsaved_and_unmerged(world: World) -> None:
    world.add("a")
    point = world.save("a")
    record = world.kill("a", point.id)
    assert "kept for 30 days" in plan(world, now=AT + DAY)[0].reason
    world.undo(record)
    record = world.kill("a")
    assert "no checkpoint" in plan(world)[0].reason
    world.undo(record)
    git(world.place("a"), "commit", "-q", "--allow-empty", "-m", "work")
    world.kill("a", point.id)
    item = plan(world)[0]
    assert item.reason.startswith("1 commits")
    assert gc_apply(world.info, world.trash, [item], world.state) == []


def test_gc_does_not_follow_a_forged_record(world: World, tmp_path: Path) -> None:
    world.add("a")
    record = world.kill("a", world.save("a").id)
    victim = tmp_path / "victim"
    victim.mkdir()
    (record.place / "tree/out").symlink_to(victim)
    forged = to_json(record) | {"trash_dir": str(tmp_path), "entry": "victim"}
    (record.place / "record.json").write_text(json.dumps(forged))
    assert records(world.trash) == []
    assert not any(i.is_safe for i in plan(world))
