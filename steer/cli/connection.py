"""From the current folder to its repository's supervisor."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from steer.config.repository import find_common_dir
from steer.errors import UserError
from steer.runtime.supervise import ensure_supervisor, paths_for
from steer.runtime.sync_client import SyncClient


def common_dir() -> Path:
    """The `.git` of the repository around the current folder. Raises `UserError` where there is none or it is bare."""
    from steer.cli.main import here

    start = here()
    found = find_common_dir(start)
    if found is None:
        raise UserError(f"{start} is not in a git repository", "cd into one, or try `steer demo`")
    if found.name != ".git" and not (found.parent / ".git").exists():
        from steer.adapters.git.repository import discover

        discover(found)  # bare: says so
    return found


def call(method: str, **params: Any) -> dict[str, Any]:
    """One question to the repository's supervisor, which is started if need be."""
    with SyncClient(ensure_supervisor(common_dir())) as client:
        return client.call(method, **params)


def environment() -> dict[str, str]:
    """What an agent should inherit: the environment of the terminal the operator works in."""
    return dict(os.environ)


def running_supervisor() -> SyncClient | None:
    """A connection if a supervisor runs; None otherwise. Starts nothing."""
    from steer.errors import EnvironmentFault

    try:
        return SyncClient(paths_for(common_dir()).socket, timeout_s=10.0)
    except EnvironmentFault:
        return None
