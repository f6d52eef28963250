"""Private folders, short sockets, stable names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from steer.config import path as paths
from steer.errors import EnvironmentFault


def test_private_dir_makes_and_accepts_its_own(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        made = paths.private_dir(tmp_path / "a" / "b")
    finally:
        os.umask(old)
    assert made.stat().st_mode & 0o777 == 0o700
    assert paths.private_dir(made) == made


def test_planted_folders_are_refused(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir(mode=0o700)
    link, file, wide = tmp_path / "link", tmp_path / "file", tmp_path / "wide"
    link.symlink_to(real)
    file.write_text("")
    wide.mkdir()
    wide.chmod(0o777)
    for planted in (link, file, wide):
        with pytest.raises(EnvironmentFault):
            paths.private_dir(planted)


def test_long_runtime_dir_falls_back_to_a_short_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    found = paths.for_repository(tmp_path / "repo" / ".git")
    assert len(os.fsencode(found.keeper_socket("s12345678"))) <= paths.SOCKET_PATH_MAX
    assert not found.runtime.is_relative_to(long)


def test_repository_key_is_stable_and_readable(tmp_path: Path) -> None:
    git = tmp_path / "My Repo!" / ".git"
    git.mkdir(parents=True)
    key = paths.repository_key(git)
    assert key.startswith("my-repo-")
    assert paths.repository_key(git) == key
    link = tmp_path / "link"
    link.symlink_to(git.parent)
    assert paths.repository_key(link / ".git") == key
