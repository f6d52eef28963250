"""Housekeeping: `steer gc` plans first and removes only what you then say; `steer down` ends the fleet."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from steer.cli.option import add_json
from steer.cli.output import emit, say


def add(verbs: Any) -> None:
    p = verbs.add_parser(
        "gc",
        help="show what takes disk space and could be removed; remove it only with --apply",
        description="Lists trashed worktrees and everything else of this fleet that takes space, with the reason "
        "why each may or may not be removed. Nothing is removed without --apply; live, dirty and "
        "unpushed ones never are.",
    )
    p.add_argument("--apply", action="store_true", help="remove what the plan calls safe, after asking")
    p.add_argument("--yes", action="store_true", help="do not ask")
    add_json(p)
    p.set_defaults(run=_gc)
    p = verbs.add_parser(
        "down",
        help="end every agent of this repository and its supervisor; worktrees stay",
        description="Ends every agent of this repository and then its supervisor. Worktrees, branches and recordings "
        "stay where they are; `steer respawn` starts an agent again.",
    )
    add_json(p)
    p.set_defaults(run=_down)


def _down(args: argparse.Namespace) -> int:
    from steer.cli.connection import common_dir
    from steer.runtime.supervise import shut_down

    remain = shut_down(common_dir())

    def show() -> None:
        for name, why in remain.items():
            say(f"{name} could not be ended: {why}")
        if not remain:
            say("every agent here has ended; worktrees and recordings are where they were")

    return emit(args, {"remain": remain}, show) or int(bool(remain))


def size(count: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return ""


def _gc(args: argparse.Namespace) -> int:
    from steer.cli.connection import call

    items = call("gc_plan")["items"]
    safe = [i for i in items if i["is_safe"]]
    total = sum(i["bytes"] for i in safe)

    def show() -> None:
        for item in items:
            say(f"{'remove' if item['is_safe'] else 'keep  '}  {size(item['bytes']):>9}  {item['path']}")
            say(f"        {item['reason']}")
        say(f"{len(safe)} of {len(items)} could be removed: {size(total)}")

    if not args.apply:
        return emit(args, {"items": items}, show)
    if not args.json:
        show()
    if safe and not args.yes and not _agreed(total):
        say("nothing was removed")
        return 1
    made = call("gc", paths=[i["path"] for i in safe]) if safe else {"freed_bytes": 0}
    return emit(args, made, lambda: say(f"freed {size(made['freed_bytes'])}"))


def _agreed(total: int) -> bool:
    if not sys.stdin.isatty():
        say("not asking without a terminal; add --yes")
        return False
    return input(f"remove {size(total)} for good? [y/N] ").strip().lower() in ("y", "yes")
