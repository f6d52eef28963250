"""Options that several verbs share."""

from __future__ import annotations

import argparse


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the result (or the error) as JSON")


def add_session(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("session", help="the session's name or id (see `steer ls`)")


def add_moment(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument(
        "--at",
        default="",
        metavar="MOMENT",
        help=f"{what}: 90, 1:30 or 1:02:03 into its recording, -5m (write --at=-5m), step:12 or flag:RULE (before "
        "it began), a checkpoint's id, or a time of day as 2026-11-21T14:32:05",
    )
