from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from steer.adapters.git import branch
from steer.adapters.git.repository import checked_link, discover, open_repository, resolve_base
from steer.errors import EnvironmentFault, UserError
from tests.unit.adapters.git.world import World, git


def test_the_main_worktree_is_found_from_a_folder_in_it_and_from_a_linked_one(world: World) -> None:
    world.add("a")
    for start in (world.main, world.main / "dir", world.place("a"), world.place("a") / "dir"):
        info = discover(start)
        assert (info.main_worktree, info.common_dir) == (world.main, world.main / ".git")
    assert discover(world.main).head_branch == "main"
    assert discover(world.place("a")).head_branch == "steer/a"


def test_no_repository_bare_and_missing_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not in a git repository") as e:
        discover(tmp_path)
    assert "git init" in e.value.hint
    git(tmp_path, "init", "-q", "--bare", "bare.git")
    with pytest.raises(UserError, match="bare"):
        discover(tmp_path / "bare.git")
    with pytest.raises(UserError, match="does not exist"):
        discover(tmp_path / "nowhere")


def test_a_worktree_of_a_bare_repository_stands_in_for_the_main_one(world: World, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(world.main), "bare.git")
    git(tmp_path / "bare.git", "worktree", "add", "-q", str(tmp_path / "w"), "main")
    info = discover(tmp_path / "w")
    assert (info.is_bare, info.main_worktree, info.common_dir) == (
        True,
        tmp_path / "w",
        tmp_path / "bare.git",
    )


def test_unborn_detached_shallow_and_half_done_are_recognised(world: World, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "fresh")
    fresh = discover(tmp_path / "fresh")
    assert (fresh.is_unborn, fresh.head_commit, fresh.head_branch) == (True, None, "main")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{world.main}", "shallow")
    assert discover(tmp_path / "shallow").is_shallow
    git(world.main, "checkout", "-q", "--detach")
    assert discover(world.main).is_detached
    (world.main / ".git/MERGE_HEAD").write_text(world.head + "\n")
    assert discover(world.main).in_progress == "merge"


def test_a_foreign_repository_is_called_dubious(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import pygit2

    def refuse(_: str) -> None:
        raise pygit2.GitError(f"repository path '{world.main}' is not owned by current user")

    monkeypatch.setattr(pygit2, "Repository", refuse)
    with pytest.raises(EnvironmentFault, match="dubious") as e:
        discover(world.main)
    assert "safe.directory" in e.value.hint


def test_hostile_core_worktree_is_not_believed(world: World, tmp_path: Path) -> None:
    git(world.main, "config", "core.worktree", str(tmp_path))
    assert discover(world.main).main_worktree == world.main


def test_a_broken_configuration_is_an_error_with_the_place(world: World) -> None:
    (world.main / ".git/config").write_text("[core\n")
    with pytest.raises(EnvironmentFault, match="cannot open"):
        discover(world.main)


def test_bases_by_branch_tag_remote_and_prefix(world: World) -> None:
    git(world.main, "branch", "feature/x")
    git(world.main, "tag", "-am", "t", "v1")
    git(world.main, "update-ref", "refs/remotes/origin/main", world.head)
    for name in ("feature/x", "v1", "origin/main", world.head[:8]):
        assert resolve_base(world.info, name) == (world.head, name)
    assert resolve_base(world.info) == (world.head, "main")
    with pytest.raises(UserError) as e:
        resolve_base(world.info, "feature/y")
    assert "feature/x" in e.value.hint


def test_an_unborn_base_says_to_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "fresh")
    with pytest.raises(UserError, match="no commit") as e:
        resolve_base(discover(tmp_path / "fresh"))
    assert "commit" in e.value.hint


@pytest.mark.parametrize(
    "name", ["Fix the bug!", "../../etc", "ü", "a" * 500, "", ".lock", "-rf", "HEAD", "@{1}"]
)
def test_every_name_gives_a_valid_branch(world: World, name: str) -> None:
    wanted = branch.branch_for(name)
    git(world.main, "check-ref-format", "--branch", wanted)
    assert branch.check_branch(wanted) == wanted


def test_free_branches_avoid_equal_nested_and_case_only_names(world: World) -> None:
    repo = open_repository(world.info.common_dir)
    for taken in ("steer/a", "steer/B", "flat", "x/y"):
        git(world.main, "branch", taken)
    assert branch.free_branch(repo, "steer/new") == "steer/new"
    assert branch.free_branch(repo, "steer/a") == "steer/a-2"
    assert branch.free_branch(repo, "steer/b") == "steer/b-2"
    assert branch.free_branch(repo, "flat/inside") == "flat-inside"
    assert branch.free_branch(repo, "x") == "x-2"


@pytest.mark.parametrize("name", ["a..b", "a b", "-x", "a.lock", "a~1", "", "HEAD", "x" * 300, "a\x1bb"])
def test_bad_branch_names_are_refused(name: str) -> None:
    with pytest.raises(UserError):
        branch.check_branch(name)


def test_changed_links_are_not_followed(world: World, make: Callable[..., World]) -> None:
    world.add("a")
    worktree = world.place("a")
    assert checked_link(world.info, worktree).admin == world.main / ".git/worktrees/a"
    assert checked_link(world.info, world.main).admin == world.main / ".git"
    other = make("other")
    honest = (worktree / ".git").read_bytes()
    for lie in (b"gitdir: %s\n" % bytes(other.main / ".git"), b"", b"gitdir: ../../../../etc\n"):
        (worktree / ".git").write_bytes(lie)
        with pytest.raises(UserError, match=r"not a worktree|was changed"):
            checked_link(world.info, worktree)
    (worktree / ".git").unlink()
    shutil.copytree(other.main / ".git", worktree / ".git")
    with pytest.raises(UserError):
        checked_link(world.info, worktree)
    shutil.rmtree(worktree / ".git")
    (worktree / ".git").write_bytes(honest)
    assert checked_link(world.info, worktree)


def test_a_link_in_place_of_the_worktree_is_refused(world: World) -> None:
    world.add("a")
    world.place("a").rename(world.root / "moved")
    world.place("a").symlink_to(world.root / "moved")
    with pytest.raises(UserError, match="not a folder"):
        checked_link(world.info, world.place("a"))
