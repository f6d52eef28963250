"""R11: damaged recordings: every kind between good lines, every truncation and bit flips of one of 4 KB.

Each is opened as the replay opens it and played to its end. A record is whole where its line is as it was and its
end can be told; counted are those that are read. Beside it asciinema, which prints the same kinds in version 2.
"""

from __future__ import annotations

import importlib.util
import json
import multiprocessing
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from steer.errors import SteerError
from steer.record import cast
from steer.record.reader import Event, Reader
from steer.replay.player import Player
from steer.runtime.recording_file import RecordingFile
from tests.faults.damage import BETWEEN, HEADERS
from tests.faults.goals.measure import Outcome, Size, Tally, package, sum_of

SIZE = 4096
Cast = tuple[bytes, list[bytes]]  # header, lines


@cache
def sample() -> Cast:
    """A recording of about `SIZE` bytes with words, colours, sizes and markers; each line's output is different."""
    chance, encoder = random.Random(4), cast.Encoder()
    header = cast.header(40, 6, 1_700_000_000, title="t")
    lines: list[bytes] = []
    while len(header) + sum(map(len, lines)) < SIZE - 60:
        n = len(lines)
        if n % 20 == 19:
            lines.append(encoder.resize(n * 0.1, chance.randint(20, 90), chance.randint(5, 30)))
        elif n % 33 == 32:
            lines.append(encoder.marker(n * 0.1, f"marker {n}"))
        else:
            colour = b"\x1b[%dm" % chance.randint(31, 37) if n % 3 == 0 else b""
            lines.append(encoder.output(n * 0.1, colour + b"w%d\r\n" % n))
    return header, lines


@dataclass
class Found:
    tally: Tally = field(default_factory=Tally)  # of files: those that raise
    records: int = 0  # whole ones
    shown: int = 0

    def look(self, path: Path, data: bytes, whole: list[bytes]) -> None:
        path.write_bytes(data)
        wrong = ""
        try:
            _play(path)
        except SteerError as e:
            wrong = "its reason has more than one line" if "\n" in e.message else ""
        except Exception as e:
            wrong = f"{type(e).__name__}: {e}"[:100]
        self.tally.add(wrong)
        self.records += len(whole)
        self.shown += _count(data, whole)


def _play(path: Path) -> None:
    recording = RecordingFile(path)
    try:
        recording.load()
        if any("steer cannot read on" in problem for problem in recording.problems):
            raise ValueError(recording.problems[-1])
        player = Player(recording.index, recording.read)
        player.seek(1e9)
        while not player.work():
            pass
    finally:
        recording.close()


def _count(data: bytes, whole: list[bytes]) -> int:
    """How many of the `whole` lines' events are among those that are read."""
    reader = Reader()
    events = reader.feed(data) + reader.finish()
    read = {_what(event) for event in events}
    return sum(_meant(line) in read for line in whole)


def _what(event: Event) -> tuple[object, ...]:
    return event.kind, event.data, event.text, event.cols, event.rows


@cache
def _meant(line: bytes) -> tuple[object, ...]:
    reader = Reader()
    (event,) = reader.feed(cast.header(40, 6, 0) + line) + reader.finish()
    return _what(event)


def kinds() -> Iterator[tuple[bytes, list[bytes]]]:
    header, lines = sample()
    half = len(lines) // 2
    for damaged in HEADERS:
        yield damaged + b"".join(lines), lines
    for junk in BETWEEN:
        joined = not junk.endswith(b"\n")  # what follows stands on the same line
        yield (
            header + b"".join(lines[:half]) + junk + b"".join(lines[half:]),
            lines[:half] + lines[half + joined :],
        )


def truncation(at: int) -> tuple[bytes, list[bytes]]:
    header, lines = sample()
    data, ends, end = header + b"".join(lines), [], len(header)
    for line in lines:
        end += len(line)
        ends.append(end)
    return data[:at], [line for line, end in zip(lines, ends, strict=True) if end - 1 <= at]


