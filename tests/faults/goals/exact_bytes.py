"""R12: bytes of every kind through a real keeper: the recording's output has the sha256 of what the program wrote.

Each corpus is written in several ways: at once, byte by byte, in pieces that cut characters. Beside it asciinema, which
records a program that writes the same bytes; counted are also the replacement characters that it recorded instead.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from steer.record.reader import Kind
from tests.e2e.stage import READY, Stage, python, read_recording
from tests.faults.goals.emulator_fuzz import _real_output, sequence
from tests.faults.goals.measure import Outcome, Size, Tally, package

WRITE = """
ready()
sys.stdin.buffer.raw.read(1)
data = open({path!r}, "rb").read()
sizes = {sizes!r}
i = n = 0
while i < len(data):
    i += os.write(1, data[i : i + sizes[n % len(sizes)]])
    n += 1
"""
PIECES = {"at once": [1 << 20], "odd pieces": [1, 2, 3, 7, 64, 4095, 4096, 4097], "small": [1, 1, 5]}


def corpora(chance: random.Random, more: int) -> Iterator[tuple[str, bytes]]:
    every = bytes(range(256))
    yield "all 256 values", every * 16 + bytes(reversed(every)) * 16
    yield "all pairs", b"".join(bytes((a, b)) for a in range(256) for b in range(0, 256, 3))
    yield "characters cut short", b"".join("aé€😀".encode()[:n] + b"|" for n in range(11)) * 50
    yield (
        "halves and overlong ones",
        b"\xed\xa0\x80\xed\xb0\x80\xc0\x80\xf0\x80\x80\x80\xf8\x88\x80\x80\xff\xfe" * 200,
    )
    yield "text in four scripts", "héllo wörld € 😀 日本語 \u202e\u200d".encode() * 200
    yield "controls", bytes(range(32)) * 100 + b"\x7f\x80\x9b" * 100
    yield "JSON in JSON", json.dumps([0, "o", '"\\\u0000\ud800']).encode() * 100 + b'\\"\\u0000' * 100
    yield "nothing but a cut character", b"\xf0\x9f\x98"
    yield "what real agents printed", _real_output()[:150_000]
    for argv in (
        ["git", "help", "-a"],
        [sys.executable, "--help"],
        ["ls", "--color=always", "-la", "/usr/bin"],
    ):
        yield (
            " ".join(argv[:2]),
            subprocess.run(argv, capture_output=True, stdin=subprocess.DEVNULL).stdout[:60_000],
        )
    for n in range(more):
        yield f"random {n}", chance.randbytes(chance.randint(1, 20_000))
        yield f"terminal grammar {n}", b"".join(sequence(chance) for _ in range(100))


def measure(size: Size, folder: Path) -> Outcome:
    every = list(corpora(random.Random(), size.tries(4, 100)))
    ways = list(PIECES)[: 1 if size.share < 1 and not size.long else None]
    if size.share < 1:
        every = every[: max(3, round(len(every) * size.share))]
    tally, count = Tally(), 0
    stage = Stage(folder)
    try:
        for name, data in every:
            (folder / "data").write_bytes(data)
            for way in ways:
                tally.add(f"{name}, {way}" if _recorded(stage, folder / "data", way) != _sum(data) else "")
                count += len(data)
    finally:
        asyncio.run(stage.clear())
    said = f"{tally} recordings differ from what was printed ({len(every)} corpora, {count:,} bytes)"
    return Outcome(said, tally.wrong == 0, _asciinema(folder, every))


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _recorded(stage: Stage, path: Path, way: str) -> str:
    session = stage.start(python(WRITE.format(path=str(path), sizes=PIECES[way])))

    async def ended() -> None:
        client = await stage.connect(session)
        await client.when()
        await client.type(b"x")
        await client.until_event("exited")
        await client.request("forget")
        await client.keeper.close()

    asyncio.run(ended())
    session.wait_until_gone()
    events, _ = read_recording(session.recording)
    output = b"".join(event.data for event in events if event.kind is Kind.OUTPUT)
    return _sum(output.removeprefix(READY))


def _asciinema(folder: Path, every: list[tuple[str, bytes]]) -> dict[str, str]:
    name = package("asciinema")
    if not name:
        return {"asciinema": "not measured: pip install asciinema"}
    tally, replaced, count = Tally(), 0, 0
    path, target = folder / "data", folder / "a.cast"
    program = f"import tty, sys; tty.setraw(1); sys.stdout.buffer.write(open({str(path)!r}, 'rb').read())"
    (folder / "program.py").write_text(program)
    env = {**os.environ, "HOME": str(folder), "TERM": "xterm-256color"}
    for what, data in every:
        path.write_bytes(data)
        argv = ["rec", "-q", "--overwrite", "-c", f"{sys.executable} {folder}/program.py", str(target)]
        subprocess.run(
            [sys.executable, "-m", "asciinema", *argv], stdin=subprocess.DEVNULL, env=env, timeout=120
        )
        lines = [json.loads(line) for line in target.read_bytes().splitlines()[1:]]
        text = "".join(line[2] for line in lines if line[1] == "o")
        tally.add(what if _sum(text.encode("utf-8", "surrogatepass")) != _sum(data) else "")
        replaced += text.count("\ufffd") - data.decode("utf-8", "ignore").count("\ufffd")
        count += len(data)
    return {name: f"{tally} recordings differ; {replaced:,} U+FFFD in {count:,} bytes"}
