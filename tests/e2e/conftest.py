"""Where end-to-end tests happen: `place` is a whole repository with a fleet, `stage` a keeper alone."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.place import Place, make_place
from tests.e2e.stage import Stage


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    with make_place(monkeypatch) as made:
        yield made


@pytest.fixture
def stage() -> Iterator[Stage]:
    """In a folder of its own with a short name: socket paths are limited to 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="k"))
    stage = Stage(folder)
    yield stage
    asyncio.run(stage.clear())
    shutil.rmtree(folder, ignore_errors=True)
