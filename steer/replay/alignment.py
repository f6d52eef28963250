"""Several recordings on one clock: aligned on the time of day at which they began, or all on their start."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from steer.replay.idle import IdleMap, common_gaps
from steer.replay.mark import Mark
from steer.replay.timeline import Timeline


class AlignBy(StrEnum):
    CLOCK = "clock"
    START = "start"


@dataclass(frozen=True, slots=True)
class Track:
    """A recording's timeline and when it began, in seconds since the epoch (0: not told)."""

    timeline: Timeline
    began_at: float = 0.0


class Alignment:
    """Common time counts from the first begin. Made anew when recordings have grown; cheap."""

    def __init__(self, tracks: list[Track], by: AlignBy = AlignBy.CLOCK) -> None:
        self.tracks = tracks
        self.offsets = _offsets(tracks, by)
        pairs = list(zip(tracks, self.offsets, strict=True))
        self.duration = max((offset + t.timeline.duration for t, offset in pairs), default=0.0)
        silent = [(offset, t.timeline.duration, t.timeline.gaps) for t, offset in pairs]
        self.idle = IdleMap(common_gaps(silent, self.duration))

    def local(self, track: int, at: float) -> float:
        """A common time in the recording's own; negative before it began."""
        return at - self.offsets[track]

    def common(self, track: int, at: float) -> float:
        return at + self.offsets[track]

    def density(self, edges: list[float]) -> list[float]:
        """Bytes of output of all recordings between each two neighbours of `edges` (common times)."""
        rows = [
            t.timeline.density([at - offset for at in edges])
            for t, offset in zip(self.tracks, self.offsets, strict=True)
        ]
        return [sum(column) for column in zip(*rows, strict=True)]

    def marks(self) -> list[tuple[float, Mark]]:
        """All marks with their common times, in order."""
        found = [
            (self.common(i, mark.at), mark) for i, t in enumerate(self.tracks) for mark in t.timeline.marks
        ]
        return sorted(found, key=lambda pair: pair[0])

    def inputs(self) -> list[float]:
        return sorted(self.common(i, at) for i, t in enumerate(self.tracks) for at in t.timeline.inputs)

    def neighbour(self, at: float, by: int) -> tuple[float, Mark] | None:
        """The first mark after `at` (by 1) or the last one before it (by -1), with its common time."""
        found = [
            (self.common(i, mark.at), mark)
            for i, t in enumerate(self.tracks)
            if (mark := t.timeline.neighbour(self.local(i, at), by)) is not None
        ]
        pick = min if by > 0 else max
        return pick(found, key=lambda pair: pair[0]) if found else None


def _offsets(tracks: list[Track], by: AlignBy) -> list[float]:
    """By the clock only where every recording tells its begin."""
    if by is AlignBy.START or not tracks or not all(t.began_at > 0 for t in tracks):
        return [0.0] * len(tracks)
    first = min(t.began_at for t in tracks)
    return [t.began_at - first for t in tracks]
