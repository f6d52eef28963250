from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pygit2
import pytest

from steer.adapters.git import quarantine, scan
from steer.adapters.git.command import neutral_repository
from steer.adapters.git.shadow import Checkpoint, Shadow
from steer.errors import EnvironmentFault, UserError
from steer.model.session import DiffStat
from tests.unit.adapters.git.test_fork import picture
from tests.unit.adapters.git.world import AT, World, git

RAW = b"\xff\xfe raw\n"


def contents(folder: Path) -> dict[str, object]:
    """Content and executable bit of files and links; times and folders are not part of a checkpoint."""
    return {n: (m & 0o170100, c) for n, (m, _, c) in picture(folder).items() if m & 0o170000 != 0o040000}  # type: ignore[operator]


def restored(world: World, shadow: Shadow, point: Checkpoint) -> dict[str, object]:
    target = world.root / "restored" / point.id
    shadow.restore(point.id, target)
    return contents(target)


def test_every_byte_is_kept_whatever_attributes_say(make: Callable[..., World]) -> None:
    world = make(files={".gitattributes": "* text=auto\n*.id ident\n*.u16 working-tree-encoding=UTF-16\n"})
    world.add("a")
    folder = world.place("a")
    (folder / "crlf.txt").write_bytes(b"one\r\ntwo\n")
    (folder / "x.id").write_bytes(b"$Id: something else$\n")
    (folder / "broken.u16").write_bytes(b"\xffnot utf-16")
    (folder / "run").write_bytes(b"#!\n")
    (folder / "run").chmod(0o755)
    (folder / "link").symlink_to("/nowhere")
    Path(os.fsdecode(os.fsencode(folder) + b"/" + RAW)).write_bytes(RAW)
    shadow = world.shadow()
    point = world.save("a", shadow)
    assert restored(world, shadow, point) == contents(folder)
    assert point.problems == ()


def test_what_changed_is_counted_and_nothing_new_is_said(world: World) -> None:
    world.add("a")
    folder, shadow = world.place("a"), world.shadow()
    first = world.save("a", shadow)
    assert (first.number, first.files, first.is_new) == (1, 0, True)
    (folder / "a.txt").write_text("one\nmore\n")
    (folder / "new").write_text("x\ny\n")
    (folder / "dir/b.txt").unlink()
    second = world.save("a", shadow)
    assert (second.files, second.added, second.removed) == (3, 3, 1)
    again = world.save("a", Shadow(shadow.path, world.info.common_dir))
    assert (again.id, again.is_new, again.number) == (second.id, False, 2)
    assert shadow.stat(first.id, second.id) == DiffStat(3, 3, 1) == shadow.stat(world.head, second.id)


def test_own_index_head_and_stash_stay_untouched(world: World) -> None:
    world.add("a")
    admin = world.main / ".git/worktrees/a"
    (world.place("a") / "a.txt").write_text("changed")
    before = picture(world.main / ".git")
    world.save("a")
    assert picture(world.main / ".git") == before
    assert (admin / "index").exists()


def test_ignored_files_are_left_out_unless_they_are_tracked(world: World) -> None:
    world.add("a")
    folder, shadow = world.place("a"), world.shadow()
    (folder / ".gitignore").write_text("*.log\n")
    (world.main / ".git/info/exclude").write_text("*.tmp\n")
    for name in ("no.log", "no.tmp", "forced.log"):
        (folder / name).write_text(name)
    git(folder, "add", "-f", "forced.log")
    point = world.save("a", shadow)
    assert set(restored(world, shadow, point)) == {".gitignore", "a.txt", "dir/b.txt", "forced.log"}
    (folder / "forced.log").write_text("changed")
    assert world.save("a", shadow).is_new
    assert not world.save("a", shadow).is_new


def test_checkpoints_outlive_gc_and_deleted_references(world: World) -> None:
    world.add("a")
    folder, shadow = world.place("a"), world.shadow()
    (folder / "staged").write_text("only ever staged")
    git(folder, "add", "staged")
    point = world.save("a", shadow)
    expected = contents(folder)
    git(folder, "rm", "-q", "-f", "staged")
    git(world.main, "worktree", "remove", "--force", str(folder))
    git(world.main, "checkout", "-q", "--orphan", "empty")
    for name in ("main", "steer/a"):
        git(world.main, "branch", "-D", name)
    git(world.main, "reflog", "expire", "--expire=now", "--all")
    git(world.main, "gc", "-q", "--prune=now")
    shutil.rmtree(world.main / ".git")
    target = world.root / "again"
    Shadow(shadow.path, world.main / ".git").restore(point.id, target)
    assert contents(target) == expected
    git(shadow.path, "fsck", "--full", "--strict")


