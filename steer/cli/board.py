"""`steer` without a verb: the board of this repository."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from pathlib import Path

from steer.errors import SteerError


def add(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=lambda args: open_board())


def open_board() -> int:
    """Run the UI in a guarded child; agents go on when it ends. Returns its exit status."""
    from steer.cli.connection import common_dir
    from steer.cli.launcher import need_terminal, run_guarded
    from steer.runtime.supervise import ensure_supervisor

    need_terminal("the board", "use the verbs instead: steer ls, steer read, steer send")
    common = common_dir()
    ensure_supervisor(common)  # before the screen is taken: its errors are sentences
    status = run_guarded(lambda: _run_ui(common))
    if status == 0:
        _say_what_logout_does()
    return status


def _say_what_logout_does() -> None:
    """Once for this user, where agents go on that a logout would end."""
    from steer.adapters.logout import look_at_logout
    from steer.cli.connection import running_supervisor
    from steer.cli.ui_config import remember
    from steer.config.path import cache_home
    from steer.model.session import LIVE

    told = cache_home() / "logout-told"
    if told.exists():
        return
    with contextlib.suppress(SteerError):
        if client := running_supervisor():
            with client:
                sessions = client.call("view")["fleet"]["sessions"]
                count = sum(v["process"] in LIVE for v in sessions)
                found = look_at_logout(int(client.call("ping")["pid"])) if count else None
            if found and found.why:
                remember(told)
                words = "an agent goes on" if count == 1 else f"{count} agents go on"
                print(f"steer: {words}, but {found.why}; {found.cure}", file=sys.stderr)


def _run_ui(common: Path) -> int:
    """The child's work: the board; a crash of it becomes a file and a sentence."""
    os.environ.setdefault(
        "TEXTUAL_FPS", "240"
    )  # frames are paced by the supervisor; the timer is only latency
    from steer.cli.main import report_any
    from steer.cli.ui_config import ui_config
    from steer.runtime.client import FleetClient
    from steer.runtime.supervise import ensure_supervisor
    from steer.ui.app import run_app

    return report_any(lambda: run_app(FleetClient(lambda: ensure_supervisor(common)), ui_config(common)))
