"""Verbs that tell differences: diff, compare, check-repo. None changes anything but `check-repo --accept`."""

from __future__ import annotations

import argparse
from typing import Any

from steer.cli.option import add_json, add_moment, add_session
from steer.cli.output import emit, say


def add(verbs: Any) -> None:
    p = verbs.add_parser(
        "diff",
        help="a session's worktree against its base",
        description="a session's worktree against its base",
    )
    add_session(p)
    p.add_argument("--stat", action="store_true", help="only names and counts")
    add_moment(p, "as of then (its newest checkpoint at or before that moment)")
    add_json(p)
    p.set_defaults(run=_diff)
    p = verbs.add_parser(
        "check-repo",
        help="what changed in .git that your own git would obey; run it before you use git there",
        description="Compares the repository's configuration, hooks, attributes, alternates and branches with the "
        "state that you accepted last (at first: before the first agent ran). An agent that changed them can make "
        "your own git run its programs. Exit status 1 where something changed.",
    )
    p.add_argument("--accept", action="store_true", help="this is how it should be from now on")
    add_json(p)
    p.set_defaults(run=_check_repo)
    p = verbs.add_parser(
        "compare",
        help="what differs between two sessions: files and checks",
        description="What differs between the files of two sessions, from the first one's to the second one's, and how "
        "their checks stand. Compare a fork with its parent to see what became of the other way.",
    )
    add_session(p)
    p.add_argument("other", metavar="OTHER", help="name or id of the other session")
    p.add_argument("--stat", action="store_true", help="only names and counts")
    add_json(p)
    p.set_defaults(run=_compare)


def _diff(args: argparse.Namespace) -> int:
    from steer.cli.connection import call

    made = call("diff", session=args.session, at=args.at)
    return emit(args, made, lambda: _show_files(made["files"], is_short=args.stat))


def _show_files(files: list[dict[str, Any]], *, is_short: bool) -> None:
    for f in files:
        if is_short:
            say(f"{f['status']} {f['path']} +{f['added']} -{f['removed']}")
        else:
            for line in f["patch"].splitlines():
                say(line)


def _check_repo(args: argparse.Namespace) -> int:
    from steer.cli.connection import call

    made = call("check_repo", accept=args.accept)

    def show() -> None:
        for f in made["files"]:
            say(f"{f['path']} was {f['change']}")
            for line in f["patch"].splitlines():
                say(f"  {line}")
        if args.accept:
            say("accepted: this is how it should be from now on")
        elif not made["files"]:
            say("nothing in .git changed that git would obey, and no other branch moved")

    return emit(args, made, show) or int(bool(made["files"]) and not args.accept)


def _compare(args: argparse.Namespace) -> int:
    from steer.cli.connection import call

    made = call("compare", session=args.session, other=args.other)

    def show() -> None:
        for s in made["sessions"]:
            check = f"check {s['check']['state']} {s['check']['text']}".rstrip()
            say(f"{s['name']}: {s['files']} changed against its base, +{s['added']} -{s['removed']}; {check}")
        _show_files(made["files"], is_short=args.stat)
        if not made["files"]:
            say("their files are the same")

    return emit(args, made, show)