def test_a_second_base_only_adds_what_is_new(world: World) -> None:
    shadow = world.shadow()
    first = world.head
    shadow.import_base(first)
    (world.main / "a.txt").write_text("second\n")
    git(world.main, "commit", "-qam", "second")
    shadow.import_base(world.head)
    packs = sorted((shadow.path / "objects/pack").glob("*.pack"), key=lambda p: p.stat().st_size)
    assert len(packs) == 2
    git(shadow.path, "fsck", "--full")
    assert [d.status for d in shadow.diff(first, world.head)] == ["M"]


def test_an_unborn_repository_has_the_empty_tree_as_base(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "fresh")
    (tmp_path / "fresh/file").write_text("x\n")
    shadow = Shadow(tmp_path / "shadow.git", tmp_path / "fresh/.git")
    point = shadow.checkpoint(tmp_path / "fresh", "s1", "", "m", AT)
    assert (point.files, point.added) == (1, 1)


def test_problems_are_listed_and_the_rest_is_saved(world: World) -> None:
    world.add("a")
    folder, shadow = world.place("a"), world.shadow(file_limit_bytes=100)
    (folder / "big").write_bytes(b"x" * 101)
    os.mkfifo(folder / "fifo")
    (folder / "a.txt").unlink()
    os.mkfifo(folder / "a.txt")
    (folder / "good").write_text("good")
    point = world.save("a", shadow)
    assert sorted(p.split(":")[0] for p in point.problems) == ["a.txt", "big"]
    assert "good" in restored(world, shadow, point)


@pytest.mark.skipif(os.getuid() == 0, reason="root can read everything")
def test_an_unreadable_file_is_a_problem(world: World) -> None:
    world.add("a")
    (world.place("a") / "secret").write_text("x")
    (world.place("a") / "secret").chmod(0)
    (world.place("a") / "good").write_text("x")
    point = world.save("a")
    assert point.problems == ("secret: Permission denied",)
    assert point.files == 1


def test_a_file_git_cannot_read_does_not_stop_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add("a")
    folder, shadow = world.place("a"), world.shadow()
    (folder / "good").write_text("x")
    os.mkfifo(folder / "swapped")
    real = scan.look

    def look(*args: object) -> scan.Change:
        change = real(*args)  # type: ignore[arg-type]
        change.paths[b"swapped"] = (folder / "good").lstat()
        return change

    monkeypatch.setattr(scan, "look", look)
    point = world.save("a", shadow)
    assert "swapped: could not be read" in point.problems
    assert point.files == 1


def test_files_that_change_while_being_saved_are_marked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add("a")
    file = world.place("a") / "busy"
    file.write_text("x")
    real = scan.look

    def look(*args: object) -> scan.Change:
        change = real(*args)  # type: ignore[arg-type]
        file.write_text("longer than before")
        return change

    monkeypatch.setattr(scan, "look", look)
    assert world.save("a").problems[0].startswith("moving")


def test_files_become_folders_and_back(world: World) -> None:
    world.add("a")
    folder, shadow = world.place("a"), world.shadow()
    world.save("a", shadow)
    (folder / "a.txt").unlink()
    (folder / "a.txt").mkdir()
    (folder / "a.txt/inner").write_text("x")
    shutil.rmtree(folder / "dir")
    (folder / "dir").symlink_to("a.txt")
    point = world.save("a", shadow)
    assert restored(world, shadow, point) == contents(folder)


def test_nested_repositories_are_noted(world: World) -> None:
    world.add("a")
    nested = world.place("a") / "nested"
    nested.mkdir()
    git(nested, "init", "-q")
    (nested / "file").write_text("x")
    point = world.save("a")
    assert point.notes[0].startswith("nested/")
    assert point.problems == ()


def test_flags_of_the_own_index_hide_nothing(world: World) -> None:
    world.add("a")
    folder, shadow = world.place("a"), world.shadow()
    git(folder, "update-index", "--assume-unchanged", "a.txt")
    git(folder, "update-index", "--skip-worktree", "dir/b.txt")
    (folder / "a.txt").write_text("hidden change")
    (folder / "dir/b.txt").write_text("hidden change")
    assert world.save("a", shadow).files == 2


