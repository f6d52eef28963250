"""`steer`: parse, run the verb, turn every error into one sentence and a stable exit code.

0 done   1 the answer is no (`wait` timed out, a delivery failed)   2 user   3 config   4 environment
5 agent  70 steer itself (a crash file is written)   130 interrupted
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from steer import __version__
from steer.errors import InternalError, SteerError


def build_parser() -> argparse.ArgumentParser:
    from steer.cli import verb

    parser = argparse.ArgumentParser(
        prog="steer",
        description="Run several coding agents side by side, watch them, correct them, kill or fork them.",
        epilog="Without a verb steer opens the board of the repository you are in.",
        formatter_class=lambda prog: argparse.HelpFormatter(prog, max_help_position=16),
    )
    parser.add_argument("--version", action="version", version=f"steer {__version__}")
    verb.add_all(parser)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Exit status of the command `argv` (default: the process's own arguments)."""
    arguments = sys.argv[1:] if argv is None else argv

    def run() -> int:
        args = build_parser().parse_args(arguments)
        return int(args.run(args) or 0)

    return report_any(run, is_json="--json" in arguments)


def report_any(work: Callable[[], int], *, is_json: bool = False) -> int:
    """What `work` returns; an error becomes a sentence on stderr (or JSON) and its exit status."""
    try:
        return work()
    except SteerError as e:
        return _report(e, is_json)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as e:
        return _report(_crashed(e), is_json)


def _report(e: SteerError, is_json: bool) -> int:
    from steer.term.visible import visible

    if is_json:
        print(json.dumps({"error": e.to_json()}))
    else:
        hint = f"\n  hint: {visible(e.hint, 1000)}" if e.hint else ""
        print(f"steer: {visible(e.message, 2000)}{hint}", file=sys.stderr)
    return e.exit_code


def _crashed(e: BaseException) -> InternalError:
    """Write the traceback to a file; the user gets its path."""
    from steer.config.path import state_home

    path = state_home() / f"crash-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    hint = f"please report it with {path}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_text("".join(traceback.format_exception(e)))
        with contextlib.suppress(OSError):
            path.chmod(0o600)
    except OSError:
        hint = f"{type(e).__name__}: {e}"
    return InternalError(f"steer met an error of its own ({type(e).__name__})", hint)


def here() -> Path:
    """The current folder; it may have been removed under the shell's feet."""
    from steer.errors import EnvironmentFault

    try:
        return Path.cwd()
    except FileNotFoundError:
        raise EnvironmentFault("the current folder does not exist any more", "cd to one that does") from None


if __name__ == "__main__":
    sys.exit(main())
