"""Fixtures of the git tests; `tests/e2e/test_git.py` uses them too."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.unit.adapters.git.world import World, make_world, use_own_home


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_own_home(monkeypatch, tmp_path / "home")


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., World]:
    return partial(make_world, tmp_path)


@pytest.fixture
def world(make: Callable[..., World]) -> World:
    return make()
