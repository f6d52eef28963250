"""Read configuration files: user's first, then the repository's, each value remembering where it came from.

An unknown key is an error that names the key, the file and the nearest known key: a typing mistake must not
become a silently ignored wish.
"""

from __future__ import annotations

import dataclasses
import difflib
import tomllib
import typing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from steer.config.approve import check_approvals
from steer.config.path import config_home
from steer.config.schema import BUDGET_ACTIONS, LEVELS, REPOSITORY_MAY_SET, Config, Limits
from steer.errors import ConfigError
from steer.model.codec import field_types


@dataclass(frozen=True, slots=True)
class Loaded:
    config: Config
    origin: dict[str, str] = field(default_factory=dict)  # "ui.theme" -> path; missing: default


def user_file() -> Path:
    return config_home() / "config.toml"


def repository_file(main_worktree: Path) -> Path:
    return main_worktree / ".steer" / "config.toml"


def load(main_worktree: Path | None = None, user: Path | None = None) -> Loaded:
    """The configuration that holds here. Raises `ConfigError` naming file and key."""
    merged: dict[str, Any] = {}
    origin: dict[str, str] = {}
    _merge(merged, origin, user or user_file(), None)
    if main_worktree is not None:
        _merge(merged, origin, repository_file(main_worktree), REPOSITORY_MAY_SET)
    config = _build(Config, merged, "", origin)
    _check_budget(config, origin)
    _check_isolation(config, origin)
    check_approvals(config.approve, origin.get("approve", "configuration"))
    return Loaded(config, origin)


def _merge(into: dict[str, Any], origin: dict[str, str], path: Path, allowed: frozenset[str] | None) -> None:
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as e:
        raise ConfigError(f"{path} cannot be read: {e}") from e
    except tomllib.TOMLDecodeError as e:
        raise ConfigError(f"{path} is not TOML: {e}") from e
    for section, value in data.items():
        if allowed is not None and section in Config.__dataclass_fields__ and section not in allowed:
            raise ConfigError(
                f"{path} sets [{section}], which only your own configuration may set",
                f"move it to {user_file()}",
            )
        if allowed is not None and section == "budget" and isinstance(value, dict):
            value = _tighter(into.get(section), value)
        if allowed is not None and section == "limits" and isinstance(value, dict):
            mine = into.get(section)
            value = _tighter({**asdict(Limits()), **(mine if isinstance(mine, dict) else {})}, value)
        if allowed is not None and section == "isolation":
            value = _raised(into.get(section), value, path)
        if isinstance(value, dict) and isinstance(into.get(section), dict):
            into[section].update(value)
        else:
            into[section] = value
        _note_origin(origin, section, value, str(path))


def _tighter(mine: Any, theirs: dict[str, Any]) -> dict[str, Any]:
    """What of a repository's limits counts: those where the user set none or a higher one, and pausing."""
    known = mine if isinstance(mine, dict) else {}
    kept = {}
    for key, value in theirs.items():
        before = known.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            if value > 0 and (not isinstance(before, int | float) or before <= 0 or value < before):
                kept[key] = value
        elif key != "action" or value != "warn":
            kept[key] = value
    return kept


def _check_budget(config: Config, origin: dict[str, str]) -> None:
    if config.budget.action not in BUDGET_ACTIONS:
        raise ConfigError(
            f"{_file('budget.action', origin)}: budget.action cannot be {config.budget.action!r}",
            f"one of {', '.join(BUDGET_ACTIONS)}",
        )


def _raised(mine: Any, theirs: Any, path: Path) -> dict[str, Any]:
    """A repository's `level` as the least that a session gets; nothing else is its business, and nothing is lowered."""
    if not isinstance(theirs, dict) or set(theirs) != {"level"} or theirs["level"] not in LEVELS:
        raise ConfigError(
            f"{path}: a repository's [isolation] may say only level, one of {', '.join(LEVELS)}",
            f"the rest belongs into {user_file()}",
        )
    before = str(mine.get("at_least", "L0")) if isinstance(mine, dict) else "L0"
    return {"at_least": max(before, theirs["level"])} if theirs["level"] > before else {}


