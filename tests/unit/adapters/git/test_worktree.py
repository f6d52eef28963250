from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from steer.adapters.git import draft, submodule, worktree
from steer.adapters.git.draft import recover
from steer.errors import EnvironmentFault, SteerError, UserError
from tests.unit.adapters.git.world import World, git, states


def test_git_sees_a_proper_clean_worktree_and_can_commit_in_it(world: World) -> None:
    config = (world.main / ".git/config").read_bytes()
    world.add("a")
    listed = git(world.main, "worktree", "list", "--porcelain").decode()
    assert f"worktree {world.place('a')}\nHEAD {world.head}\nbranch refs/heads/steer/a\n" in listed
    assert states(world.place("a")) == b""
    assert git(world.place("a"), "diff-files", "--raw") == b""
    (world.place("a") / "a.txt").write_text("changed\n")
    git(world.place("a"), "commit", "-qam", "second")
    assert git(world.main, "rev-parse", "steer/a~1").decode().strip() == world.head
    git(world.main, "fsck", "--strict")
    assert (world.main / ".git/config").read_bytes() == config


def test_odd_names_modes_and_links_are_checked_out(make: Callable[..., World]) -> None:
    world = make(files={})
    for name in (b"\xff\xfe", b"new\nline", b"-dash", b"con", b"x" * 255, "e\u0301".encode(), b"back\\slash"):
        Path(os.fsdecode(os.fsencode(world.main) + b"/" + name)).write_bytes(name)
    (world.main / "run").write_text("#!/bin/sh\n")
    (world.main / "run").chmod(0o755)
    (world.main / "link").symlink_to("/etc/passwd")
    git(world.main, "add", "-A")
    git(world.main, "commit", "-qm", "odd")
    world.add("a")
    assert states(world.place("a")) == b""
    assert (world.place("a") / "link").readlink() == Path("/etc/passwd")


def test_line_endings_are_those_the_attributes_ask_for(make: Callable[..., World]) -> None:
    world = make(files={".gitattributes": "*.bat eol=crlf\n", "x.bat": "one\n"})
    world.add("a")
    assert (world.place("a") / "x.bat").read_bytes() == b"one\r\n"
    assert states(world.place("a")) == b""


def test_sixteen_at_once(world: World) -> None:
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(world.add, [f"n{n}" for n in range(16)]))
    assert len(git(world.main, "worktree", "list").splitlines()) == 17
    assert len(git(world.main, "for-each-ref", "refs/heads/steer").splitlines()) == 16


def test_same_folder_names_get_admin_folders_of_their_own(world: World) -> None:
    for parent in ("x", "y"):
        worktree.add_worktree(
            world.info, world.root / parent / "same", f"b/{parent}", world.head, world.state
        )
    assert sorted(p.name for p in (world.main / ".git/worktrees").iterdir()) == ["same", "same1"]
    assert states(world.root / "y/same") == b""


def test_existing_path_and_branch_are_refused_and_left_alone(world: World) -> None:
    world.place("a").mkdir(parents=True)
    (world.place("a") / "precious").write_text("x")
    with pytest.raises(UserError, match="exists already"):
        world.add("a")
    assert (world.place("a") / "precious").read_text() == "x"
    git(world.main, "branch", "steer/b")
    with pytest.raises(UserError, match="branch"):
        world.add("b")
    assert git(world.main, "rev-parse", "steer/b").decode().strip() == world.head
    assert not world.place("b").exists()
    assert not list((world.root / "worktrees").glob(".steer*"))


STEPS: list[tuple[object, str]] = [
    (worktree, "checkout"),
    (submodule, "populate"),
    (worktree, "_carry"),
    (draft, "free_branch"),
    (draft, "create_ref"),
    (draft, "place_admin"),
]


@pytest.mark.parametrize(("where", "name"), STEPS)
@pytest.mark.parametrize("is_after", [False, True])
def test_a_failure_at_any_step_leaves_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, where: object, name: str, is_after: bool
) -> None:
    real = getattr(where, name)

    def failing(*args: object, **more: object) -> None:
        if is_after:
            real(*args, **more)
        raise OSError(28, "No space left on device")

    world.state.mkdir()
    worktree.include.neutral(world.state, world.info.common_dir)
    (world.main / ".git/worktrees").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(where, name, failing)
        with pytest.raises(EnvironmentFault, match="No space"):
            world.add("a")
    assert world.leftovers() == []
    assert not git(world.main, "worktree", "prune", "-v")


def test_cancelling_leaves_nothing(world: World) -> None:
    answers = iter([False, True])
    with pytest.raises(UserError, match="cancelled"):
        world.add("a", cancelled=lambda: next(answers, True))
    assert world.leftovers() == []