def test_watched_paths_give_the_same_tree_as_a_scan(world: World) -> None:
    world.add("a")
    folder, shadow = world.place("a"), world.shadow()
    (folder / ".gitignore").write_text("*.log\n")

    def fast(*paths: bytes) -> Checkpoint | None:
        return shadow.checkpoint_paths(folder, "s1", world.head, list(paths), "watched", AT)

    assert fast(b"a.txt") is None
    world.save("a", shadow)
    (folder / "a.txt").write_text("changed")
    (folder / "dir/b.txt").unlink()
    (folder / "deep/er").mkdir(parents=True)
    (folder / "deep/er/new").write_text("new")
    (folder / "deep/er/new").chmod(0o755)
    (folder / "link").symlink_to("a.txt")
    (folder / "x.log").write_text("ignored")
    point = fast(b"a.txt", b"dir/b.txt", b"deep/er/new", b"link", b"x.log", b"never/was")
    assert point is not None
    (folder / "x.log").unlink()
    assert restored(world, shadow, point) == contents(folder)
    scanned = world.save("a", shadow)
    assert (scanned.tree, scanned.is_new) == (point.tree, False)
    assert fast(b"a.txt") == scanned
    for path in (b"dir", b".gitignore", b"../x", b"\xff", b".git", b"deep"):
        (folder / "dir").mkdir(exist_ok=True)
        assert fast(path) is None


def test_a_scan_forgets_what_only_the_watcher_saw(world: World) -> None:
    world.add("a")
    folder, shadow = world.place("a"), world.shadow()
    first = world.save("a", shadow)
    (folder / "brief").write_text("x")
    assert shadow.checkpoint_paths(folder, "s1", world.head, [b"brief"], "watched", AT) is not None
    (folder / "brief").unlink()
    assert world.save("a", shadow).tree == first.tree


def test_differences_as_data(make: Callable[..., World]) -> None:
    world = make(files={"keep": "1\n" * 50, "move": "2\n" * 50, "gone": "3\n", "bin": b"\0\1", "kind": "x\n"})
    world.add("a")
    folder, shadow = world.place("a"), world.shadow()
    (folder / "keep").write_text("1\n" * 49 + "changed\n")
    (folder / "move").rename(folder / "moved")
    (folder / "gone").unlink()
    (folder / "bin").write_bytes(b"\0\2")
    (folder / "kind").unlink()
    (folder / "kind").symlink_to("keep")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff")).write_bytes(b"\xff\n")
    point = world.save("a", shadow)
    found = {d.path_bytes: d for d in shadow.diff(world.head, point.id)}
    assert {p: d.status for p, d in found.items()} == {
        b"keep": "M", b"moved": "R", b"gone": "D", b"bin": "M", b"kind": "T", b"\xff": "A",
    }  # fmt: skip
    assert (found[b"keep"].added, found[b"keep"].removed) == (1, 1)
    assert "+changed" in found[b"keep"].patch
    assert found[b"bin"].is_binary
    assert found[b"moved"].old_path_bytes == b"move"
    assert found[b"\xff"].path_display == "\ufffd"


def test_a_huge_patch_is_cut(world: World) -> None:
    world.add("a")
    (world.place("a") / "huge").write_text("line\n" * 300_000)
    shadow = world.shadow()
    (d,) = shadow.diff(world.head, world.save("a", shadow).id)
    assert d.is_cut
    assert d.added == 300_000
    assert len(d.patch) == 200_000


def test_restoring_never_writes_over_anything(world: World) -> None:
    world.add("a")
    shadow = world.shadow()
    point = world.save("a", shadow)
    with pytest.raises(UserError, match="exists already"):
        shadow.restore(point.id, world.main)
    with pytest.raises(UserError, match="no checkpoint"):
        shadow.restore("0" * 40, world.root / "new")
    assert not (world.root / "new").exists()


