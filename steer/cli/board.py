"""`steer` without a verb: the board of this repository."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from steer.errors import EnvironmentFault


def add(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=lambda args: open_board())


def open_board() -> int:
    """Run the UI in a guarded child; agents go on when it ends. Returns its exit status."""
    from steer.cli.connection import common_dir
    from steer.cli.launcher import run_guarded
    from steer.runtime.supervise import ensure_supervisor

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise EnvironmentFault(
            "the board needs a terminal, and this is none",
            "use the verbs instead: steer ls, steer read, steer send",
        )
    common = common_dir()
    ensure_supervisor(common)  # before the screen is taken: its errors are sentences
    return run_guarded(lambda: _run_ui(common))


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
