"""A built wheel: does it carry what a board needs, and does `steer demo` show one from it?

check_wheel.py WHEEL STEER    STEER is the command installed from WHEEL in a clean environment
"""

from __future__ import annotations

import os
import select
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from ptyprocess import PtyProcess

from steer.term.emulator import Emulator

NEEDED = ("steer/themes/dark.toml", "steer/recordings/README.md", "steer/demo/project/shop/pricing.py")
LIMIT_S = 120.0
COLS, ROWS = 120, 40
ROUND_S = 1.5  # between two presses of Enter


def check_files(wheel: str) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    missing = [n for n in NEEDED if n not in names]
    themes = [n for n in names if n.startswith("steer/themes/")]
    assert not missing, f"not in the wheel: {missing}"
    assert len(themes) >= 6, f"only {len(themes)} themes in the wheel"
    assert not any(n.startswith("tests/") for n in names), "tests are in the wheel"
    print(f"{Path(wheel).name}: {len(names)} files, {len(themes)} themes")


def check_demo(steer: str) -> None:
    """Start the demo in a terminal, wait for the board to show all four agents, leave it with q."""
    home = tempfile.mkdtemp(prefix="w-")
    env = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "STEER_", "PYTHON"))}
    env.update(HOME=home, TERM="xterm-256color", COLORTERM="truecolor")
    process = PtyProcess.spawn([steer, "demo", "--pace", "0"], dimensions=(ROWS, COLS), env=env, cwd=home)
    screen = Emulator(COLS, ROWS)
    shown = wait(process, screen, ("Welcome to steer",))
    while "Welcome to steer" in shown:
        process.write(b"\r")  # typed right after the dialog opened it does not confirm; people press again
        shown = look(process, screen, ROUND_S)
    shown = wait(process, screen, ("healthy", "looping", "drifting", "asking", "quit"))
    process.write(b"q")
    wait(process, screen, (), until_end=True)
    assert process.exitstatus == 0, f"steer demo ended with {process.exitstatus}:\n{shown}"
    print("steer demo shows its board from the wheel and ends with status 0")


def look(process: PtyProcess, screen: Emulator, seconds: float) -> str:
    """What the screen shows after `seconds` of output, or as soon as no dialog is on it."""
    end = time.monotonic() + seconds
    text = ""
    while time.monotonic() < end:
        if select.select([process.fd], [], [], 0.1)[0]:
            screen.feed(process.read(65536))
            process.write(screen.take_replies())
        text = "\n".join(screen.screen())
        if "Welcome to steer" not in text:
            break
    return text


def wait(process: PtyProcess, screen: Emulator, words: tuple[str, ...], *, until_end: bool = False) -> str:
    deadline = time.monotonic() + LIMIT_S
    text = ""
    while time.monotonic() < deadline:
        try:
            screen.feed(process.read(65536))
        except EOFError:
            process.wait()
            break
        process.write(screen.take_replies())
        text = "\n".join(screen.screen())
        if not until_end and all(w in text for w in words):
            return text
    else:
        process.kill(9)
        raise AssertionError(f"after {LIMIT_S:.0f} s the screen does not show {words}:\n{text}")
    if not until_end:
        raise AssertionError(f"steer demo ended early:\n{text}")
    return text


if __name__ == "__main__":
    check_files(sys.argv[1])
    check_demo(sys.argv[2])
