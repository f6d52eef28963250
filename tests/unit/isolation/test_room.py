"""From what a session is to what it may write, and from there to bubblewrap's command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from steer.config.schema import Isolation
from steer.errors import ConfigError
from steer.isolation.bubblewrap import wrap
from steer.isolation.expand import expand
from steer.isolation.room import Needs, Room, furnish, git_paths, make_room, read_needs
from steer.model.isolation import Level

COMMON = Path("/code/shop/.git")
ENV = {"HOME": "/home/u", "PATH": "/usr/bin", "X_HOME": "/x", "EMPTY": ""}


def room_of(needs: Needs = Needs(), wish: Isolation = Isolation(), **env: str) -> Room:  # noqa: B008 (frozen)
    git = git_paths(COMMON, COMMON / "worktrees" / "a", "steer/a")
    hide = ("/home/u/.local/state/steer",)
    return make_room(Path("/w/a"), Path("/t/a"), git, needs, wish, {**ENV, **env}, hide=hide)


def test_a_commit_needs_objects_its_branch_folder_and_its_admin_folder() -> None:
    assert git_paths(COMMON, COMMON / "worktrees" / "a", "steer/a") == (
        "/code/shop/.git/worktrees/a/",
        "/code/shop/.git/objects/",
        "/code/shop/.git/refs/heads/steer/",
        "/code/shop/.git/logs/refs/heads/steer/",
    )


def test_configuration_hooks_and_other_branches_are_not_writable() -> None:
    written = room_of(Needs(write=("~/.agent/", "$X_HOME/y"))).write
    closed = (
        "config",
        "hooks/x",
        "info/attributes",
        "packed-refs",
        "refs/heads/main",
        "refs/tags/x",
        "worktrees/b/HEAD",
    )
    for name in closed:
        assert not [w for w in written if str(COMMON / name).startswith(w.rstrip("/") + "/")], name
    assert "/home/u/.agent/" in written and "/x/y" in written


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("~", "/home/u"),
        ("~/.a/", "/home/u/.a/"),
        ("$X_HOME/b/", "/x/b/"),
        ("$X_HOME", "/x"),
        ("$EMPTY/b", ""),
        ("$MISSING/b", ""),
        ("/etc/x", "/etc/x"),
        ("relative/x", ""),
        ("~other/x", ""),
    ],
)
def test_paths_of_profiles(path: str, found: str) -> None:
    assert expand(path, ENV, "/home/u") == found


def test_tmp_is_its_own_unless_something_it_needs_is_there() -> None:
    assert room_of().covers_tmp
    assert not room_of(PATH="/usr/bin:/tmp/agents/bin").covers_tmp
    assert not room_of(HOME="/tmp/home").covers_tmp


def test_tmp_is_open_unless_something_of_steers_is_there() -> None:
    assert room_of().opens_tmp
    assert not room_of(HOME="/tmp/home").opens_tmp
    room = make_room(Path("/w/a"), Path("/t/a"), (), Needs(), Isolation(), ENV, hide=("/tmp/steer-0",))
    assert room.covers_tmp and not room.opens_tmp


def test_caches_that_are_there_may_be_written_and_none_is_made(tmp_path: Path) -> None:
    for name in (".npm", ".cargo/registry", ".cargo/bin", "mods", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / ".cache").symlink_to(tmp_path / "elsewhere")
    env = {"HOME": str(tmp_path), "GOMODCACHE": str(tmp_path / "mods")}
    expected = {str(tmp_path / name) for name in (".npm", ".cargo/registry", "mods", "elsewhere")}
    assert expected <= set(room_of(**env).write)
    assert not [w for w in room_of(**env).write if "bin" in w or ".gradle" in w]
    assert not expected & set(room_of(wish=Isolation(caches=False), **env).write)
    assert not (tmp_path / ".m2").exists()


def test_furnishing_makes_folders_and_leaves_out_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    wanted = (
        f"{tmp_path}/new/deep/",
        f"{tmp_path}/file",
        f"{tmp_path}/none",
        f"{tmp_path}/file/",
        f"{tmp_path}/gone",
    )
    room = furnish(
        Room(str(tmp_path), str(tmp_path), wanted, show=(f"{tmp_path}/none",), hide=(f"{tmp_path}/none",))
    )
    assert room.write == (f"{tmp_path}/new/deep", f"{tmp_path}/file")
    assert (room.show, room.hide) == ((), ())
    assert (tmp_path / "new" / "deep").stat().st_mode & 0o777 == 0o700


def test_bubblewrap_mounts_from_the_root_down(tmp_path: Path) -> None:
    hidden, inside = tmp_path / "state", tmp_path / "state" / "mine"
    inside.mkdir(parents=True)
    secret = tmp_path / "secret"
    secret.write_text("x")
    room = Room("/w", "/t", write=(str(inside), str(tmp_path)), hide=(str(hidden), str(secret)))
    words = wrap("/usr/bin/bwrap", room)
    order = [
        words.index("/", words.index("--ro-bind")),
        words.index("/tmp"),
        words.index(str(tmp_path)),
        words.index(str(hidden)),
        words.index(str(inside)),
    ]
    assert order == sorted(order)
    assert words[words.index(str(secret)) - 2 :][:3] == ("--ro-bind", "/dev/null", str(secret))
    assert words[-5:] == ("--remount-ro", str(hidden), "--chdir", "/w", "--")


@pytest.mark.parametrize(
    "data",
    [{"max": "L9"}, {"write": "x"}, {"write": [1]}, {"env": 3}, {"maximum": "L1"}, 3],
)
def test_a_wrong_table_is_one_sentence(data: object) -> None:
    with pytest.raises(ConfigError) as caught:
        read_needs(data, "file.toml")
    assert caught.value.message.startswith("file.toml: isolation")


def test_a_table_is_read() -> None:
    data = {"max": "L1", "write": ["~/.x/"], "env": {"A": "{tmp}"}}
    assert read_needs(data, "f") == Needs(Level.L1, ("~/.x/",), {"A": "{tmp}"})
