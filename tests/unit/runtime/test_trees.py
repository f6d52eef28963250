"""The awaitable side of git: what happens beside what was asked for."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from pathlib import Path

import pytest

from steer.adapters.git.repository import discover
from steer.adapters.git.shadow import Shadow
from steer.config.path import for_repository
from steer.model.session import SessionSpec
from steer.runtime.tree import Trees


def test_a_shadow_that_is_not_compact_any_more_is_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("STATE", "DATA", "CONFIG"):
        monkeypatch.setenv(f"XDG_{variable}_HOME", str(tmp_path / variable))
    repository = tmp_path / "project"
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    asked, packed = threading.Event(), threading.Event()
    monkeypatch.setattr(Shadow, "is_compact", lambda self: asked.set())
    monkeypatch.setattr(Shadow, "compact", lambda self: packed.set())
    trees = Trees(discover(repository), for_repository(repository / ".git"))
    spec = SessionSpec("s22222222", "a", ("true",), str(repository), "main", "")

    async def change(content: str) -> bool:
        (repository / "a.txt").write_text(content)
        return bool((await trees.checkpoint(spec, "test"))["is_new"])

    assert asyncio.run(change("one"))
    assert packed.wait(60)
    asked.clear()
    assert not asyncio.run(change("one"))
    assert not asked.is_set()
