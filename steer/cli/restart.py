"""The verb `restart`: a fresh start with a brief of what another session tried."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from steer.cli.option import add_json, add_session
from steer.cli.output import emit, say
from steer.errors import UserError

MAX_BYTES = 128 * 1024


def add(verbs: Any) -> None:
    p = verbs.add_parser(
        "restart",
        help="start a new agent with a brief of what a session tried",
        description="Start afresh: a new session in a new worktree from the same base, whose task is a brief of what "
        "was tried, what failed and what you said. The old session goes on unless --kill is given.",
    )
    add_session(p)
    p.add_argument(
        "--brief", default="", metavar="FILE", help="the brief to use instead; - is standard input"
    )
    p.add_argument(
        "--from-checkpoint", default="", metavar="ID", help="with the files of that checkpoint of the session"
    )
    p.add_argument("--name", default="", help="name of the new session")
    p.add_argument("--kill", action="store_true", help="kill the old session; `steer undo` brings it back")
    p.add_argument(
        "--plan", action="store_true", help="only print the brief and the checkpoint before it went wrong"
    )
    add_json(p)
    p.set_defaults(run=_restart)


def _restart(args: argparse.Namespace) -> int:
    from steer.cli.connection import call, call_long, environment
    from steer.cli.session import show_started

    if args.plan:
        plan = call("plan_restart", session=args.session)
        return emit(args, plan, lambda: _show_plan(plan))
    made = call_long(
        "restart",
        session=args.session,
        brief=_read(args.brief) if args.brief else "",
        checkpoint=args.from_checkpoint,
        name=args.name,
        kill=args.kill,
        env=environment(),
    )
    return emit(args, made, lambda: show_started([made["session"]], made["notes"]))


def _show_plan(plan: dict[str, Any]) -> None:
    for line in plan["brief"].split("\n"):
        say(line)
    before = plan["before"]
    say("")
    say(f"base: {plan['base']}")
    if before:
        say(f"checkpoint before it went wrong: {before['id'][:12]} ({before['flag']})")


def _read(name: str) -> str:
    try:
        if name == "-":
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with Path(name).open("rb") as f:
                data = f.read(MAX_BYTES + 1)
        text = data.decode("utf-8")
    except OSError as e:
        raise UserError(f"the brief {name} cannot be read: {e.strerror}") from e
    except UnicodeDecodeError:
        raise UserError(f"the brief {name} is no text in UTF-8") from None
    if len(data) > MAX_BYTES or not text.strip():
        raise UserError(f"the brief {name} is {'too long' if text.strip() else 'empty'}")
    return text
