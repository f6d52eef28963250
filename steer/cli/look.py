"""Verbs that look at sessions: ls, read, log, flags, explain. None changes anything but `flags --dismiss`."""

from __future__ import annotations

import argparse
import time
from typing import Any

from steer.cli.option import add_json, add_session
from steer.cli.output import ago, emit, say, table


def add(verbs: Any) -> None:
    p = verbs.add_parser(
        "ls",
        help="list sessions: state, activity, age, changes, checks",
        description="list sessions: state, activity, age, changes, checks",
    )
    p.add_argument("--all", action="store_true", help="also those in the trash")
    add_json(p)
    p.set_defaults(run=_ls)
    p = verbs.add_parser(
        "read", help="print what is on a session's screen", description="print what is on a session's screen"
    )
    add_session(p)
    p.add_argument("--all", action="store_true", help="with the scrollback")
    add_json(p)
    p.set_defaults(run=_read)
    p = verbs.add_parser(
        "log",
        help="what was done, newest last: interventions and their outcome",
        description="what was done, newest last: interventions and their outcome",
    )
    p.add_argument("-n", type=int, default=50, help="how many (default 50)")
    add_json(p)
    p.set_defaults(run=_log)
    p = verbs.add_parser(
        "flags",
        help="what is flagged in all sessions, with evidence; or dismiss one",
        description="what is flagged in all sessions, with evidence; or dismiss one",
    )
    p.add_argument(
        "--dismiss", nargs=2, metavar=("SESSION", "RULE"), help="hide it until it gets more severe"
    )
    p.add_argument("--minutes", type=float, default=0.0, help="with --dismiss: only for so long")
    p.add_argument("--reason", default="", help="with --dismiss: goes into the log")
    add_json(p)
    p.set_defaults(run=_flags)
    p = verbs.add_parser(
        "explain",
        help="why the board shows what it shows of a session",
        description="why the board shows what it shows of a session",
    )
    add_session(p)
    add_json(p)
    p.set_defaults(run=_explain)


def _ls(args: argparse.Namespace) -> int:
    from steer.cli.connection import running_supervisor

    client = running_supervisor()
    if client is None:
        from steer.cli.offline import list_offline

        views, note = list_offline(), "no supervisor runs; this is what is on disk"
    else:
        with client:
            views, note = client.call("view")["fleet"]["sessions"], ""
    shown = [v for v in views if args.all or v["spec"]["place"] == "worktree"]
    return emit(args, {"sessions": shown}, lambda: _show_list(shown, note))


def _show_list(views: list[dict[str, Any]], note: str) -> None:
    if not views:
        say('no sessions here; start one: steer run "task" -a "command"')
        return
    now = time.time()
    table(
        [_row(v, now) for v in views],
        ["NAME", "STATE", "AGE", "CHANGES", "CHECK", "COST", "AGENT", "BRANCH", "TASK"],
    )
    if note:
        say(f"({note})")


def _row(v: dict[str, Any], now: float) -> list[str]:
    spec, diff, check = v["spec"], v["diff"], v["check"]
    state = v["activity"] if v["process"] == "running" else v["process"]
    if spec["place"] == "trash":
        state = "in the trash"
    elif v["is_paused"]:
        state = "paused"
    changes = f"{diff['files']} files +{diff['added']} -{diff['removed']}" if diff["files"] else "-"
    counts = f" {check['passed']}/{check['passed'] + check['failed']}" if check["passed"] >= 0 else ""
    told = "-" if check["state"] == "none" else check["state"] + counts
    age = ago(now - spec["created_at"])
    cost = _cost(v["usage"])
    return [spec["name"], state, age, changes, told, cost, spec["agent"], spec["branch"], spec["task"][:60]]


def _cost(usage: dict[str, Any]) -> str:
    """Money where it is known, else tokens."""
    if usage["cost_usd"] is not None:
        return f"${usage['cost_usd']:.2f}"
    count = sum(usage[k] for k in ("input", "output", "cache_read", "cache_write"))
    return f"{count / 1000:.0f}k tok" if count else "-"


def _read(args: argparse.Namespace) -> int:
    from steer.cli.connection import call

    made = call("screen", session=args.session, all=args.all)
    lines = list(made["lines"])
    while lines and not lines[-1].strip():
        lines.pop()

    def show() -> None:
        for line in lines:
            say(line)

    return emit(args, {**made, "lines": lines}, show)


def _log(args: argparse.Namespace) -> int:
    from steer.cli.connection import call

    operations = call("log", limit=args.n)["operations"]

    def show() -> None:
        for o in operations:
            at = time.strftime("%m-%d %H:%M:%S", time.localtime(o["at"]))
            say(f"{o['id']:>4}  {at}  {o['state']:<7}  {o['summary']}")

    return emit(args, {"operations": operations}, show)


def _flags(args: argparse.Namespace) -> int:
    from steer.cli.connection import call

    if args.dismiss:
        session, flag = args.dismiss
        made = call("dismiss", session=session, flag=flag, minutes=args.minutes, reason=args.reason)
        return emit(args, made, lambda: say(f"{made['hidden']} is hidden"))
    views = call("view")["fleet"]["sessions"]
    found = [{"session": v["spec"]["name"], **flag} for v in views for flag in v["flags"]]

    def show() -> None:
        for flag in found:
            times = f" x{flag['count']}" if flag["count"] > 1 else ""
            since = ago(time.time() - flag["at"])
            say(f"{flag['session']}: {flag['severity']} {flag['rule']}: {flag['title']}{times} ({since})")
            for line in flag["evidence"]:
                say(f"    {line}")
        if not found:
            say("nothing is flagged")

    return emit(args, {"flags": found}, show)


def _explain(args: argparse.Namespace) -> int:
    from steer.cli.connection import call

    made = call("explain", session=args.session)

    def show() -> None:
        for line in made["lines"]:
            say(line)

    return emit(args, made, show)
