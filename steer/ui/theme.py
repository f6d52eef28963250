"""A theme: colours by meaning, read from a TOML file.

Drawing code names meanings ("activity.asking"), never colours, so one file changes everything. This module
knows neither Textual nor where files live; see `theme_folder` and `skin`.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass
from typing import Any

from steer.errors import ConfigError

TABLES: dict[str, tuple[str, ...]] = {
    "surface": ("background", "panel", "raised", "selected"),
    "text": ("normal", "muted", "faint", "accent"),
    "border": ("normal", "selected", "focus"),
    "activity": ("working", "asking", "idle", "error", "unknown"),
    "process": ("starting", "running", "stopping", "exited", "failed", "lost", "paused"),
    "flag": ("info", "warn", "urgent"),
    "diff": ("added", "removed", "changed"),
    "selection": ("foreground", "background", "match"),
}
_ANSI_COLOURS = 16
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class Theme:
    """`colours` maps "table.key" to "#rrggbb". The terminal's own colours are optional: "" and () leave the
    operator's terminal defaults in the panes."""

    name: str
    is_dark: bool
    colours: dict[str, str]
    pane_foreground: str = ""
    pane_background: str = ""
    ansi: tuple[str, ...] = ()  # 16 colours, or none


def parse_theme(text: str, where: str) -> Theme:
    """The theme that `text` (TOML) describes; `where` names the file in errors.

    Raises `ConfigError` naming the file and the key that is missing, unknown or no colour.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise ConfigError(f"{where} is not valid TOML: {e}") from e
    _refuse_unknown(where, data, ("name", "dark", "terminal", *TABLES))
    colours: dict[str, str] = {}
    for table, keys in TABLES.items():
        values = _table(where, data, table)
        _refuse_unknown(f"{where}: {table}", values, keys)
        for key in keys:
            colours[f"{table}.{key}"] = _colour(where, f"{table}.{key}", values.get(key))
    foreground, background, ansi = _terminal(where, _table(where, data, "terminal", is_needed=False))
    name, is_dark = data.get("name"), data.get("dark")
    if not isinstance(name, str) or not name:
        raise ConfigError(f"{where}: name must be a text")
    if not isinstance(is_dark, bool):
        raise ConfigError(f"{where}: dark must be true or false")
    return Theme(name, is_dark, colours, foreground, background, ansi)


def _table(where: str, data: dict[str, Any], name: str, is_needed: bool = True) -> dict[str, Any]:
    value = data.get(name, None if is_needed else {})
    if value is None:
        raise ConfigError(
            f"{where}: the table [{name}] is missing", "copy it from a theme that comes with steer"
        )
    if not isinstance(value, dict):
        raise ConfigError(f"{where}: {name} must be a table")
    return value


def _colour(where: str, key: str, value: object) -> str:
    if value is None:
        raise ConfigError(f"{where}: {key} is missing", "every colour is needed; copy it from another theme")
    if not isinstance(value, str) or not _COLOUR.fullmatch(value):
        raise ConfigError(f"{where}: {key} is not a colour: {value!r}", 'write it as "#rrggbb"')
    return value.lower()


def _terminal(where: str, data: dict[str, Any]) -> tuple[str, str, tuple[str, ...]]:
    _refuse_unknown(f"{where}: terminal", data, ("foreground", "background", "ansi"))
    pair = [
        _colour(where, f"terminal.{key}", data[key]) if key in data else ""
        for key in ("foreground", "background")
    ]
    ansi = data.get("ansi", [])
    if not isinstance(ansi, list) or len(ansi) not in (0, _ANSI_COLOURS):
        raise ConfigError(f"{where}: terminal.ansi must be a list of 16 colours")
    return pair[0], pair[1], tuple(_colour(where, f"terminal.ansi[{i}]", c) for i, c in enumerate(ansi))


def _refuse_unknown(where: str, data: dict[str, Any], known: tuple[str, ...]) -> None:
    for key in data:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            raise ConfigError(f"{where}: unknown key {key!r}", f"did you mean {near[0]!r}?" if near else "")
