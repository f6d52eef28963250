"""Fixtures of the end-to-end tests."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.stage import Stage


@pytest.fixture
def stage() -> Iterator[Stage]:
    """In a folder of its own with a short name: socket paths are limited to 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="k"))
    stage = Stage(folder)
    yield stage
    asyncio.run(stage.clear())
    shutil.rmtree(folder, ignore_errors=True)
