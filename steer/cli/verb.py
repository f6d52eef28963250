"""All verbs, in the order of `steer --help`."""

from __future__ import annotations

import argparse


def add_all(parser: argparse.ArgumentParser) -> None:
    from steer.cli import board, demo, doctor, housekeeping, look, session, setting

    board.add(parser)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB")
    for module in (session, look, demo, housekeeping, doctor, setting):
        module.add(verbs)
