"""Verbs about sessions: run, ls, send, read, kill, undo, fork ..."""

from __future__ import annotations

import argparse
import json
from typing import Any


def add(verbs: Any) -> None:
    p = verbs.add_parser("run", help="start agents, each in a worktree of its own")
    p.add_argument("task", nargs="?", default="")
    p.add_argument("-a", "--agent", action="append", default=[])
    p.add_argument("-n", type=int, default=1)
    p.add_argument("--name", default="")
    p.add_argument("--base", default="")
    p.add_argument("--scope", action="append", default=[])
    p.add_argument("--check", default="")
    p.add_argument("--json", action="store_true")
    p.set_defaults(run=_run)
    p = verbs.add_parser("call", help=argparse.SUPPRESS)
    p.add_argument("method")
    p.add_argument("params", nargs="?", default="{}")
    p.set_defaults(run=_call)


def _run(args: argparse.Namespace) -> int:
    from steer.cli.connection import call, environment

    for agent in args.agent:
        made = call(
            "start", task=args.task, agent=agent, n=args.n, name=args.name, base=args.base,
            scope=args.scope, check=args.check, env=environment(),
        )  # fmt: skip
        print(json.dumps(made))
    return 0


def _call(args: argparse.Namespace) -> int:
    from steer.cli.connection import call

    print(json.dumps(call(args.method, **json.loads(args.params)), indent=1))
    return 0
