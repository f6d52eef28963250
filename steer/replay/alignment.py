"""Several recordings on one clock: aligned on the time of day at which they began, or all on their start."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from steer.replay.idle import IdleMap, common_gaps
from steer.replay.mark import Mark, MarkKind, neighbour
from steer.replay.timeline import Timeline


class AlignBy(StrEnum):
    CLOCK = "clock"
    START = "start"


class Track:
    """A recording's timeline and when it began, in seconds since the epoch (0: not told).

    `found`: marks that are not in the recording but were found in it, in order; with `replaces_flags` the recorded
    flags are left out.
    """

    def __init__(
        self,
        timeline: Timeline,
        began_at: float = 0.0,
        found: Sequence[Mark] = (),
        *,
        replaces_flags: bool = False,
    ) -> None:
        self.timeline = timeline
        self.began_at = began_at
        self.marks: Sequence[Mark] = timeline.marks
        if replaces_flags:
            self.marks = [mark for mark in timeline.marks if mark.kind is not MarkKind.FLAG]
        if found:
            self.marks = sorted([*self.marks, *found], key=lambda mark: mark.at)
        self._by_kind: dict[MarkKind | None, list[Mark]] = {}

    def of_kind(self, kind: MarkKind | None) -> list[Mark]:
        """Its marks of one kind; None: all but steps."""
        if kind not in self._by_kind:
            self._by_kind[kind] = [
                m for m in self.marks if (m.kind is kind if kind else m.kind is not MarkKind.STEP)
            ]
        return self._by_kind[kind]


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
        found = [(self.common(i, mark.at), mark) for i, t in enumerate(self.tracks) for mark in t.marks]
        return sorted(found, key=lambda pair: pair[0])

    def inputs(self) -> list[float]:
        return sorted(self.common(i, at) for i, t in enumerate(self.tracks) for at in t.timeline.inputs)

    def neighbour(self, at: float, by: int, kind: MarkKind | None = None) -> tuple[float, Mark] | None:
        """The first mark after `at` (by 1) or the last one before it (by -1), with its common time.

        `kind`: only of this kind; None: of all but steps.
        """
        found = [
            (self.common(i, mark.at), mark)
            for i, t in enumerate(self.tracks)
            if (mark := neighbour(t.of_kind(kind), self.local(i, at), by)) is not None
        ]
        pick = min if by > 0 else max
        return pick(found, key=lambda pair: pair[0]) if found else None


def _offsets(tracks: list[Track], by: AlignBy) -> list[float]:
    """By the clock only where every recording tells its begin."""
    if by is AlignBy.START or not tracks or not all(t.began_at > 0 for t in tracks):
        return [0.0] * len(tracks)
    first = min(t.began_at for t in tracks)
    return [t.began_at - first for t in tracks]
