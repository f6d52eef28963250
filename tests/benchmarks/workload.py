"""The agent of the benchmarks: one program, five loads, switched through a fifo while it runs.

`python -I -S workload.py FOLDER NUMBER`: its files in FOLDER are `NUMBER.fifo` (commands, one a line),
`NUMBER.count` (u64 bytes written so far, u64 process id) and nothing else. It sleeps while it has nothing to do.

    echo    raw mode; every key is written back at the start of the line
    idle    nothing
    ink30   an Ink-like redraw (lines up, erase, a coloured block again) 30 times a second
    ink     the same without a pause
    cat     source text
    yes     one-character lines
"""

from __future__ import annotations

import mmap
import os
import select
import struct
import sys
import time
import tty

READY = "READY"
WRITE_BYTES = 16 * 1024
FPS = 30
_COUNT = struct.Struct("=QQ")


def ink_frame(number: int, rows: int, cols: int) -> bytes:
    """One redraw as Ink makes it: back to the top of the block, then every line erased and written again."""
    lines = []
    for y in range(rows):
        text = f"step {number} line {y} of the plan, reading and editing files"[: cols - 2]
        lines.append(
            f"\x1b[2K\x1b[38;5;{16 + (number + y) % 200}m{text}\x1b[39m \x1b[1mok\x1b[22m"[: cols + 40]
        )
    return (f"\x1b[{rows - 1}A\r" + "\r\n".join(lines)).encode()


def source_text() -> bytes:
    """This file's own text as a terminal gets it, without the three characters that the echo is looked for by."""
    with open(os.path.abspath(__file__), "rb") as f:
        text = f.read().replace(b"\n", b"\r\n").translate(None, b"~|%")
    return (text * (WRITE_BYTES // len(text) + 1))[:WRITE_BYTES]


class Agent:
    def __init__(self, folder: str, number: str) -> None:
        path = os.path.join(folder, number)
        self.fifo = os.open(path + ".fifo", os.O_RDWR | os.O_NONBLOCK)
        fd = os.open(path + ".count", os.O_RDWR)
        self.counter = mmap.mmap(fd, _COUNT.size)
        self.written = 0
        self.load = "idle"
        self.frame = 0
        self.frames: list[bytes] = []
        self.flood = {"cat": source_text(), "yes": b"y\r\n" * (WRITE_BYTES // 3)}

    def write(self, data: bytes) -> None:
        while data:
            n = os.write(1, data)
            data = data[n:]
            self.written += n
            self.counter[:] = _COUNT.pack(self.written, os.getpid())

    def run(self) -> None:
        tty.setraw(0)
        self.write(f"\x1b[2J\x1b[H{READY}\r\n".encode())
        while True:
            self.listen()
            self.step()

    def listen(self) -> None:
        """Take commands and keys; wait for them where the load has nothing to write."""
        is_resting = self.load in ("idle", "echo")
        ready, _, _ = select.select([self.fifo, 0], [], [], None if is_resting else 0)
        if self.fifo in ready:
            self.load = os.read(self.fifo, 4096).decode().split()[-1]
            cols, rows = os.get_terminal_size(1)
            block = min(12, rows - 1), cols
            self.frames = [ink_frame(n, *block) for n in range(50)]  # made ahead: not what is measured
        if 0 in ready:
            keys = os.read(0, 4096)
            if not keys:
                sys.exit()
            if self.load == "echo":
                self.write(b"\r" + keys[-1:])

    def step(self) -> None:
        if self.load in ("ink", "ink30"):
            self.frame += 1
            self.write(self.frames[self.frame % len(self.frames)])
            if self.load == "ink30":
                select.select([self.fifo], [], [], 1 / FPS - time.monotonic() % (1 / FPS))
        elif self.load in self.flood:
            self.write(self.flood[self.load])


if __name__ == "__main__":
    Agent(*sys.argv[1:3]).run()
