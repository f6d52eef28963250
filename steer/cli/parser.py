"""argparse with two of its habits changed: where options may stand, and what an error may print."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn


class Parser(argparse.ArgumentParser):
    """`steer send NAME -k y enter`: words may follow options. Errors draw control characters, whatever was typed."""

    _is_inside = False

    def parse_known_args(  # type: ignore[override]  # typeshed's overloads only differ in the namespace's type
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        if self._is_inside or self._subparsers is not None:
            return super().parse_known_args(args, namespace)
        self._is_inside = True  # the intermixed way calls this again for each of its two passes
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._is_inside = False

    def error(self, message: str) -> NoReturn:
        from steer.term.visible import visible

        self.exit(2, f"{self.format_usage()}steer: {visible(message, 2000)}\n")
