"""Where goals are measured: a repository with a fleet of its own, or a home for git; nothing of it stays."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.place import Place, make_place
from tests.unit.adapters.git.world import use_own_home


class Failed(Exception):
    """A wait was in vain; pytest's own exception for that passes `except Exception`."""


@contextlib.contextmanager
def fleet() -> Iterator[Place]:
    """A real supervisor's place, in a folder of its own with a short name (paths of sockets are limited)."""
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as said:
        try:
            with make_place(patch) as place:
                yield place
        except pytest.fail.Exception as e:
            raise Failed(f"{e.msg}; {said.getvalue()[-2000:]}") from e


@contextlib.contextmanager
def own_home(folder: Path) -> Iterator[None]:
    """Git has a home of its own meanwhile, here and in programs that are started."""
    with pytest.MonkeyPatch.context() as patch:
        use_own_home(patch, folder / "home")
        yield
