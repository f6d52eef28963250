"""A part of a recording, at another speed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

from steer.record.reader import Event, Header, Kind
from steer.replay.index import perform
from steer.replay.keyframe import blank


def part(
    header: Header, events: Iterable[Event], start: float = 0.0, end: float = math.inf, speed: float = 1.0
) -> tuple[Header, Iterator[Event]]:
    """The events from `start` to `end` (seconds, both included), their times counted from `start` and divided by
    `speed`; the header has the size that the terminal had then. What was on the screen before comes first.
    """
    found = iter(events)
    first: list[Event] = []
    if start > 0:
        emulator = blank(header)
        for event in found:
            if event.at >= start:
                first = [event]
                break
            perform(emulator, [event])
        header = replace(header, cols=emulator.cols, rows=emulator.rows_count)
        if header.timestamp:
            header = replace(header, timestamp=header.timestamp + start)
        first.insert(0, Event(start, Kind.OUTPUT, emulator.dump()))
    return header, _shifted(first, found, start, end, speed)


def _shifted(
    first: list[Event], rest: Iterator[Event], start: float, end: float, speed: float
) -> Iterator[Event]:
    for events in (first, rest):
        for event in events:
            if event.at > end:
                return
            yield replace(event, at=(event.at - start) / speed)
