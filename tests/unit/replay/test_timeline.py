"""Timelines: what is counted, in bounded memory; several on one clock; the playhead's moves."""

from __future__ import annotations

import pytest

from steer.record.reader import Event, Kind
from steer.replay import timeline as module
from steer.replay.alignment import AlignBy, Alignment, Track
from steer.replay.idle import IdleMap
from steer.replay.mark import MarkKind, kind_of
from steer.replay.playhead import SPEEDS, Playhead
from steer.replay.timeline import BUCKETS, MAX_MARKS, Timeline


def made(*events: Event) -> Timeline:
    timeline = Timeline()
    for event in events:
        timeline.take(event)
    return timeline


def out(at: float, size: int = 1) -> Event:
    return Event(at, Kind.OUTPUT, b"x" * size)


def test_a_timeline_holds_what_stands_out() -> None:
    timeline = made(
        out(0.1), Event(1, Kind.MARKER, text="inject ab: stop"), out(1.2), Event(1.3, Kind.INPUT, b"a"),
        Event(1.4, Kind.INPUT, b"b"), Event(5, Kind.INPUT, b"c"), Event(5, Kind.RESIZE, cols=9, rows=9),
        Event(9, Kind.EXIT, status=-15),
    )  # fmt: skip
    assert timeline.duration == 9 and timeline.output_bytes == 2 and timeline.resizes == 1
    assert [(m.kind, m.at) for m in timeline.marks] == [(MarkKind.INTERVENTION, 1), (MarkKind.EXIT, 9)]
    assert timeline.exit is not None and timeline.exit.label == "ended by signal 15"
    assert timeline.inputs == [1.3, 5]
    assert timeline.gaps == [(0.1, 1.2), (1.4, 5)]


@pytest.mark.parametrize("last", [1.0, 60.0, 36_000.0, 3e9])
def test_no_byte_is_lost_from_the_density_however_long_it_takes(last: float) -> None:
    timeline = made(out(0.0, 7), out(last / 3, 20), out(last, 100))
    edges = [last * i / 50 for i in range(51)]
    density = timeline.density(edges)
    assert sum(density) == pytest.approx(127)
    assert len(timeline._buckets) == BUCKETS
    assert density[0] > 0 and density[-1] > 0


def test_density_outside_of_the_recording_is_nothing() -> None:
    assert made(out(1, 5)).density([-10, -5, 0, 2, 1e9, 2e9]) == [0, 0, 5, 0, 0]


def test_marks_are_bounded_and_the_end_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_MARKS", 10)
    events = [Event(i, Kind.MARKER, text="m") for i in range(20)]
    timeline = made(*events, Event(30, Kind.EXIT, status=0))
    assert len(timeline.marks) == 11 and timeline.is_overfull and timeline.marks[-1].kind is MarkKind.EXIT
    assert MAX_MARKS > 10


@pytest.mark.parametrize(
    ("label", "kind"),
    [("inject 12ab: x", "intervention"), ("checkpoint 12 (kill)", "checkpoint"), ("forked into b", "fork"),
     ("kill", "intervention"), ("", "note"), ("killer whale", "note"), ("flag: loop", "flag")],
)  # fmt: skip
def test_kinds_of_marks(label: str, kind: str) -> None:
    assert kind_of(label) == kind


def test_recordings_are_aligned_by_the_clock_or_on_their_start() -> None:
    one = made(out(0), Event(4, Kind.MARKER, text="a"), out(10))
    two = made(out(0), Event(1, Kind.MARKER, text="b"), out(5))
    tracks = [Track(one, 1000.0), Track(two, 1002.0)]
    by_clock, by_start = Alignment(tracks), Alignment(tracks, AlignBy.START)
    assert by_clock.offsets == [0, 2] and by_clock.duration == 10
    assert [(at, m.label) for at, m in by_clock.marks()] == [(3, "b"), (4, "a")]
    assert [(at, m.label) for at, m in by_start.marks()] == [(1, "b"), (4, "a")]
    found = by_clock.neighbour(3.5, -1)
    assert found is not None and found[1].label == "b" and by_clock.neighbour(4, 1) is None
    assert by_clock.local(1, 1.0) == -1 and by_clock.common(1, 1.0) == 3
    assert by_clock.idle.saved_s == pytest.approx(2 - 1 + 5 - 1 + 3 - 1)  # 0..2, 2..7 and 7..10


def test_without_a_time_of_day_recordings_start_together() -> None:
    assert Alignment([Track(made(out(3)), 1000.0), Track(made(out(3)))]).offsets == [0, 0]


def test_the_playhead_runs_faster_through_silences_and_stops_at_the_end() -> None:
    head, idle = Playhead(end=120.0), IdleMap([(10.0, 110.0)])
    head.play_or_pause()
    head.advance(10.5, idle)
    assert head.position == pytest.approx(60.0)
    head.is_compressed = False
    head.speed = 2.0
    head.advance(5.0, idle)
    assert head.position == pytest.approx(70.0) and head.is_playing
    head.advance(1000.0, idle, is_complete=False)
    assert head.position == 120.0 and head.is_playing, "more may come"
    head.advance(1.0, idle)
    assert not head.is_playing
    head.play_or_pause()
    assert head.position == 0.0 and head.is_playing


def test_following_stays_at_the_end() -> None:
    head = Playhead(end=5.0)
    head.follow()
    head.end = 9.0
    head.advance(0.0, IdleMap())
    assert head.position == 9.0
    head.seek(3.0)
    head.end = 12.0
    head.advance(0.1, IdleMap())
    assert head.position == 3.0


def test_speeds_have_ends() -> None:
    head = Playhead()
    for _ in range(20):
        head.change_speed(1)
    assert head.speed == SPEEDS[-1] == 64
    for _ in range(20):
        head.change_speed(-1)
    assert head.speed == SPEEDS[0] == 0.25
