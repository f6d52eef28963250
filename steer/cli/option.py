"""Options that several verbs share."""

from __future__ import annotations

import argparse


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the result (or the error) as JSON")


def add_session(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("session", help="the session's name or id (see `steer ls`)")
