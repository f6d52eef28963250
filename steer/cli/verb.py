"""All verbs, in the order of `steer --help`."""

from __future__ import annotations

import argparse
from collections.abc import Callable

Run = Callable[[argparse.Namespace], int | None]


def add_all(parser: argparse.ArgumentParser) -> None:
    from steer.cli import board, session

    board.add(parser)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB")
    for module in (session,):
        module.add(verbs)
