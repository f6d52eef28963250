"""`steer approve`: read exactly what an agent asks, then answer it."""

from __future__ import annotations

import argparse
import secrets
import sys
from typing import Any

from steer.cli.option import add_json, add_session
from steer.cli.output import emit, say
from steer.errors import UserError
from steer.model.operation import has_arrived


def add(verbs: Any) -> None:
    text = "show exactly what an agent asks, and answer it"
    p = verbs.add_parser(
        "approve",
        help=text,
        description=f"{text.capitalize()}. Without an option it asks you which choice to take; where nobody can be "
        "asked, it only shows. Exit status 1 when the answer was not taken.",
    )
    add_session(p)
    how = p.add_mutually_exclusive_group()
    how.add_argument("--choice", type=int, metavar="N", help="take this choice, counted from 1")
    how.add_argument("--once", action="store_true", help="say yes, this time only")
    how.add_argument("--deny", action="store_true", help="say no")
    how.add_argument("--text", metavar="T", help="answer in words, where it takes words")
    how.add_argument("--show", action="store_true", help="only show what it asks")
    add_json(p)
    p.set_defaults(run=_approve)


def _approve(args: argparse.Namespace) -> int:
    from steer.cli.connection import call

    view = _view(call("view")["fleet"]["sessions"], args.session)
    ask = view["ask"]
    if ask is None:
        raise UserError(f"{view['spec']['name']} asks nothing", "see `steer ls`")
    if not args.json:
        _show(ask)
    if args.show:
        return emit(args, {"ask": ask}, lambda: None)
    if not ask["choices"]:
        raise UserError("it can only be answered in its terminal", "open the board and focus its pane")
    choice = _choice(args, ask)
    if choice is None and not args.text:
        return emit(args, {"ask": ask}, lambda: say("nothing was answered"))
    made = call(
        "answer",
        session=view["spec"]["id"],
        digest=_digest(ask),
        generation=view["spec"]["generation"],
        choice=-1 if choice is None else choice,
        text=args.text or "",
        token=secrets.token_hex(8),
    )
    emit(args, {"ask": ask, **made}, lambda: say(f"{made['delivery']}: {made['detail']}"))
    return 0 if has_arrived(made["delivery"]) else 1


def _view(views: list[dict[str, Any]], wanted: str) -> dict[str, Any]:
    for view in views:
        if wanted in (view["spec"]["id"], view["spec"]["name"]) and view["spec"]["place"] == "worktree":
            return view
    raise UserError(f"there is no session {wanted!r}", "see `steer ls`")


def _digest(ask: dict[str, Any]) -> str:
    from steer.model.ask import Ask
    from steer.model.codec import from_json

    return from_json(Ask, ask).digest


def _show(ask: dict[str, Any]) -> None:
    if ask["tool"] or ask["subject"]:
        say(f"{ask['kind']}: {ask['tool']} {ask['subject']}".rstrip())
    else:
        say(f"{ask['kind']}:")
    for line in ask["text"].split("\n"):
        say(f"  | {line}")
    if not ask["is_whole"]:
        say("  (its screen shows only a part of this)")
    for i, choice in enumerate(ask["choices"]):
        say(f"{'>' if i == ask['selected'] else ' '} {i + 1}. {choice['label']}")


def _choice(args: argparse.Namespace, ask: dict[str, Any]) -> int | None:
    """Index of the choice that is wanted; None where it is left open or answered in words."""
    if args.text:
        return None
    if args.choice is not None:
        return _number(args.choice, ask)
    if args.deny or args.once:
        meaning = "deny" if args.deny else "once"
        for i, choice in enumerate(ask["choices"]):
            if choice["means"] == meaning:
                return i
        raise UserError(f"none of its choices is known to mean {meaning!r}", "take one with --choice N")
    if args.json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return None
    answered = input("which one (number, or nothing to leave it)? ").strip()
    if not answered:
        return None
    if not answered.isdecimal():
        raise UserError(f"{answered!r} is no number", "nothing was answered")
    return _number(int(answered), ask)


def _number(number: int, ask: dict[str, Any]) -> int:
    if not 1 <= number <= len(ask["choices"]):
        raise UserError(f"there is no choice {number}", f"between 1 and {len(ask['choices'])}")
    return number - 1
