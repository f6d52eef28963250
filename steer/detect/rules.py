"""Thresholds and patterns of the detectors, as data: `rules.toml` beside this file says what they mean."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from steer.detect.finding import Level
from steer.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Repeat:
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
    after_failure: int = 8
    code_chars: int = 200
    after_check: int = 12
    reversal_chars: int = 12
    reversals: int = 2


@dataclass(frozen=True, slots=True)
class Stall:
    amber_s: float = 180.0
    red_s: float = 300.0


@dataclass(frozen=True, slots=True)
class Correction:
    messages: int = 4


@dataclass(frozen=True, slots=True)
class Danger:
    id: str
    level: Level
    title: str
    pattern: re.Pattern[str]
    asked: re.Pattern[str] | None = None  # words of the operator that ask for it


@dataclass(frozen=True, slots=True)
class Rules:
    repeat: Repeat = Repeat()
    drift: Drift = Drift()
    stall: Stall = Stall()
    correction: Correction = Correction()
    danger: tuple[Danger, ...] = ()
    off: tuple[str, ...] = ()  # ids or kinds that are not wanted


@cache
def default_rules() -> Rules:
    """Those that ship."""
    return read_rules(Path(__file__).with_name("rules.toml"))


def read_rules(path: Path, base: Rules | None = None) -> Rules:
    """The rules in a TOML file; what it does not name is as in `base`. Raises `ConfigError` naming file and key."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except OSError as e:
        raise ConfigError(f"{path}: cannot be read: {e.strerror}") from e
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise ConfigError(f"{path}: {e}") from e
    return rules_from(data, str(path), base)


def rules_from(data: dict[str, Any], where: str, base: Rules | None = None) -> Rules:
    """`base` (none: built-in values) with what `data` says. Lists replace, tables are merged key by key."""
    base = base or Rules()
    parts: dict[str, Any] = {}
    for key, value in data.items():
        if key == "off" and isinstance(value, list) and all(isinstance(v, str) for v in value):
            parts["off"] = tuple(value)
        elif key == "danger" and isinstance(value, list):
            parts["danger"] = tuple(_danger(v, where) for v in value)
        elif key in ("repeat", "drift", "stall", "correction") and isinstance(value, dict):
            parts[key] = _table(getattr(base, key), value, f"{where}: [{key}]")
        else:
            raise ConfigError(
                f"{where}: unknown key {key}", "known: off, repeat, drift, stall, correction, danger"
            )
    return replace(base, **parts)


def _table(base: Any, values: dict[str, Any], where: str) -> Any:
    known = {f.name: type(getattr(base, f.name)) for f in fields(base)}
    for key, value in values.items():
        if key not in known:
            raise ConfigError(f"{where}: unknown key {key}", f"known: {', '.join(known)}")
        is_number = known[key] is float and type(value) is int
        if (type(value) is not known[key] and not is_number) or value < 1:
            raise ConfigError(f"{where}: {key} cannot be {value!r}", "numbers from 1 on")
    return replace(base, **{k: known[k](v) for k, v in values.items()})


def _danger(data: Any, where: str) -> Danger:
    try:
        return Danger(
            str(data["id"]),
            Level(data["level"]),
            str(data["title"])[:60],
            re.compile(data["pattern"]),
            re.compile(data["asked"], re.I) if "asked" in data else None,
        )
    except (KeyError, TypeError, ValueError, re.error) as e:
        raise ConfigError(
            f"{where}: a [[danger]] rule is incomplete or wrong: {e}",
            "id, level, title, pattern, and perhaps asked",
        ) from e
