"""How an agent keeps its conversations, as data: where its transcript is, how one is resumed, forked, continued.

[conversation]
format = "claude"                      how its transcript is written: see `steer.transcript.format`
home = ["$CLAUDE_CONFIG_DIR", "~/.claude"]   its folder: the first of these that the agent's environment gives
where = "projects/{cwd-dashed}/{id}.jsonl"   its transcript below that; {id8}: the id's first 8; {cwd}: the worktree;
                                       {day}: 2026/01/31
announced = "sessions/*.json"          files {pid, sessionId, cwd} that name each running conversation
owner = "../.project_root"             file beside the transcript's folder that names the worktree it is about
choose_id = ["--session-id", "{id}"]   a new conversation under an id of steer's choice
resume = ["--resume", "{id}"]
fork = [..., "{id}", "{new}", "{cwd}"] a copy of a conversation that goes on in this worktree, made by the agent
copied = [..., "{path}", "{new}"]      go on from a copy that steer made
place = "projects/{cwd-dashed}/{new}.jsonl"  where such a copy must lie below `home`; empty: anywhere
dump = ["export", "{id}"]              prints a conversation, where no file can be copied
load = ["import", "{path}"]            run once with the agent's program to take such a copy in
ignores_prompt = true                  it takes no prompt on its command line when it goes on: it is typed when idle
given = ["--resume", "-r"]             arguments with which the operator chose a conversation: steer then keeps out

Arguments come behind those of the command and before the task.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import Any

from steer.errors import ConfigError
from steer.transcript.format import FORMATS


@dataclass(frozen=True, slots=True)
class Conversing:
    """The `[conversation]` table of a profile."""

    format: str = ""  # empty: nothing is known of this agent's conversations
    home: tuple[str, ...] = ()
    where: str = ""
    announced: str = ""
    owner: str = ""
    choose_id: tuple[str, ...] = ()
    resume: tuple[str, ...] = ()
    fork: tuple[str, ...] = ()
    copied: tuple[str, ...] = ()
    place: str = ""
    dump: tuple[str, ...] = ()
    load: tuple[str, ...] = ()
    ignores_prompt: bool = False
    given: tuple[str, ...] = ()

    def home_in(self, env: Mapping[str, str]) -> str:
        """The agent's folder in that environment; "" where none of `home` is given there."""
        for pattern in self.home:
            if found := _expand(pattern, env):
                return found
        return ""

    def is_given(self, argv: tuple[str, ...]) -> bool:
        """Whether the operator's own command already says which conversation it is about."""
        return any(part.split("=", 1)[0] in self.given for part in argv[1:])

    @property
    def can_cut(self) -> bool:
        """Whether a copy that ends at an earlier turn can be gone on from."""
        return bool(self.copied)

    @property
    def can_fork(self) -> bool:
        return bool(self.fork or self.copied)


UNKNOWN = Conversing()
_STRINGS = ("format", "where", "announced", "owner", "place")
_LISTS = ("home", "choose_id", "resume", "fork", "copied", "dump", "load", "given")
_KEYS = (*_STRINGS, *_LISTS, "ignores_prompt")


def read_conversation(data: Any, source: str) -> Conversing:
    """The table as it stands in a profile. Raises `ConfigError` naming file and key."""
    if not isinstance(data, dict):
        raise ConfigError(f"{source}: conversation must be a table")
    values: dict[str, Any] = {}
    for key, value in data.items():
        if key in _STRINGS and isinstance(value, str):
            values[key] = value
        elif key in _LISTS and isinstance(value, list) and all(isinstance(v, str) for v in value):
            values[key] = tuple(value)
        elif key == "ignores_prompt" and isinstance(value, bool):
            values[key] = value
        elif key in _KEYS:
            raise ConfigError(f"{source}: conversation.{key} cannot be {value!r}")
        else:
            raise ConfigError(f"{source}: unknown key conversation.{key}", f"known: {', '.join(_KEYS)}")
    if values.get("format") not in FORMATS:
        raise ConfigError(f"{source}: conversation.format must be one of {', '.join(FORMATS)}")
    return Conversing(**values)


def fill(parts: tuple[str, ...], **words: str) -> tuple[str, ...]:
    """Arguments with {id}, {new}, {path} and {cwd} replaced."""
    return tuple(_fill(part, words) for part in parts)


def fill_path(pattern: str, **words: str) -> str:
    """A path below `home` with its places replaced, as a pattern for `Path.glob`.

    {cwd-dashed} is the worktree with "-" for every sign that is no ASCII letter or digit (observed with Claude Code
    2.1.329 and Qwen Code 0.24.4).
    """
    if "cwd" in words:
        words["cwd-dashed"] = re.sub(r"[^A-Za-z0-9]", "-", words["cwd"])
        words["cwd"] = escape(words["cwd"])
    if "id" in words:
        words["id8"] = words["id"][:8]
    return _fill(pattern, words).lstrip("/")


def _fill(part: str, words: Mapping[str, str]) -> str:
    return re.sub(r"\{([a-z0-9-]+)\}", lambda found: words.get(found[1], found[0]), part)


def _expand(pattern: str, env: Mapping[str, str]) -> str:
    """ "$NAME/rest" or "~/rest" in an environment; "" where it is not set, or no absolute path."""
    head, slash, rest = pattern.partition("/")
    if head == "~":
        root = env.get("HOME") or str(Path.home())
    elif head.startswith("$"):
        root = env.get(head[1:], "")
    else:
        return pattern if pattern.startswith("/") else ""
    return f"{root}{slash}{rest}" if root.startswith("/") else ""
