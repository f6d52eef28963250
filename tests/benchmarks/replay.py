"""Seeking in a long recording beside playing it from the start: `python -m tests.benchmarks.replay`.

Makes a recording of the given size (default 100 MB, ten hours of builds, redraws and silences) in a temporary
folder, reads it as the replay screen does, and seeks to random moments. Options: megabytes, number of seeks.
"""

from __future__ import annotations

import os
import random
import resource
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from steer.record import cast
from steer.replay.player import Player
from steer.runtime.recording_file import RecordingFile
from steer.term.emulator import Emulator

SEEKS = 300


def make(path: Path, megabytes: int) -> None:
    chance, encoder, at, written = random.Random(1), cast.Encoder(), 0.0, 0
    with path.open("wb") as f:
        f.write(cast.header(120, 40, 1_700_000_000))
        while written < megabytes << 20:
            at += chance.choice((0.02, 0.05, 0.1, 0.3)) if chance.random() < 0.999 else 60
            line = encoder.output(at, output(chance, at))
            written += f.write(line)


def output(chance: random.Random, at: float) -> bytes:
    kind = chance.random()
    if kind < 0.6:
        lines = (chance.randrange(10**8) for _ in range(chance.randint(1, 40)))
        return b"".join(b"\x1b[3%dm%08d a line of a build\x1b[0m\r\n" % (n % 8, n) for n in lines)
    if kind < 0.95:
        return b"\x1b[?2026h\r\x1b[3A\x1b[J* Working (%ds)\r\n%s\r\n> \r\n\x1b[?2026l" % (at, b"-" * 100)
    return "日本語 ● done é │─│\r\n".encode() * 3


def first_frame(path: Path) -> tuple[float, RecordingFile, float]:
    """Seconds until the first screen of an unindexed recording, and until everything was read.

    The emulator is loaded before: that takes a process about 0.3 s once, whatever it shows.
    """
    Emulator().close()
    started, done = time.perf_counter(), threading.Event()
    recording = RecordingFile(path)
    recording.start(done.set)
    player = Player(recording.index, recording.read)
    while player.emulator is None:
        time.sleep(0.001)
    player.seek(0.0)
    player.work()
    player.emulator.rows()
    shown = time.perf_counter() - started
    done.wait()
    return shown, recording, time.perf_counter() - started


def reopened(path: Path) -> float:
    """Seconds until everything is known of a recording whose index was kept."""
    started = time.perf_counter()
    recording = RecordingFile(path)
    recording.load()
    taken = time.perf_counter() - started
    assert recording.index.is_finished and len(recording.index.keyframes) > 0
    recording.close()
    return taken


def seeks(recording: RecordingFile, count: int) -> list[float]:
    chance, player, taken = random.Random(2), Player(recording.index, recording.read), []
    for _ in range(count):
        at = chance.random() * recording.index.timeline.duration
        started = time.perf_counter()
        player.seek(at)
        player.work()
        assert player.emulator is not None
        player.emulator.rows()
        taken.append(time.perf_counter() - started)
    return sorted(taken)


def linear(path: Path) -> float:
    """Seconds to play everything from the start without keyframes."""
    recording = RecordingFile(path, has_keyframes=False)
    recording.load()
    player = Player(recording.index, recording.read)
    player.seek(recording.index.timeline.duration)
    started = time.perf_counter()
    player.work()
    return time.perf_counter() - started


def main() -> None:
    numbers = [int(a) for a in sys.argv[1:]]
    megabytes, count = (*numbers, *(100, SEEKS)[len(numbers) :])[:2]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.cast"
        os.environ["XDG_CACHE_HOME"] = folder  # indexes are kept there, and go with it
        make(path, megabytes)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        shown, recording, read = first_frame(path)
        memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        taken, whole = seeks(recording, count), linear(path)
        keyframes = recording.index.keyframes
        p50, p95 = statistics.median(taken), taken[int(0.95 * len(taken))]
        print(f"{megabytes} MB, {recording.index.timeline.duration / 3600:.1f} h")
        print(f"first frame   {shown * 1000:8.1f} ms")
        print(
            f"read          {read:8.2f} s    {len(keyframes)} keyframes, {keyframes.total_bytes / 1e6:.1f} MB"
        )
        print(f"opened again  {reopened(path):8.2f} s    by its kept index")
        print(f"memory        {memory:8.1f} MB more")
        print(f"linear        {whole:8.2f} s")
        print(f"seek p50      {p50 * 1000:8.2f} ms   1/{whole / p50:.0f} of linear")
        print(f"seek p95      {p95 * 1000:8.2f} ms   1/{whole / p95:.0f} of linear")
        recording.close()


if __name__ == "__main__":
    main()
