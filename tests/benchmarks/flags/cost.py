"""What the flags cost: CPU of the pipeline and of reading files."""

from __future__ import annotations

import gzip
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence

from steer.detect.pipeline import Pipeline
from steer.detect.source import HEAD, Source
from tests.benchmarks.flags.corpus import RAW_FORMATS, Session

SESSIONS = 20
STEPS_PER_MINUTE = 10  # of each: more than the busiest real sessions do for long
CHUNK = 64 * 1024


def lines(sessions: Sequence[Session]) -> Iterator[str]:
    started, steps = time.process_time(), 0
    for session in sessions:
        pipeline = Pipeline(session.task)
        for entry in session.entries:
            pipeline.feed(entry)
        steps += pipeline.steps
    per_step = (time.process_time() - started) / max(1, steps)
    share = SESSIONS * STEPS_PER_MINUTE / 60 * per_step
    yield f"pipeline: {per_step * 1e6:.0f} ms CPU per 1000 steps ({steps} steps)"
    yield f"{SESSIONS} sessions at {STEPS_PER_MINUTE} steps a minute each: {share:.2%} of a core"
    yield from _reading(sessions)


def _reading(sessions: Sequence[Session]) -> Iterator[str]:
    size: dict[str, int] = defaultdict(int)
    taken: dict[str, float] = defaultdict(float)
    for session in sessions:
        if not session.format.startswith(RAW_FORMATS):
            continue
        data = gzip.decompress(session.raw.read_bytes())
        source, started = Source(Pipeline(session.task)), time.process_time()
        list(source.feed(data[:HEAD]))
        for at in range(HEAD, len(data), CHUNK):
            list(source.feed(data[at : at + CHUNK]))
        list(source.finish())
        taken[source.format] += time.process_time() - started
        size[source.format] += len(data)
    for format, count in size.items():
        yield f"steer detect, {format}: {count / 1e6 / taken[format]:.1f} MB/s ({count / 1e6:.0f} MB)"
