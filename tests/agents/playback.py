"""A recording through steer's own pipeline, without clocks or processes: what it would have said, and when."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from steer.agents.profile import Profile
from steer.model.event import ActivityReported, AskChanged
from steer.model.session import Activity
from steer.record.reader import Event, Header, Kind
from steer.runtime.activity import SETTLE_S, ActivitySource, Look, News
from steer.term.emulator import Emulator
from steer.term.status import Status

SAMPLE_S = 0.25
GRACE_S = 0.6  # after a change: agents redraw in several writes, and steer looks when that is over

Interval = tuple[float, float, str, str]  # from, to, activity, kind


@dataclass(frozen=True, slots=True)
class Sample:
    at: float
    expected: str
    said: str
    source: str


class Playback:
    """`has_reports` False: as if the terminal had not understood the agent's own reports (OSC 7501)."""

    def __init__(self, profile: Profile, header: Header, *, has_reports: bool) -> None:
        self._emulator = Emulator(header.cols, header.rows)
        self._source = ActivitySource("s1", profile)
        self._has_reports = has_reports
        self._look_at: float | None = None
        self._said: list[tuple[float, str, str]] = []  # when, what, by which source
        self._now = (str(Activity.UNKNOWN), "nothing yet")

    def play(self, events: Sequence[Event], until: float) -> None:
        for event in events:
            self._look_if_due(event.at)
            if event.kind is Kind.RESIZE:
                self._emulator.resize(event.cols, event.rows)
            elif event.kind is Kind.OUTPUT:
                self._feed(event)
        self._look_if_due(until)

    def _feed(self, event: Event) -> None:
        self._emulator.feed(event.data)
        self._emulator.take_replies()
        for signal in self._emulator.take_signals():
            if isinstance(signal, Status) and self._has_reports:
                self._note(self._source.reported(signal, event.at), event.at)
        if self._source.wants_screen and self._look_at is None:
            self._look_at = event.at + SETTLE_S

    def _look_if_due(self, now: float) -> None:
        at = self._look_at
        if at is None or at > now:
            return
        self._look_at = None
        if self._source.wants_screen:
            look = Look(self._emulator.title, self._emulator.screen(), self._emulator.rows())
            self._note(self._source.seen(look, at), at)

    def _note(self, news: News, at: float) -> None:
        for event in news:
            match event:
                case ActivityReported(activity=activity, source=source):
                    self._now = (activity, source)
                case AskChanged():
                    pass
        ask = self._source.ask
        what, source = self._now
        self._said.append((at, f"{what} {ask.kind}" if ask else what, source))

    def samples(self, intervals: Sequence[Interval]) -> list[Sample]:
        """Every `SAMPLE_S` inside the intervals, the grace after their beginnings left out."""
        times = [at for at, _, _ in self._said]
        found = []
        for begin, end, activity, kind in intervals:
            expected = f"{activity} {kind}" if activity == Activity.ASKING else activity
            for number in range(int((end - begin - GRACE_S) / SAMPLE_S)):
                at = begin + GRACE_S + number * SAMPLE_S
                place = bisect_right(times, at) - 1
                _, said, source = (
                    self._said[place] if place >= 0 else (0.0, str(Activity.UNKNOWN), "nothing yet")
                )
                found.append(Sample(at, expected, said, source))
        return found
