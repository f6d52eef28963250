"""A seek shows what playing from the start shows, cell by cell; idle compression loses no moment."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steer.record import cast
from steer.record.reader import Event, Header, Kind, Reader
from steer.replay.idle import IdleMap, common_gaps
from steer.replay.index import Index, perform
from steer.replay.player import Player
from steer.term.emulator import Emulator

PARTS = st.one_of(
    st.sampled_from(
        [b"\x1b[3", b"1m", b"\x1b]0;ti", b"tle\x07", b"\x1b[?1049h", b"\x1b[?1049l", b"\xe6\x97", b"\xa5", b"\r\n",
         b"word " * 9, b"\x1b[2J", b"\x1b[H", b"\x1bP", b"\x1b\\", b"\x1b[2;4r", b"\x1b7", b"\x1b8", b"\x1b(0",
         b"\x1b[?2026h", b"\x1b[3L", b"\x18", b"\x1bc", b"\x1b[?6h", b"\n" * 30, b"\x1b[6n\x1b]52;c;eA==\x07"]
    ),
    st.binary(max_size=6),
    st.text(max_size=6).map(lambda s: s.encode("utf-8", "replace")),
)  # fmt: skip
STEPS = st.lists(st.one_of(PARTS, st.tuples(st.integers(2, 40), st.integers(2, 12))), min_size=1, max_size=60)
RECORDINGS = Path(__file__).parents[2] / "recordings"


def recording(steps: list[bytes | tuple[int, int]]) -> bytes:
    encoder, lines = cast.Encoder(), [cast.header(20, 6, 1_700_000_000)]
    for i, step in enumerate(steps):
        at = i // 2 * 0.5  # two events at a time share it
        lines.append(encoder.output(at, step) if isinstance(step, bytes) else encoder.resize(at, *step))
    return b"".join([*lines, encoder.flush(len(steps))])


def linear(data: bytes, at: float) -> Emulator:
    """The terminal after feeding everything up to `at` from the start, as a live one is fed."""
    reader = Reader()
    events: list[Event] = reader.feed(data) + reader.finish()
    header = reader.header or Header()
    emulator = Emulator(header.cols, header.rows)
    for event in events:
        if event.at <= at:
            perform(emulator, [event])
    return emulator


def indexed(data: bytes, piece: int, stride: int) -> tuple[Index, Player]:
    index = Index(stride)
    for start in range(0, len(data), piece):
        index.feed(data[start : start + piece])
    index.finish()
    return index, Player(index, lambda offset, size: data[offset : offset + size])


def picture(emulator: Emulator | None) -> tuple[object, ...]:
    assert emulator is not None
    return emulator.rows(), emulator.cursor, emulator.modes, emulator.title


@settings(max_examples=150, deadline=None)
@given(STEPS, st.lists(st.floats(0, 40), min_size=1, max_size=5), st.integers(1, 300), st.integers(1, 400))
def test_a_seek_shows_what_playing_shows(
    steps: list[bytes | tuple[int, int]], times: list[float], piece: int, stride: int
) -> None:
    data = recording(steps)
    _, player = indexed(data, piece, stride)
    for at in times:
        player.seek(at)
        while not player.work(100):
            pass
        assert picture(player.emulator) == picture(linear(data, at))


@pytest.mark.parametrize("path", sorted(RECORDINGS.glob("*.cast")), ids=lambda p: p.stem)
def test_shipped_recordings_seek_like_they_play(path: Path) -> None:
    data = path.read_bytes()
    index, player = indexed(data, 700, 3000)
    assert len(index.keyframes) > 2 and not index.problems
    for fraction in (0.9, 0.1, 0.5, 0.55, 0.3, 1.0, 0.0, 0.77):
        at = index.timeline.duration * fraction
        player.seek(at)
        assert player.work()
        assert picture(player.emulator) == picture(linear(data, at))


@settings(deadline=None)
@given(STEPS, st.floats(0, 40))
def test_steps_by_event_meet_every_event(steps: list[bytes | tuple[int, int]], start: float) -> None:
    data = recording(steps)
    _, player = indexed(data, 64, 200)
    times = sorted({e.at for e in Reader().feed(data)})
    player.seek(start)
    player.work()
    assert player.next_event() == next((t for t in times if t > start), None)
    assert player.previous_event() == next((t for t in reversed(times) if t < start), None)


GAPS = st.lists(st.floats(0.01, 50), max_size=12).map(
    lambda steps: [(sum(steps[:i]), sum(steps[: i + 1])) for i in range(0, len(steps), 2)]
)


@given(GAPS, st.floats(0, 500), st.floats(0, 500))
def test_compression_keeps_order_and_can_be_undone(
    gaps: list[tuple[float, float]], one: float, other: float
) -> None:
    idle = IdleMap(gaps)
    assert idle.recorded(idle.shown(one)) == pytest.approx(one, abs=1e-6)
    low, high = sorted((one, other))
    assert idle.shown(low) <= idle.shown(high) + 1e-9
    assert idle.shown(500) == pytest.approx(500 - idle.saved_s)


@given(GAPS, GAPS, st.floats(0, 300))
def test_common_gaps_are_silent_in_each(
    one: list[tuple[float, float]], other: list[tuple[float, float]], at: float
) -> None:
    def is_silent(gaps: list[tuple[float, float]], length: float) -> bool:
        return at > length or any(a <= at <= b for a, b in gaps)

    shared = common_gaps([(0.0, 200.0, one), (0.0, 250.0, other)], 300.0)
    if any(a < at < b for a, b in shared):
        assert is_silent(one, 200.0) and is_silent(other, 250.0)


def test_replay_answers_no_query() -> None:
    data = recording([b"\x1b[6n\x1b[c\x1b[>q\x1b]10;?\x07"])
    _, player = indexed(data, 10, 1)
    player.seek(1)
    player.work()
    assert player.emulator is not None and player.emulator.take_replies() == b""


def test_a_flood_of_sizes_is_cut_short() -> None:
    events = [Event(0.0, Kind.RESIZE, cols=20 + i % 7, rows=5) for i in range(20_000)]
    emulator = Emulator(20, 5)
    perform(emulator, events)
    assert emulator.cols == events[-1].cols
