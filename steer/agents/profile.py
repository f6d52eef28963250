"""A profile: everything steer knows of one agent CLI, read from TOML.

title = "Claude Code"
argv = ["claude"]              how it is started; `task` is appended where there is a task
task = ["{task}"]
interrupt = ["escape"]         keys that stop its turn
submit = ["enter"]             keys that send what was typed
submit_after_s = 0.15          between text and those keys
leave = ["ctrl+c", "ctrl+c"]   keys that end it cleanly
paste_lines = 3                longer texts are sent as several pastes of at most so many lines (0: one paste)
hooks = ["--settings", "{file}"]  options that make it load hooks from a file (see `hook.py`)
reports = true                 it speaks OSC 7501 to a terminal that answers
observed = "2.1.329"           the version that all this was seen with
note = "..."                   one line for `steer doctor`

[env]                          set for the agent
[isolation]                    see `steer.isolation.room.Needs`: what it must write, how strictly it can be kept
[conversation]                 see `conversation.py`
[message]                      see `message.py`: modes, keys, input box
[[rule]]                       see `rule.py`: id, activity, region, pattern, kind, hint
[[dialog]]                     see `dialog.py`: what it asks, and the keys that answer
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from steer.agents.conversation import UNKNOWN, Conversing, read_conversation
from steer.agents.dialog import Dialog, read_dialog
from steer.agents.message import Message, read_message
from steer.agents.rule import REGIONS, Rule
from steer.errors import ConfigError
from steer.isolation.room import Needs, read_needs
from steer.model.session import Activity


@dataclass(frozen=True, slots=True)
class Profile:
    name: str
    argv: tuple[str, ...] = ()
    title: str = ""
    task: tuple[str, ...] = ()
    interrupt: tuple[str, ...] = ("ctrl+c",)
    submit: tuple[str, ...] = ("enter",)
    submit_after_s: float = 0.15
    leave: tuple[str, ...] = ()
    paste_lines: int = 0
    reports: bool = False
    hooks: tuple[str, ...] = ()
    note: str = ""
    observed: str = ""
    env: dict[str, str] = field(default_factory=dict)
    isolation: Needs = field(default_factory=Needs)
    conversation: Conversing = UNKNOWN
    message: Message = field(default_factory=Message)
    rules: tuple[Rule, ...] = ()
    dialogs: tuple[Dialog, ...] = ()


GENERIC = Profile("generic", title="any command")

_LISTS = ("argv", "task", "interrupt", "submit", "leave", "hooks")
_TABLES = ("env", "isolation", "conversation", "message", "rule", "dialog")
_SCALARS: dict[str, type] = {
    "title": str,
    "note": str,
    "observed": str,
    "paste_lines": int,
    "submit_after_s": float,
    "reports": bool,
}


def read_profile(name: str, data: dict[str, Any], where: str) -> Profile:
    """The profile in a parsed TOML table. Raises `ConfigError` naming file and key."""
    values: dict[str, Any] = {}
    for key, value in data.items():
        if key in _LISTS:
            values[key] = _strings(value, key, where)
        elif key in _SCALARS:
            wanted = _SCALARS[key]
            is_number = wanted is float and type(value) is int
            if type(value) is not wanted and not is_number:
                raise ConfigError(f"{where}: {key} cannot be {value!r}")
            values[key] = wanted(value)
        elif key == "env" and isinstance(value, dict):
            values["env"] = {str(k): str(v) for k, v in value.items()}
        elif key == "isolation":
            values[key] = read_needs(value, where)
        elif key == "conversation":
            values[key] = read_conversation(value, where)
        elif key == "rule" and isinstance(value, list):
            values["rules"] = tuple(_rule(r, where) for r in value)
        elif key == "message" and isinstance(value, dict):
            values["message"] = read_message(value, where)
        elif key == "dialog" and isinstance(value, list):
            values["dialogs"] = tuple(read_dialog(d, where) for d in value)
        else:
            known = ", ".join((*_LISTS, *_SCALARS, *_TABLES))
            raise ConfigError(f"{where}: unknown key {key}", f"known: {known}")
    return Profile(name, **values)


def _strings(value: Any, key: str, where: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return tuple(value)
    raise ConfigError(f"{where}: {key} must be a list of strings")


def _rule(data: Any, where: str) -> Rule:
    try:
        name, region = str(data["id"]), str(data.get("region", "bottom"))
        activity = Activity(data["activity"])
        pattern = re.compile(data["pattern"], re.M)
    except (KeyError, TypeError, ValueError, AttributeError, re.error) as e:
        raise ConfigError(
            f"{where}: a rule is incomplete or wrong: {e}", "id, activity, region, pattern"
        ) from e
    if region not in REGIONS:
        raise ConfigError(
            f"{where}: rule {name}: there is no region {region!r}", f"known: {', '.join(REGIONS)}"
        )
    return Rule(name, activity, region, pattern, str(data.get("kind", "")), str(data.get("hint", "")))
