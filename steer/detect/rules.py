"""Thresholds of the detectors, as data: `rules.toml` beside this file says what they mean and where they come from."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from steer.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Repeat:
    is_on: bool = True
    window: int = 12
    long_window: int = 20
    amber: int = 3
    empty_amber: int = 3
    empty_window: int = 6
    edit_chars: int = 12
    longest_cycle: int = 8
    cycle_rounds: int = 3


@dataclass(frozen=True, slots=True)
class Drift:
    is_on: bool = True


@dataclass(frozen=True, slots=True)
class Stall:
    is_on: bool = True
    amber_s: float = 180.0
    red_s: float = 300.0


@dataclass(frozen=True, slots=True)
class Rules:
    repeat: Repeat = Repeat()
    drift: Drift = Drift()
    stall: Stall = Stall()
    off: tuple[str, ...] = ()  # ids of rules that are not wanted


def read_rules(path: Path) -> Rules:
    """The rules in a TOML file; what it does not name keeps its default. Raises `ConfigError` naming file and key."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except OSError as e:
        raise ConfigError(f"{path}: cannot be read: {e.strerror}") from e
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise ConfigError(f"{path}: {e}") from e
    return rules_from(data, str(path))


def rules_from(data: dict[str, Any], where: str) -> Rules:
    parts: dict[str, Any] = {}
    kinds: dict[str, type] = {"repeat": Repeat, "drift": Drift, "stall": Stall}
    for key, value in data.items():
        if key == "off" and isinstance(value, list) and all(isinstance(v, str) for v in value):
            parts["off"] = tuple(value)
        elif key in kinds and isinstance(value, dict):
            parts[key] = _table(kinds[key], value, f"{where}: [{key}]")
        else:
            raise ConfigError(f"{where}: unknown key {key}", f"known: off, {', '.join(kinds)}")
    return Rules(**parts)


def _table(kind: type, values: dict[str, Any], where: str) -> Any:
    known = {f.name: type(getattr(kind(), f.name)) for f in fields(kind)}
    for key, value in values.items():
        if key not in known:
            raise ConfigError(f"{where}: unknown key {key}", f"known: {', '.join(known)}")
        is_number = known[key] is float and type(value) is int
        if type(value) is not known[key] and not is_number:
            raise ConfigError(f"{where}: {key} cannot be {value!r}")
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value < 1:
            raise ConfigError(f"{where}: {key} must be at least 1")
    return kind(**values)
