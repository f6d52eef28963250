"""A program that prints numbered lines in pieces, and what a recording or a terminal has of them."""

from __future__ import annotations

import re
from pathlib import Path

from steer.record.reader import Header, Kind, Reader

# `python -I -S printer.py TRUTH [plain]`: the lines of `line`, in pieces that end anywhere, with now and then a pause.
# What was written stands in TRUTH. It ends when TRUTH.end is there, and prints "the end".
# `plain`: text only, and it does not stay until it is hung up. Where TRUTH is a folder, each run has a file of its own
# in it, named so that they sort. $PAUSE: seconds between every five lines.
PROGRAM = r"""
import os, select, sys, time, tty
place, is_plain = sys.argv[1], "plain" in sys.argv
place = os.path.join(place, "%d" % time.time_ns()) if os.path.isdir(place) else place
truth, end, pause = open(place, "ab", buffering=0), place + ".end", float(os.environ.get("PAUSE", "0.004"))
tty.setraw(0)
n = 0
while not os.path.exists(end):
    n += 1
    line = b"%07d %s\r\n" % (n, b"x" * (n * 7 % 60))
    if not is_plain:
        line = b"\x1b[3%dm%07d \xc3\xa4\xe2\x82\xac %s\x1b[0m\r\n" % (n % 8, n, b"x" * (n * 7 % 60))
        if n % 50 == 0:
            line += b"\xff\xfe\x00"
    cut = n % len(line)
    for part in (line[:cut], line[cut:]):
        while part:
            done = os.write(1, part)
            truth.write(part[:done])
            part = part[done:]
    if n % 5 == 0:
        select.select([], [], [], pause)
os.write(1, b"the end\r\n")
truth.write(b"the end\r\n")
if not is_plain:
    select.select([], [], [], 1000)
"""

_NUMBER = re.compile(r"(?<!\d)\d{7}(?!\d)")


def write_program(folder: Path) -> Path:
    path = folder / "printer.py"
    if not path.exists():
        path.write_text(PROGRAM)
    return path


def newest_number(text: str) -> int:
    """The highest number of a line in `text`, 0 where there is none."""
    return max(map(int, _NUMBER.findall(text)), default=0)


def recorded(path: Path) -> tuple[bytes, list[str]]:
    """All output of a recording, and what is wrong with it; only its last line may be torn."""
    data = path.read_bytes()
    whole, _, _torn = data.rpartition(b"\n")
    reader = Reader()
    events = reader.feed(whole + b"\n") + reader.finish()
    return b"".join(e.data for e in events if e.kind is Kind.OUTPUT), reader.problems


def recorded_lately(path: Path) -> bytes:
    """The newest output of a recording: what its last quarter of a megabyte holds."""
    with path.open("rb") as f:
        f.seek(max(0, path.stat().st_size - (1 << 18)))
        lines = f.read().split(b"\n", 1)[1]
    events = Reader(Header()).feed(lines)
    return b"".join(e.data for e in events if e.kind is Kind.OUTPUT)
