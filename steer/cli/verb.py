"""All verbs, in the order of `steer --help`."""

from __future__ import annotations

import argparse


def add_all(parser: argparse.ArgumentParser) -> None:
    from steer.cli import (
        ask,
        board,
        demo,
        detect,
        difference,
        doctor,
        export,
        housekeeping,
        look,
        replay,
        restart,
        session,
        setting,
    )

    board.add(parser)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB")
    for module in (
        session,
        restart,
        ask,
        look,
        difference,
        detect,
        replay,
        export,
        demo,
        housekeeping,
        doctor,
        setting,
    ):
        module.add(verbs)
