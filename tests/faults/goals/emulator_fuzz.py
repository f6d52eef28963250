"""R8: random sequences for the emulator: exceptions, rows that hold more than text and colours, a lost cursor, time.

Each sequence is some pieces of terminal grammar with random parameters, random bytes and now and then a size, or a
piece of a real agent's recording with bytes changed. What goes wrong can be played again: `play(seed)`.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import re
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from steer.term.emulator import Emulator
from tests.faults.goals.measure import Outcome, Size, Tally, package, sum_of

SLOW_S = 0.1  # of processor time; a sequence that takes longer is a hang

_ROW = re.compile(r"(?:[^\x00-\x1f\x7f-\x9f]|\x1b\[[0-9;:]*m)*")
_OPENINGS = (
    b"\x1b[",
    b"\x1b[?",
    b"\x1b[>",
    b"\x1b]",
    b"\x1bP",
    b"\x1b_",
    b"\x1b^",
    b"\x1bX",
    b"\x1b",
    b"\x9b",
    b"",
)
_ENDS = (b"\x07", b"\x1b\\", b"\x9c", b"")
_NUMBERS = (0, 1, 2, 7, 24, 25, 47, 80, 1000, 1049, 2004, 2026, 7501, 65_535, 2**31, 2**32, 2**64)


def sequence(chance: random.Random) -> bytes:
    pieces = []
    for _ in range(chance.randint(1, 12)):
        numbers = b";".join(b"%d" % chance.choice(_NUMBERS) for _ in range(chance.randint(0, 5)))
        final = bytes([chance.randint(0x40, 0x7E)])
        text = chance.choice(["é\u0301", "日本", "👨\u200d👩", "\u202e", "plain"]).encode()
        pieces += [chance.choice(_OPENINGS), numbers, final, chance.choice(_ENDS), text]
        if chance.random() < 0.3:
            pieces.append(chance.randbytes(chance.randint(1, 30)))
    return b"".join(pieces)


@cache
def _real_output() -> bytes:
    """What real programs printed: the recordings that steer ships."""
    found = sorted(Path(__file__).parents[3].glob("recordings/*.cast"))
    lines = (json.loads(line) for path in found for line in path.read_text("utf-8").splitlines()[1:])
    return b"".join(line[2].encode("utf-8", "surrogatepass") for line in lines if line[1] == "o")


def _mutation(chance: random.Random) -> bytes:
    real = _real_output()
    start = chance.randrange(len(real))
    piece = bytearray(real[start : start + chance.randint(1, 2000)])
    for _ in range(chance.randint(0, 8)):
        piece[chance.randrange(len(piece))] = chance.choice(b"\x1b[]PX;?0123456789mHJKhl\x9b\xff\x00")
    return bytes(piece)


def play(seed: int) -> str:
    """What is wrong after the sequence of this seed, or ""."""
    chance = random.Random(seed)
    emulator = Emulator(chance.choice([2, 20, 80]), chance.choice([2, 5, 24]))
    for _ in range(chance.randint(1, 4)):
        emulator.feed(_mutation(chance) if chance.random() < 0.2 else sequence(chance))
        if chance.random() < 0.3:
            emulator.resize(
                chance.choice([-1, 0, 1, 3, 200, 65_535]), chance.choice([-1, 0, 1, 3, 60, 65_535])
            )
    rows, cursor = emulator.rows(), emulator.cursor
    if len(rows) != emulator.rows_count or not all(_ROW.fullmatch(row) for row in rows):
        return "a row holds something else"
    return "" if cursor.x < emulator.cols and cursor.y < emulator.rows_count else "the cursor left the grid"


@dataclass
class Run:
    """What one process found. `slowest`: seconds and the seed."""

    tally: Tally
    slow: int = 0
    slowest: tuple[float, int] = (0.0, 0)


def run(first: int, count: int) -> Run:
    found = Run(Tally())
    play(0)  # loading the library is not counted
    for seed in range(first, first + count):
        began = time.thread_time()
        with found.tally.each():
            if said := play(seed):
                raise AssertionError(f"{said}, seed {seed}")
        took = time.thread_time() - began
        for _ in range(3 * (took > SLOW_S)):  # again: memory may have been cold
            began = time.thread_time()
            play(seed)
            took = min(took, time.thread_time() - began)
        found.slow += took > SLOW_S
        found.slowest = max(found.slowest, (took, seed))
    return found


def measure(size: Size, folder: Path) -> Outcome:
    count, first = size.tries(150_000, 5_000_000), random.randrange(1 << 40)
    share = -(-count // (10 * (os.cpu_count() or 1)))
    with multiprocessing.get_context("spawn").Pool() as pool:
        runs = pool.starmap(run, [(first + at, min(share, count - at)) for at in range(0, count, share)])
    tally = sum_of(found.tally for found in runs)
    slow, (seconds, seed) = sum(found.slow for found in runs), max(found.slowest for found in runs)
    said = f"{tally} sequences wrong, {slow} over 100 ms, slowest {seconds * 1000:.1f} ms (seed {seed})"
    return Outcome(said, tally.wrong == 0 and slow == 0, _pyte(first, min(count, 20_000)))


def _pyte(first: int, count: int) -> dict[str, str]:
    name = package("pyte")
    if not name:
        return {"pyte": "not measured: pip install pyte"}
    import pyte

    tally = Tally()
    for seed in range(first, first + count):
        chance = random.Random(seed)
        stream = pyte.ByteStream(pyte.Screen(80, 24))
        with tally.each():
            stream.feed(sequence(chance))
    return {name: f"{tally.wrong:,} of {tally.tries:,} sequences raise an exception"}
