from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from steer.adapters.git.fork import plan_fork
from steer.errors import EnvironmentFault, UserError
from tests.unit.adapters.git.world import World, git, states


def picture(folder: Path) -> dict[str, tuple[object, ...]]:
    """Type, mode, time and content of everything below `folder` but its `.git`."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(folder.rglob("*")):
        if path.relative_to(folder).parts[0] == ".git":
            continue
        info = path.lstat()
        what: object = path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else None
        found[str(path.relative_to(folder))] = (info.st_mode, info.st_mtime_ns, what)
    return found


def make_a_mess(folder: Path) -> None:
    """Every state that a path can be in."""
    for name in ("staged", "modified", "both", "removed", "rm_staged", "hidden", "assumed", "mode", "typed"):
        (folder / name).write_text(f"{name}\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "files")
    for name in ("staged", "both", "new"):
        (folder / name).write_text("staged now\n")
    git(folder, "add", "staged", "both", "new")
    for name in ("modified", "both"):
        (folder / name).write_text("and modified\n")
    (folder / "removed").unlink()
    git(folder, "rm", "-q", "rm_staged")
    git(folder, "update-index", "--skip-worktree", "hidden")
    git(folder, "update-index", "--assume-unchanged", "assumed")
    (folder / "hidden").unlink()
    (folder / "mode").chmod(0o755)
    (folder / "typed").unlink()
    (folder / "typed").symlink_to("../../outside")
    (folder / "later").write_text("later\n")
    git(folder, "add", "--intent-to-add", "later")
    (folder / "empty/inner").mkdir(parents=True)
    (folder / "loop").symlink_to("loop")
    (folder / "untracked dir").mkdir()
    (folder / "untracked dir/file").write_bytes(b"\0\xff" * 300_000)
    Path(os.fsdecode(os.fsencode(folder) + b"/\xffraw\nname")).write_bytes(b"x")


def conflict(folder: Path) -> None:
    """A merge that stopped at `clash`."""
    git(folder, "checkout", "-q", "-b", f"other-{folder.name}")
    (folder / "clash").write_text("theirs\n")
    git(folder, "add", "clash")
    git(folder, "commit", "-qm", "theirs", "--", "clash")
    git(folder, "checkout", "-q", f"steer/{folder.name}")
    (folder / "clash").write_text("ours\n")
    git(folder, "add", "clash")
    git(folder, "commit", "-qm", "ours", "--", "clash")
    git(folder, "merge", "-q", f"other-{folder.name}", ok=(1,))


def test_a_fork_has_the_very_same_files_and_the_same_status(world: World) -> None:
    world.add("a")
    source = world.place("a")
    conflict(source)
    _mess_beside_a_conflict(source)
    before, index = picture(source), (world.main / ".git/worktrees/a/index").read_bytes()
    report = world.fork(source, "b")
    target = world.place("b")
    assert picture(target) == before == picture(source)
    assert states(target) == states(source) != b""
    assert git(target, "ls-files", "-t", "-v", "-s") == git(source, "ls-files", "-t", "-v", "-s")
    assert git(target, "diff") == git(source, "diff")
    assert git(target, "diff", "--cached") == git(source, "diff", "--cached")
    assert git(target, "rev-parse", "HEAD") == git(source, "rev-parse", "HEAD")
    assert (world.main / ".git/worktrees/b/MERGE_HEAD").exists()
    assert index != (world.main / ".git/worktrees/b/index").read_bytes()
    assert report.not_carried == ()


def _mess_beside_a_conflict(folder: Path) -> None:
    for name in ("x", "y"):
        (folder / name).write_text(name)
    git(folder, "add", "x")
    (folder / "x").write_text("more")


def test_every_state_of_a_path_is_carried(world: World) -> None:
    world.add("a")
    source = world.place("a")
    make_a_mess(source)
    admin = world.main / ".git/worktrees/a"
    before, index = picture(source), ((admin / "index").read_bytes(), (admin / "index").stat().st_mtime_ns)
    reflog = (admin / "logs/HEAD").read_bytes()
    world.fork(source, "b")
    assert ((admin / "index").read_bytes(), (admin / "index").stat().st_mtime_ns) == index
    assert (admin / "logs/HEAD").read_bytes() == reflog
    assert picture(world.place("b")) == before == picture(source)
    assert states(world.place("b")) == states(source)
    flags = ("ls-files", "-t", "-v", "-s")
    assert git(world.place("b"), *flags) == git(source, *flags)
    git(world.main, "fsck")


@pytest.mark.parametrize("version", [2, 3, 4])
def test_each_version_of_the_index_is_understood(world: World, version: int) -> None:
    world.add("a")
    source = world.place("a")
    make_a_mess(source)
    git(source, "update-index", "--index-version", str(version))
    world.fork(source, "b")
    assert states(world.place("b")) == states(source)


def test_clean_files_are_not_read_again_in_the_fork(world: World) -> None:
    world.add("a")
    source = world.place("a")
    old = 1_600_000_000
    os.utime(source / "a.txt", (old, old))
    git(source, "update-index", "--refresh")
    world.fork(source, "b")
    stat_line = git(world.place("b"), "ls-files", "--debug", "a.txt").decode()
    info = (world.place("b") / "a.txt").stat()
    assert f"ino: {info.st_ino}" in stat_line
    assert f"mtime: {old}:0" in stat_line


def test_the_main_worktree_can_be_forked(world: World) -> None:
    (world.main / "a.txt").write_text("dirty\n")
    world.fork(world.main, "b")
    assert states(world.place("b")) == states(world.main) != b""
    assert not (world.place("b") / ".git").is_dir()


def test_special_files_are_named_and_not_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.add("a")
    os.mkfifo(world.place("a") / "fifo")
    monkeypatch.chdir(world.place("a"))
    with socket.socket(socket.AF_UNIX) as s:
        s.bind("sock")
    report = world.fork(world.place("a"), "b")
    assert report.not_carried == ("fifo: not a file", "sock: not a file")
    assert states(world.place("b")) == b""


def test_ignored_files_stay_unless_included(world: World) -> None:
    world.add("a")
    source = world.place("a")
    (source / ".gitignore").write_text("*.log\ncache/\n")
    (source / ".worktreeinclude").write_text("keep.log\ncache/one\n")
    for name in ("keep.log", "drop.log", "cache/one", "cache/two"):
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_text(name)
    plan = plan_fork(world.info, source, world.state)
    assert (plan.ignored_carried, plan.untracked) == (2, 2)
    assert set(plan.ignored_left) == {"cache", "drop.log"}
    world.fork(source, "b")
    there = sorted(str(p.relative_to(world.place("b"))) for p in world.place("b").rglob("*") if p.is_file())
    assert there == [".git", ".gitignore", ".worktreeinclude", "a.txt", "cache/one", "dir/b.txt", "keep.log"]


def test_the_operators_global_excludes_count(world: World) -> None:
    Path("~/.config/git").expanduser().mkdir(parents=True)
    Path("~/.config/git/ignore").expanduser().write_text("*.swp\n")
    world.add("a")
    (world.place("a") / "x.swp").write_text("x")
    world.fork(world.place("a"), "b")
    assert not (world.place("b") / "x.swp").exists()


def test_nested_repositories_are_carried_whole(world: World) -> None:
    world.add("a")
    nested = world.place("a") / "nested"
    nested.mkdir()
    git(nested, "init", "-q")
    (nested / "file").write_text("x")
    git(nested, "add", "-A")
    git(nested, "commit", "-qm", "inner")
    world.fork(world.place("a"), "b")
    assert git(world.place("b") / "nested", "log", "--format=%s") == b"inner\n"
    assert states(world.place("b") / "nested") == b""


def test_submodules_get_a_git_directory_of_their_own(world: World, make: Callable[..., World]) -> None:
    library = make("library", {"lib.txt": "lib\n"})
    git(world.main, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library.main), "sub")
    git(world.main, "commit", "-qm", "submodule")
    (world.main / "sub/lib.txt").write_text("dirty\n")
    world.fork(world.main, "b")
    copy = world.place("b") / "sub"
    assert states(copy) == states(world.main / "sub") != b""
    git(copy, "commit", "-qam", "in the copy")
    assert git(copy, "rev-parse", "HEAD") != git(world.main / "sub", "rev-parse", "HEAD")


def test_a_pointer_out_of_the_repository_is_not_copied(world: World, make: Callable[..., World]) -> None:
    other = make("other")
    world.add("a")
    (world.place("a") / "trap").mkdir()
    (world.place("a") / "trap/.git").write_text(f"gitdir: {other.main}/.git\n")
    (note,) = world.fork(world.place("a"), "b").notes
    assert "outside" in note
    assert not (world.place("b") / "trap/.git").exists()


def test_a_replaced_git_file_is_refused(world: World, make: Callable[..., World]) -> None:
    world.add("a")
    (world.place("a") / ".git").write_text(f"gitdir: {make('other').main}/.git\n")
    with pytest.raises(UserError, match="changed"):
        world.fork(world.place("a"), "b")
    assert not world.place("b").exists()


def test_an_unborn_worktree_cannot_be_forked(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "fresh")
    world = World(tmp_path, tmp_path / "fresh")
    with pytest.raises(UserError, match="no commit"):
        world.fork(world.main, "b")


def test_a_split_index_is_refused_with_the_way_out(world: World) -> None:
    git(world.main, "update-index", "--split-index")
    with pytest.raises(EnvironmentFault, match="split") as e:
        world.fork(world.main, "b")
    assert "--no-split-index" in e.value.hint
    assert not world.place("b").exists()


def test_a_rebase_under_way_is_left_behind_with_a_note(world: World) -> None:
    (world.main / ".git/rebase-merge").mkdir()
    assert "rebase" in world.fork(world.main, "b").notes[0]
    assert plan_fork(world.info, world.main, world.state).notes


def test_cancelling_or_failing_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(300):
        (world.main / f"{n}").write_text("x")
    with pytest.raises(UserError, match="cancelled"):
        world.fork(world.main, "b", cancelled=lambda: True)
    for name in ("_write_index", "_carry_state", "_embed_all"):
        with monkeypatch.context() as patch:
            patch.setattr(f"steer.adapters.git.fork.{name}", _no_space)
            with pytest.raises(EnvironmentFault, match="No space"):
                world.fork(world.main, "b")
    assert world.leftovers() == []


def _no_space(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_the_plan_counts_without_touching(world: World) -> None:
    world.add("a")
    source = world.place("a")
    make_a_mess(source)
    os.mkfifo(source / "pipe")
    before = picture(source)
    plan = plan_fork(world.info, source, world.state)
    assert (plan.staged, plan.modified, plan.special) == (4, 6, ("pipe",))
    assert plan.untracked == 3
    assert plan.changed_bytes > 600_000
    assert picture(source) == before


def test_a_sparse_checkout_stays_one_in_forks_and_after_an_undone_kill(make: Callable[..., World]) -> None:
    world = make("sparse", {"a.txt": "1", "dir/b.txt": "2", "other/c.txt": "3"})
    world.add("a")
    place = world.place("a")
    git(place, "sparse-checkout", "init", "--cone")
    git(place, "sparse-checkout", "set", "dir")
    (place / "dir/b.txt").write_text("changed")
    before, files = states(place), sorted(p.name for p in place.rglob("*"))
    assert "c.txt" not in files and before
    point = world.save("a")
    world.fork(place, "c")
    assert (states(world.place("c")), sorted(p.name for p in world.place("c").rglob("*"))) == (before, files)
    world.undo(world.kill("a", point.id))
    assert (states(place), sorted(p.name for p in place.rglob("*"))) == (before, files)
