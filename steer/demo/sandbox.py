"""The demo's place: a temporary folder with a repository and steer state of its own, gone when the demo ends."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from steer.demo.scenario import SCENARIOS
from steer.errors import UserError

PROJECT = Path(__file__).parent / "project"
_XDG = {"XDG_STATE_HOME": "state", "XDG_DATA_HOME": "data", "XDG_RUNTIME_DIR": "run"}
CHECK = "python3 -B -m unittest"


def chosen(names: list[str]) -> list[str]:
    """The scenarios to play, all of them by default. Raises `UserError` for an unknown one."""
    for name in names:
        if name not in SCENARIOS:
            raise UserError(f"there is no scenario {name!r}", f"scenarios: {', '.join(SCENARIOS)}")
    return names or list(SCENARIOS)


@contextmanager
def sandbox(*, keep: bool = False) -> Iterator[Path]:
    """A fresh demo repository; this process's XDG folders and working directory point into the sandbox meanwhile."""
    root = Path(tempfile.mkdtemp(prefix="steer-demo-"))
    before, folder = dict(os.environ), Path.cwd()
    try:
        for variable, name in _XDG.items():
            (root / name).mkdir(mode=0o700)
            os.environ[variable] = str(root / name)
        make_project(root / "shop")
        os.chdir(root / "shop")
        yield root / "shop"
    finally:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(before)
        if not keep:
            shutil.rmtree(root, ignore_errors=True)


def make_project(folder: Path) -> None:
    """Copy the demo project into `folder` and commit it on `main`."""
    import pygit2

    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("__pycache__"))
    repository = pygit2.init_repository(str(folder), initial_head="main")
    (folder / ".gitignore").write_text("__pycache__/\n")
    repository.index.add_all()
    repository.index.write()
    author = pygit2.Signature("demo", "demo@localhost")
    tree = repository.index.write_tree()
    repository.create_commit("HEAD", author, author, "A small shop with two bugs", tree, [])


def session_wish(name: str, pace: float) -> dict[str, object]:
    """Parameters of `start` for one scripted agent."""
    scenario = SCENARIOS[name]
    return {
        "task": scenario.task,
        "agent": "demo",
        "argv": [sys.executable, "-m", "steer.demo.agent", name],
        "name": name,
        "scope": list(scenario.scope),
        "check": CHECK,
        "env": {**os.environ, "STEER_DEMO_PACE": str(pace)},
    }
