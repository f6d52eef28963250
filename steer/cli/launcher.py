"""A small parent for the UI: whatever becomes of the UI, the operator's terminal is put back as it was.

Textual restores the terminal on a normal end and on most exceptions, but nothing can after `kill -9` except
somebody who is still alive. So the UI runs in a child; this process imports nothing heavy and only waits.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import termios
from collections.abc import Callable

from steer.errors import EnvironmentFault

# Undo, in this order: synchronized output, mouse, focus, paste, kitty keys, in-band resize, colours, cursor, screen.
RESTORE = (
    b"\x1b[?2026l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l\x1b[?1004l\x1b[?2004l"
    b"\x1b[<u\x1b[?2048l\x1b[0m\x1b[?7h\x1b[0 q\x1b[?25h\x1b[?1049l"
)


def need_terminal(what: str, instead: str) -> None:
    """Raises `EnvironmentFault` where `what` could not be shown: no terminal, or one that cannot place a cursor."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise EnvironmentFault(f"{what} needs a terminal, and this is none", instead)
    if os.environ.get("TERM") == "dumb":
        raise EnvironmentFault(
            f"{what} needs a terminal that can move its cursor, and TERM=dumb says no", instead
        )


def run_guarded(work: Callable[[], int]) -> int:
    """Run `work` in a child with this terminal; returns its exit status, 128 + signal if it was killed."""
    fd = sys.stdin.fileno()
    before = termios.tcgetattr(fd)
    child = os.fork()
    if child == 0:
        os._exit(_run_child(work))
    status = _wait(child)
    if status != 0:
        _restore(fd, before)
    if status > 128:
        name = signal.Signals(status - 128).name
        print(
            f"steer: the board ended by {name}; agents go on, and `steer` comes back to them", file=sys.stderr
        )
    return status


def _run_child(work: Callable[[], int]) -> int:
    # Whatever its value, Textual would leave Ctrl-C, Ctrl-Z and Ctrl-\ to the terminal: signals to the UI, not keys.
    os.environ.pop("TEXTUAL_ALLOW_SIGNALS", None)
    try:
        return work()
    except SystemExit as e:
        return int(e.code or 0) if not isinstance(e.code, str) else 1
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()


def _wait(child: int) -> int:
    """Wait for the child, passing on what a closing terminal or a service manager sends."""

    def forward(signum: int, _frame: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signum)

    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, forward)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the child has the terminal; in raw mode it is a key
    while True:
        try:
            _, status = os.waitpid(child, 0)
            break
        except InterruptedError:
            continue
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def _restore(fd: int, before: list[object]) -> None:
    with contextlib.suppress(OSError, termios.error):
        os.write(sys.stdout.fileno(), RESTORE)
        termios.tcsetattr(fd, termios.TCSAFLUSH, before)  # type: ignore[arg-type]  # as tcgetattr gave it