def test_a_scratch_folder_follows_the_checkpoints(world: World) -> None:
    world.add("a")
    folder, shadow, scratch = world.place("a"), world.shadow(), world.root / "scratch"
    first = world.save("a", shadow)
    (folder / "dir/b.txt").unlink()
    (folder / "a.txt").write_text("changed")
    second = world.save("a", shadow)
    for point in (first, second, first):
        shadow.materialize(point.id, scratch)
        (scratch / "build.out").write_text("kept")
        (scratch / "a.txt").write_text("a check changed it")
    shadow.materialize(second.id, scratch)
    assert contents(scratch) == contents(folder) | {"build.out": (0o100000, b"kept")}
    shutil.rmtree(scratch)
    shadow.materialize(second.id, scratch)
    assert contents(scratch) == contents(folder)


def test_a_scratch_folder_is_not_left_through_links(world: World, tmp_path: Path) -> None:
    world.add("a")
    shadow, scratch, outside = world.shadow(), world.root / "scratch", tmp_path / "outside"
    point = world.save("a", shadow)
    outside.mkdir()
    shadow.materialize(point.id, scratch)
    shutil.rmtree(scratch / "dir")
    (scratch / "dir").symlink_to(outside)
    shadow.materialize(point.id, scratch)
    assert list(outside.iterdir()) == []
    assert (scratch / "dir/b.txt").read_text() == "two\n"


def test_packing_keeps_everything(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("steer.adapters.git.shadow._LOOSE_MAX", 0)
    world.add("a")
    shadow = world.shadow()
    points = []
    while shadow.is_compact() or len(points) < 5:
        for name in ("a.txt", *(f"more-{n}.txt" for n in range(40))):
            (world.place("a") / name).write_text(f"{len(points)} {name}\n")
        points.append(world.save("a", shadow))
    shadow.compact()
    assert shadow.is_compact()
    assert shadow.latest("s1") is not None and not list((shadow.path / "refs/steer").rglob("[0-9]"))
    points = points[:5]
    assert [len(shadow.diff(p.id, points[0].id)) for p in points] == [0, 41, 41, 41, 41]
    git(shadow.path, "fsck", "--full")


def test_a_missing_worktree_and_a_bad_session_are_told(world: World) -> None:
    with pytest.raises(EnvironmentFault, match="not a folder"):
        world.save("nowhere")
    world.add("a")
    for name in ("../x", "base", "", "a/b"):
        with pytest.raises(UserError, match="session"):
            world.shadow().checkpoint(world.place("a"), name, world.head, "m", AT)


def test_a_killed_scan_leaves_no_lock_behind(world: World) -> None:
    world.add("a")
    shadow = world.shadow()
    world.save("a", shadow)
    (shadow.path / "sessions/s1.lock").touch()
    (world.place("a") / "new").write_text("x")
    assert world.save("a", shadow).files == 1


def test_a_crash_before_the_pack_is_written_loses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add("a")
    folder, shadow = world.place("a"), world.shadow()
    world.save("a", shadow)
    for n in range(20):
        (folder / f"new{n}").write_text(f"{n}\n")
    with monkeypatch.context() as patch:
        patch.setattr(quarantine, "_pack", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            world.save("a", shadow)
    point = world.save("a", shadow)
    assert restored(world, shadow, point) == contents(folder)
    git(shadow.path, "fsck", "--full", "--strict")
    assert list((shadow.path / "objects/pack").glob("*.pack"))


def test_counts_carried_on_equal_counts_from_the_start(world: World) -> None:
    for n in range(12):
        (world.main / f"f{n}").write_text("x\n" * n)
    git(world.main, "add", "-A")
    git(world.main, "commit", "-qm", "more")
    world.add("a")
    folder, shadow = world.place("a"), world.shadow()
    for n in range(12):
        (folder / f"f{n}").write_text("changed\n")
        (folder / "dir/b.txt").write_text(f"{n}\n" * n)
        if n == 9:
            (folder / "f0").unlink()
            (folder / "f1").chmod(0o755)
        if n == 10:
            (folder / "a.txt").write_text("one\n")
        point = world.save("a", shadow)
        assert DiffStat(point.files, point.added, point.removed) == shadow.stat(world.head, point.id)


def test_the_shadow_is_made_once_by_many(tmp_path: Path) -> None:
    """Several workers need it at the same moment, the first time that files have changed."""
    for round_number in range(10):
        place = tmp_path / f"shadow-{round_number}.git"
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(lambda _, place=place: neutral_repository(place), range(8)))
        assert made == [place] * 8
        assert pygit2.Repository(str(place)).is_bare
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
