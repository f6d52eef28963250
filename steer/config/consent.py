"""Consent to commands that a repository's configuration wants to run, bound to their exact content.

A changed command needs a new consent. The record is the user's (state folder), never the repository's.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from steer.config.load import Loaded, repository_file
from steer.config.schema import COMMANDS_IN_REPOSITORY


def wanted(loaded: Loaded, main_worktree: Path) -> dict[str, Any]:
    """The commands that the repository's own file sets: dotted key -> value; empty where it sets none."""
    path = str(repository_file(main_worktree))
    found = {}
    for section, name in COMMANDS_IN_REPOSITORY:
        key = f"{section}.{name}"
        value = getattr(getattr(loaded.config, section), name)
        if value and loaded.origin.get(key) == path:
            found[key] = list(value) if isinstance(value, tuple) else value
    return found


def digest(commands: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(commands, sort_keys=True).encode()).hexdigest()


def is_given(state: Path, commands: dict[str, Any]) -> bool:
    """Whether the user agreed to exactly these commands; nothing to run needs no consent."""
    if not commands:
        return True
    try:
        return digest(commands) in json.loads((state / "consent.json").read_text())
    except (OSError, ValueError):
        return False


def give(state: Path, commands: dict[str, Any]) -> None:
    path = state / "consent.json"
    try:
        known = list(json.loads(path.read_text()))
    except (OSError, ValueError):
        known = []
    path.write_text(json.dumps(sorted({*known, digest(commands)})))
    path.chmod(0o600)