def flip(bit: int) -> tuple[bytes, list[bytes]]:
    header, lines = sample()
    data, at, whole = bytearray(header + b"".join(lines)), len(header), []
    byte = bit // 8
    data[byte] ^= 1 << bit % 8
    for line in lines:
        touched = at - 1 <= byte < at + len(line)  # or the end of the line before
        whole += [] if touched else [line]
        at += len(line)
    return bytes(data), whole


def run(work: tuple[str, str, range]) -> Found:
    folder, what, numbers = work
    found, path = Found(), Path(folder) / f"{what}{numbers.start}.cast"
    make = {"truncation": truncation, "flip": flip}
    every = list(kinds()) if what == "kind" else []
    for number in numbers:
        found.look(path, *(every[number] if every else make[what](number)))
    path.unlink(missing_ok=True)
    return found


def measure(size: Size, folder: Path) -> Outcome:
    total = len(b"".join([sample()[0], *sample()[1]]))
    every = max(1, round(1 / size.share)) * (1 if size.long else 8)  # of the flips
    works = [(str(folder), "kind", range(len(HEADERS) + len(BETWEEN)))]
    works += [(str(folder), "truncation", range(at, min(at + 200, total), 1)) for at in range(0, total, 200)]
    first = random.randrange(every)
    works += [
        (str(folder), "flip", range(at + first, min(at + 1600, total * 8), every))
        for at in range(0, total * 8, 1600)
    ]
    if size.share < 1:
        works = [works[0], *random.sample(works[1:], max(2, round(size.share * len(works))))]
    with multiprocessing.get_context("spawn").Pool() as pool:
        founds = pool.map(run, works, chunksize=1)
    tally = sum_of(found.tally for found in founds)
    records, shown = sum(found.records for found in founds), sum(found.shown for found in founds)
    share = shown / records if records else 0.0
    said = f"{tally} damaged files raise; {share:.3%} of {records:,} whole records are shown"
    return Outcome(said, tally.wrong == 0 and share >= 0.99, _asciinema(folder, size))


def _asciinema(folder: Path, size: Size) -> dict[str, str]:
    name = package("asciinema")
    if not name or importlib.util.find_spec("asciinema") is None:
        return {"asciinema": "not measured: pip install asciinema"}
    chance, tally, lost = random.Random(), Tally(), 0
    cases = [_version2(h) + _lines2() for h in HEADERS] + [_version2() + _lines2(junk) for junk in BETWEEN]
    good = _version2() + _lines2()
    for _ in range(size.tries(20, 400)):
        damaged = bytearray(good)
        damaged[chance.randrange(len(good))] ^= 1 << chance.randrange(8)
        cases += [bytes(damaged), good[: chance.randrange(len(good))]]
    if size.share < 1:
        cases = chance.sample(cases, max(5, round(len(cases) * size.share)))
    path = folder / "a.cast"
    for data in cases:
        path.write_bytes(data)
        done = subprocess.run(
            [sys.executable, "-m", "asciinema", "cat", str(path)], capture_output=True, stdin=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(folder)}, timeout=60,
        )  # fmt: skip
        tally.add("a traceback" if b"Traceback" in done.stderr else "")
        lost += b"after2" in data and data.startswith(b'{"version": 2') and b"after2" not in done.stdout
    return {
        name: f"{tally.wrong} of {tally.tries} files (version 2) end in a traceback, {lost} lose valid later data"
    }


def _version2(header: bytes = b"") -> bytes:
    if header:
        return header.replace(b'"version":3', b'"version":2')
    return json.dumps({"version": 2, "width": 40, "height": 6}).encode() + b"\n"


def _lines2(junk: bytes = b"") -> bytes:
    before = b"".join(b'[0.%d, "o", "before%d "]\n' % (n, n) for n in range(3))
    return before + junk + b"".join(b'[1.%d, "o", "after%d "]\n' % (n, n) for n in range(3))
