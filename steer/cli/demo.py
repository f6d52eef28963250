"""`steer demo`: the board on four scripted agents in a throw-away repository."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

from steer.errors import EnvironmentFault, UserError


def add(verbs: Any) -> None:
    p = verbs.add_parser(
        "demo",
        help="the board on scripted agents in a throw-away repository; no network, no key",
        description="Start scripted agents (real processes in real terminals and worktrees) and open the "
        "board on them. Everything is removed when you leave.",
    )
    p.add_argument("scenario", nargs="*", help="which agents to start (default: all; see --list)")
    p.add_argument("--list", action="store_true", help="name the scenarios and what each shows")
    p.add_argument("--record", metavar="DIR", type=Path, help="keep the recordings in DIR")
    p.add_argument("--keep", action="store_true", help="keep the repository and its worktrees, and say where")
    p.add_argument("--replay", action="store_true", help="play the recordings that come with steer instead")
    p.add_argument(
        "--pace", type=float, default=1.0, help="how slowly the agents work (1: watchable, 0: no pauses)"
    )
    p.set_defaults(run=_demo)


def _demo(args: argparse.Namespace) -> int:
    from steer.demo.sandbox import chosen, sandbox
    from steer.demo.scenario import SCENARIOS

    if args.list:
        for name, scenario in SCENARIOS.items():
            print(f"{name:<10} {scenario.title}")
        return 0
    if args.replay:
        return _replay(args.scenario)
    names = chosen(args.scenario)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise EnvironmentFault("the demo shows a board, and this is no terminal", "run it in a terminal")
    with sandbox(keep=args.keep) as repository:
        status = _play(names, args.pace)
        if args.record:
            _keep_recordings(args.record)
        if args.keep:
            print(f"the demo's repository is kept: {repository}")
    return status


def _replay(names: list[str]) -> int:
    """The recordings that ship (all, or those named), on one timeline."""
    from steer.cli.replay import open_screen
    from steer.replay.alignment import AlignBy
    from steer.ui.replay.opening import Source

    found = {path.stem: path for path in sorted(shipped_recordings().glob("*.cast"))}
    for name in names:
        if name not in found:
            raise UserError(f"there is no recording {name!r}", f"recordings: {', '.join(found)}")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise EnvironmentFault("the demo shows recordings, and this is no terminal", "run it in a terminal")
    return open_screen([Source(name, found[name]) for name in names or found], None, 1.0, AlignBy.START)


def shipped_recordings() -> Path:
    """`steer/recordings` in an installed wheel, the repository's `recordings` in a source checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "recordings"
    return installed if installed.is_dir() else package.parent / "recordings"


def _play(names: list[str], pace: float) -> int:
    from steer.cli.board import open_board
    from steer.cli.connection import call, common_dir
    from steer.demo.sandbox import session_wish
    from steer.runtime.supervise import shut_down

    print(f"starting {len(names)} scripted agents ...", flush=True)
    try:
        for name in names:
            call("start", **session_wish(name, pace))
        while (status := open_board()) > 128 and _wants_back():
            pass
        return status
    finally:
        for name, why in shut_down(common_dir()).items():
            print(f"{name} could not be ended: {why}")


def _wants_back() -> bool:
    """The board was killed, the scripted agents were not: whether to open it again."""
    try:
        input("Enter opens the board again; ctrl+c ends the demo ")
        return True
    except (EOFError, KeyboardInterrupt):
        return False


def _keep_recordings(folder: Path) -> None:
    from steer.cli.connection import common_dir
    from steer.runtime.store import Store
    from steer.runtime.supervise import paths_for

    folder.mkdir(parents=True, exist_ok=True)
    store = Store(paths_for(common_dir()))
    for spec in store.load_all()[0]:
        if (recording := store.recording(spec)).exists():
            shutil.copy(recording, folder / f"{spec.name}.cast")
            print(f"kept {folder / f'{spec.name}.cast'}")
