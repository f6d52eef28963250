"""The place where end-to-end tests happen; see `place.py`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.place import Place, make_place


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    with make_place(monkeypatch) as made:
        yield made