def _check_isolation(config: Config, origin: dict[str, str]) -> None:
    wish = config.isolation
    levels = {f"agents.{name}.isolation": agent.isolation for name, agent in config.agents.items()}
    for key, value, known in (
        ("isolation.level", wish.level, ("auto", *LEVELS)),
        ("isolation.at_least", wish.at_least, LEVELS),
        ("isolation.on_failure", wish.on_failure, ("", "refuse", "lower")),
        *((key, value, ("", "auto", *LEVELS)) for key, value in levels.items()),
    ):
        if value not in known:
            one_of = ", ".join(filter(None, known))
            raise ConfigError(f"{_file(key, origin)}: {key} cannot be {value!r}", f"one of {one_of}")
    if bad := [p for p in wish.tcp_ports if not 0 < p < 65536]:
        raise ConfigError(f"{_file('isolation.tcp_ports', origin)}: isolation.tcp_ports: {bad[0]} is no port")


def _note_origin(origin: dict[str, str], key: str, value: Any, path: str) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            _note_origin(origin, f"{key}.{name}", inner, path)
    origin[key] = path


def _build(cls: type, data: dict[str, Any], prefix: str, origin: dict[str, str]) -> Any:
    fields = {f.name: f for f in dataclasses.fields(cls)}
    hints = field_types(cls)
    values = {}
    for name, value in data.items():
        key = f"{prefix}{name}"
        if name not in fields:
            raise _unknown(key, name, list(fields), origin)
        values[name] = _value(hints[name], value, key, origin)
    required = [f.name for f in fields.values() if f.default is f.default_factory is dataclasses.MISSING]
    for name in required:
        if name not in values:
            raise ConfigError(f"{_file(prefix[:-1], origin)}: {prefix}{name} is missing")
    return cls(**values)


def _value(kind: Any, value: Any, key: str, origin: dict[str, str]) -> Any:
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _build(kind, _expect(value, dict, key, origin), f"{key}.", origin)
    name = typing.get_origin(kind)
    if name is dict:
        inner = typing.get_args(kind)[1]
        table = _expect(value, dict, key, origin)
        return {k: _value(inner, v, f"{key}.{k}", origin) for k, v in table.items()}
    if name is tuple:
        listed = [value] if isinstance(value, str) else _expect(value, list, key, origin)
        return tuple(_value(typing.get_args(kind)[0], v, key, origin) for v in listed)
    if kind is float and type(value) is int:
        return float(value)
    return _expect(value, kind, key, origin)


def _expect(value: Any, kind: Any, key: str, origin: dict[str, str]) -> Any:
    if type(value) is not kind:
        words = {dict: "a table", list: "a list", str: "a string", int: "a whole number", float: "a number"}
        wanted = words.get(kind, "true or false" if kind is bool else str(kind))
        raise ConfigError(f"{_file(key, origin)}: {key} must be {wanted}, not {value!r}")
    return value


def _unknown(key: str, name: str, known: list[str], origin: dict[str, str]) -> ConfigError:
    near = difflib.get_close_matches(name, known, 1, 0.5)
    hint = (
        f"did you mean {key[: len(key) - len(name)]}{near[0]}?" if near else f"known here: {', '.join(known)}"
    )
    return ConfigError(f"{_file(key, origin)}: unknown key {key}", hint)


def _file(key: str, origin: dict[str, str]) -> str:
    while key and key not in origin:
        key = key.rpartition(".")[0]
    return origin.get(key, "configuration")


def flatten(value: Any, prefix: str = "") -> list[tuple[str, Any]]:
    """(dotted key, value) of every setting, in the schema's order."""
    rows: list[tuple[str, Any]] = []
    for f in dataclasses.fields(value):
        inner = getattr(value, f.name)
        if dataclasses.is_dataclass(inner):
            rows += flatten(inner, f"{prefix}{f.name}.")
        elif isinstance(inner, dict):
            for k, v in inner.items():
                rows += (
                    flatten(v, f"{prefix}{f.name}.{k}.")
                    if dataclasses.is_dataclass(v)
                    else [(f"{prefix}{f.name}.{k}", v)]
                )
        else:
            rows.append((f"{prefix}{f.name}", inner))
    return rows
