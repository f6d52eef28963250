"""`python -m tests.faults.fuzz --sequences N`: random sequences for the emulator, and how long the slowest one took.

Each sequence is some pieces of terminal grammar with random parameters, random bytes and now and then a size. Counted
are exceptions, rows that hold anything but text and colours, and a cursor outside of the grid; the first seed is told.
"""

from __future__ import annotations

import argparse
import random
import re
import time

from steer.term.emulator import Emulator

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


def play(seed: int) -> str:
    """What is wrong after the sequence of this seed, or ""."""
    chance = random.Random(seed)
    emulator = Emulator(chance.choice([2, 20, 80]), chance.choice([2, 5, 24]))
    for _ in range(chance.randint(1, 4)):
        emulator.feed(sequence(chance))
        if chance.random() < 0.3:
            emulator.resize(
                chance.choice([-1, 0, 1, 3, 200, 65_535]), chance.choice([-1, 0, 1, 3, 60, 65_535])
            )
    rows, cursor = emulator.rows(), emulator.cursor
    if len(rows) != emulator.rows_count or not all(_ROW.fullmatch(row) for row in rows):
        return "a row holds something else"
    return "" if cursor.x < emulator.cols and cursor.y < emulator.rows_count else "the cursor left the grid"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.fuzz", description=__doc__)
    parser.add_argument("--sequences", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 40))
    options = parser.parse_args()
    play(0)  # loading the library is not counted
    wrong, slowest = [], (0.0, 0)
    for seed in range(options.seed, options.seed + options.sequences):
        began = time.perf_counter()
        try:
            said = play(seed)
        except Exception as e:
            said = repr(e)
        slowest = max(slowest, (time.perf_counter() - began, seed))
        if said:
            wrong.append((seed, said))
    print(f"{options.sequences} sequences from seed {options.seed}: {len(wrong)} wrong {wrong[:1] or ''}")
    print(f"slowest {slowest[0] * 1000:.1f} ms (seed {slowest[1]})")
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
