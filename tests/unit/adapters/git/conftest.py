"""Fixtures of the git tests; `tests/e2e/test_git.py` uses them too."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pygit2
import pytest

from tests.unit.adapters.git.world import World, git


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[user]\n name = t\n email = t@example.org\n[init]\n defaultBranch = main\n"
    )
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    pygit2.settings.search_path[pygit2.enums.ConfigLevel.GLOBAL] = str(home)


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., World]:
    def build(name: str = "project", files: dict[str, bytes | str] | None = None) -> World:
        main = tmp_path / name
        main.mkdir()
        git(main, "init", "-q")
        for path, content in (
            files if files is not None else {"a.txt": "one\n", "dir/b.txt": "two\n"}
        ).items():
            (main / path).parent.mkdir(parents=True, exist_ok=True)
            (main / path).write_bytes(content.encode() if isinstance(content, str) else content)
        git(main, "add", "-A")
        git(main, "commit", "-q", "--allow-empty", "-m", "first")
        return World(tmp_path, main)

    return build


@pytest.fixture
def world(make: Callable[..., World]) -> World:
    return make()
