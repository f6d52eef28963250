"""Verbs about steer itself: config, keys, completion."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from steer.cli.option import add_json
from steer.cli.output import emit, say, table


def add(verbs: Any) -> None:
    p = verbs.add_parser(
        "config",
        help="show the configuration and where each value comes from; trust a repository's commands",
        description="Settings come from your own file and, for what to start and how to check it, from the "
        "repository's .steer/config.toml. `trust` allows exactly the commands that file names now.",
    )
    p.add_argument("what", nargs="?", choices=["show", "path", "trust"], default="show")
    add_json(p)
    p.set_defaults(run=_config)
    p = verbs.add_parser(
        "keys",
        help="every command of the board with its keys",
        description="Every command of the board with its keys, your own [keys] applied.",
    )
    p.add_argument("--markdown", action="store_true", help="as the table in the README")
    add_json(p)
    p.set_defaults(run=_keys)
    p = verbs.add_parser(
        "completion",
        help="print a completion script for bash, zsh or tcsh",
        description="Print a script that makes your shell complete steer's verbs and options.",
        epilog='bash: eval "$(steer completion bash)"',
    )
    p.add_argument("shell", choices=["bash", "zsh", "tcsh"], help="the shell you use")
    p.set_defaults(run=_completion)


def _repository() -> Path | None:
    from steer.cli.main import here
    from steer.config.repository import find_common_dir

    found = find_common_dir(here())
    return found.parent if found else None


def _config(args: argparse.Namespace) -> int:
    from steer.config.load import flatten, load, repository_file, user_file

    repository = _repository()
    if args.what == "path":
        files = [str(user_file())] + ([str(repository_file(repository))] if repository else [])
        return emit(args, {"files": files}, lambda: say("\n".join(files)))
    if args.what == "trust":
        return _trust(args)
    loaded = load(repository)
    rows = [
        [key, json.dumps(value, ensure_ascii=False), loaded.origin.get(key, "default")]
        for key, value in flatten(loaded.config)
    ]
    value = {key: {"value": json.loads(v), "origin": o} for key, v, o in rows}
    return emit(args, value, lambda: table(rows, ["KEY", "VALUE", "FROM"]))


def _trust(args: argparse.Namespace) -> int:
    from steer.cli.connection import common_dir
    from steer.config import consent
    from steer.config.load import load
    from steer.runtime.supervise import make_folders, paths_for

    common = common_dir()
    commands = consent.wanted(load(common.parent), common.parent)
    paths = paths_for(common)
    make_folders(paths)
    consent.give(paths.state, commands)

    def show() -> None:
        if not commands:
            say("this repository's .steer/config.toml names no command; there is nothing to trust")
        for key, value in commands.items():
            say(f"trusted: {key} = {value!r}")

    return emit(args, {"trusted": commands}, show)


def _keys(args: argparse.Namespace) -> int:
    from steer.commands.keymap import key_table, resolve_keys, show_keys
    from steer.commands.registry import COMMANDS
    from steer.commands.replay import REPLAY
    from steer.config.load import load

    if args.markdown:
        print(key_table())
        return 0
    overrides = {k: list(v) for k, v in load(_repository()).config.keys.items()}
    keymap, errors = resolve_keys(overrides)
    replay, replay_errors = resolve_keys(overrides, REPLAY)
    errors += [e for e in replay_errors if e not in errors]
    keys = {**keymap.keys, **replay.keys}
    rows = [[" ".join(show_keys(keys.get(c.id, ()))) or "-", c.id, c.title] for c in (*COMMANDS, *REPLAY)]

    def show() -> None:
        table(rows, ["KEYS", "COMMAND", "WHAT IT DOES"])
        for error in errors:
            say(f"your configuration: {error}")

    value = {c.id: {"keys": list(keys.get(c.id, ())), "title": c.title} for c in (*COMMANDS, *REPLAY)}
    return emit(args, {"commands": value, "errors": errors}, show)


def _completion(args: argparse.Namespace) -> int:
    import shtab

    from steer.cli.main import build_parser

    print(shtab.complete(build_parser(), shell=args.shell))
    return 0