_KILLED = """
import os, sys
from pathlib import Path
from steer.adapters.git import draft, worktree
from steer.adapters.git.repository import discover
name, when = sys.argv[1:3]
where = draft.Draft if name.startswith("_") else worktree if name == "checkout" else draft
real = getattr(where, name)
def dying(*args, **more):
    if when == "after":
        real(*args, **more)
    os._exit(9)
setattr(where, name, dying)
main, path, head, state = sys.argv[3:]
worktree.add_worktree(discover(Path(main)), Path(path), "steer/a", head, Path(state))
"""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "step", ["_open_journal", "checkout", "create_ref", "place_admin", "_place", "_close_journal"]
)
def test_a_killed_process_leaves_nothing_after_recovery(world: World, step: str, when: str) -> None:
    argv = [sys.executable, "-c", _KILLED, step, when, world.main, world.place("a"), world.head, world.state]
    assert subprocess.run(argv, check=False).returncode == 9
    recover(world.state)
    is_whole = (step, when) in {
        ("_place", "after"),
        ("_close_journal", "before"),
        ("_close_journal", "after"),
    }
    if is_whole:
        assert states(world.place("a")) == b""
    else:
        assert world.leftovers() == []
    assert recover(world.state) == []
    if not is_whole:
        world.add("a")


def test_a_draft_under_construction_survives_a_recovery(world: World) -> None:
    with draft.Draft(world.info, world.place("a"), "steer/a", world.head, world.state) as d:
        assert recover(world.state) == []
        assert d.folder.is_dir()


def test_included_files_come_along_up_to_the_cap(world: World) -> None:
    (world.main / ".gitignore").write_text(".env\nbig\ncache/\n*.local\n")
    (world.main / ".worktreeinclude").write_text(".env\nbig\ncache/keep.local\n")
    for name, size in ((".env", 10), ("big", 1000), ("cache/keep.local", 5), ("cache/other.local", 5)):
        (world.main / name).parent.mkdir(exist_ok=True)
        (world.main / name).write_bytes(b"x" * size)
    (world.main / ".env").chmod(0o600)
    report = world.add("a", cap_bytes=100)
    assert report.carried == 2
    assert (world.place("a") / ".env").stat().st_mode & 0o777 == 0o600
    assert (world.place("a") / "cache/keep.local").exists()
    assert not (world.place("a") / "cache/other.local").exists()
    assert [n for n in report.not_carried if n.startswith("big: 1000 bytes")]


def test_included_files_are_not_written_through_links(world: World, tmp_path: Path) -> None:
    (world.main / "out").symlink_to(tmp_path / "outside")
    git(world.main, "add", "out")
    git(world.main, "commit", "-qm", "link")
    (tmp_path / "outside").mkdir()
    (world.main / "out").unlink()
    (world.main / "out").mkdir()
    (world.main / "out/secret").write_text("x")
    (world.main / ".worktreeinclude").write_text("secret\n")
    report = world.add("a")
    assert list((tmp_path / "outside").iterdir()) == []
    assert report.carried == 0
    assert report.not_carried


def test_submodules_are_filled_without_network(world: World, make: Callable[..., World]) -> None:
    library = make("library", {"lib.txt": "lib\n"})
    git(
        world.main,
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "-q",
        str(library.main),
        "libs/one",
    )
    git(world.main, "commit", "-qm", "submodule")
    library.main.rename(world.root / "moved away")
    report = world.add("a")
    inside = world.place("a") / "libs/one"
    assert report.notes == ()
    assert (inside / "lib.txt").read_text() == "lib\n"
    assert git(inside, "remote", "get-url", "origin").decode().strip() == str(library.main)
    assert git(inside, "rev-parse", "--git-dir") != git(world.main / "libs/one", "rev-parse", "--git-dir")
    assert states(world.place("a")) == b""


def test_a_submodule_that_was_never_fetched_stays_empty_with_a_note(
    world: World, make: Callable[..., World]
) -> None:
    library = make("library", {"lib.txt": "lib\n"})
    git(
        world.main,
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "-q",
        str(library.main),
        "libs/one",
    )
    git(world.main, "commit", "-qm", "submodule")
    (world.main / ".git/modules").rename(world.root / "gone")
    (note,) = world.add("a").notes
    assert "libs/one" in note
    assert states(world.place("a")) == b""


def test_lfs_files_stay_pointers_and_that_is_said(make: Callable[..., World]) -> None:
    world = make(files={".gitattributes": "*.bin filter=lfs\n", "x.bin": "version https://git-lfs\n"})
    assert "LFS" in world.add("a").notes[0]


def test_a_held_lock_is_waited_for_and_then_explained(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("steer.adapters.git.branch._LOCK_WAIT_S", 0.0)
    (world.main / ".git/refs/heads/steer").mkdir()
    (world.main / ".git/refs/heads/steer/a.lock").touch()
    with pytest.raises(SteerError, match="lock"):
        world.add("a")
    assert (world.main / ".git/refs/heads/steer/a.lock").exists()
    (world.main / ".git/refs/heads/steer/a.lock").unlink()
    assert world.leftovers() == []
