"""Paths as they stand in configuration and profiles."""

from __future__ import annotations

from collections.abc import Mapping


def expand(path: str, env: Mapping[str, str], home: str) -> str:
    """`~` and one leading `$NAME` as the agent's environment has them; "" where it has not."""
    if path.startswith("$"):
        name, slash, rest = path[1:].partition("/")
        return f"{env[name]}{slash}{rest}" if env.get(name, "").startswith("/") else ""
    if path == "~" or path.startswith("~/"):
        return home + path[1:]
    return path if path.startswith("/") else ""
