"""A replay's state: recordings, playhead, what is selected and searched. Knows no widget."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

from steer.replay.alignment import AlignBy, Alignment, Track
from steer.replay.clock import parse_clock
from steer.replay.idle import IdleMap
from steer.replay.mark import MarkKind
from steer.replay.player import Player
from steer.replay.playhead import Playhead
from steer.runtime.recording_file import RecordingFile
from steer.runtime.recording_findings import RecordingFindings
from steer.runtime.recording_search import RecordingSearch
from steer.ui.replay.axis import Axis
from steer.ui.replay.bar import Bar, make_bar

WORK_BYTES = 1 << 20  # of a recording, interpreted at one go; more is spread over frames


@dataclass
class Show:
    """One recording in the replay. `name` is untrusted; `session`: the id of the session it is of, "" for a file."""

    name: str
    recording: RecordingFile
    session: str = ""
    findings: RecordingFindings | None = None
    replaces_flags: bool = False  # show what is found instead of the flags that were recorded
    player: Player = field(init=False)
    is_arrived: bool = True
    offset: int = 0  # lines scrolled up

    def __post_init__(self) -> None:
        self.player = Player(self.recording.index, self.recording.read)

    @property
    def track(self) -> Track:
        header = self.recording.index.header
        began = header.timestamp if header else 0.0
        if self.findings is None:
            return Track(self.recording.index.timeline, began)
        kinds = {mark.kind for mark in self.recording.index.timeline.marks}
        has_flags = MarkKind.FLAG in kinds
        found = [] if MarkKind.STEP in kinds else list(self.findings.steps)
        if self.replaces_flags or not has_flags:
            found += self.findings.flags
        return Track(self.recording.index.timeline, began, found, replaces_flags=self.replaces_flags)


class ReplayState:
    """`tick` moves everything on; the rest answers keys."""

    def __init__(self, shows: list[Show], *, speed: float = 1.0, is_playing: bool = False) -> None:
        self.shows = shows
        self.playhead = Playhead(speed=speed, is_playing=is_playing)
        self.align_by = AlignBy.CLOCK
        self.alignment = Alignment([show.track for show in shows])
        self.selected = 0
        self.is_zoomed = False
        self.search: RecordingSearch | None = None
        self.wanted_at: float | None = None  # where to go as soon as so much has been read
        self._seen = (-1, -1, self.align_by)
        self._bar: tuple[tuple[object, ...], Bar] | None = None

    # -- what is ------------------------------------------------------------------------------------------

    @property
    def show(self) -> Show:
        return self.shows[self.selected]

    @property
    def is_complete(self) -> bool:
        """Everything that is on disk has been read."""
        return all(show.recording.is_complete for show in self.shows)

    @property
    def may_grow(self) -> bool:
        """A recording is of a session that has not ended."""
        return any(s.recording.is_growing and s.recording.index.timeline.exit is None for s in self.shows)

    @property
    def progress(self) -> float:
        return min(show.recording.progress for show in self.shows)

    @property
    def is_at_rest(self) -> bool:
        """Nothing would change by itself."""
        is_moving = self.playhead.is_playing or self.playhead.is_following or self.wanted_at is not None
        is_searching = self.search is not None and not self.search.is_done
        is_looking = any(s.findings is not None and not s.findings.is_done for s in self.shows)
        is_busy = is_moving or is_searching or is_looking
        return not is_busy and self.is_complete and all(s.is_arrived for s in self.shows)

    def axis(self, width: int) -> Axis:
        idle = self.alignment.idle if self.playhead.is_compressed else None
        return Axis(max(1, width), self.alignment.duration, idle)

    def bar(self, width: int) -> Bar:
        """Made again only when something in it changed."""
        key = (width, self._seen, self.playhead.is_compressed)
        if self._bar is None or self._bar[0] != key:
            self._bar = key, make_bar(self.alignment, self.axis(width))
        return self._bar[1]

    def local(self, index: int) -> float:
        """The playhead in a recording's own time."""
        return self.alignment.local(index, self.playhead.position)

    @property
    def moment(self) -> float:
        """What the selected recording shows now, in seconds since the epoch; 0 where it does not tell its begin."""
        began, at = self.show.track.began_at, self.local(self.selected)
        return began + min(max(0.0, at), self.show.recording.index.timeline.duration) if began else 0.0

    @property
    def hit(self) -> tuple[int, int]:
        """(which of the hits is looked at, from 1; how many there are so far)."""
        if self.search is None:
            return 0, 0
        found = self.search.found
        return bisect_right(found, self.local(self.selected) + 1e-9), len(found)

    # -- what happens -------------------------------------------------------------------------------------

    def tick(self, elapsed_s: float) -> list[int]:
        """`elapsed_s` of real time passed; the recordings whose picture may differ now."""
        self._read_news()
        before = self.playhead.position
        idle = self.alignment.idle if self.alignment.duration else IdleMap()
        is_complete = self.is_complete and not self.may_grow
        self.playhead.advance(elapsed_s, idle, is_complete=is_complete)
        if self.wanted_at is not None and (self.wanted_at <= self.playhead.end or self.is_complete):
            self.playhead.seek(self.wanted_at)
            self.wanted_at = None
        return self.go() if self.playhead.position != before or not self._is_arrived else []

    @property
    def _found(self) -> int:
        return sum(len(f.steps) + len(f.flags) for show in self.shows if (f := show.findings))

    @property
    def _is_arrived(self) -> bool:
        return all(show.is_arrived for show in self.shows)

    def _read_news(self) -> None:
        """Take over what the readers have found since."""
        seen = sum(show.recording.index.timeline.events for show in self.shows), self._found, self.align_by
        if seen != self._seen:
            self._seen = seen
            self.alignment = Alignment([show.track for show in self.shows], self.align_by)
            self.playhead.end = self.alignment.duration
            for show in self.shows:
                show.is_arrived = False

    def look_for_more(self) -> None:
        for show in self.shows:
            show.recording.look_for_more()

    def go(self) -> list[int]:
        """Bring every terminal to the playhead, as far as one frame's work reaches."""
        for i, show in enumerate(self.shows):
            show.player.seek(self.local(i))
            show.is_arrived = show.player.work(WORK_BYTES)
        return list(range(len(self.shows)))

    def seek(self, at: float) -> None:
        self.wanted_at = None
        self.playhead.seek(at)
        self._look_at_newest()

    def step(self, shown_s: float) -> None:
        self.seek(self.axis(1).moved(self.playhead.position, shown_s))

    def seek_fraction(self, fraction: float) -> None:
        self.seek(self.axis(1).at(fraction))

    def go_to(self, text: str) -> bool:
        """A time of the whole ("1:30", from its begin) or a share of it ("40%"); whether it is one."""
        if text.endswith("%"):
            try:
                share = float(text[:-1]) / 100
            except ValueError:
                return False
            at = self.playhead.end * share if 0 <= share <= 1 else None
        else:
            at = parse_clock(text)
        if at is None:
            return False
        self.playhead.is_playing = False
        is_ahead = at > self.playhead.end and not self.is_complete
        self.seek(at)
        self.wanted_at = at if is_ahead else None
        return True

    def step_mark(self, by: int, kind: MarkKind | None = None) -> bool:
        """To the next marker of a kind (None: of all but steps); whether there is one."""
        found = self.alignment.neighbour(self.playhead.position, by, kind)
        if found is not None:
            self.seek(found[0])
        return found is not None

    def step_event(self, by: int) -> bool:
        """To the next event of the selected recording; whether there is one."""
        player = self.show.player
        player.seek(self.local(self.selected))
        found = player.next_event() if by > 0 else player.previous_event()
        if found is not None:
            self.playhead.is_playing = False
            self.seek(self.alignment.common(self.selected, found))
        return found is not None

    def align(self) -> AlignBy:
        """The other alignment; the selected recording stays where it is."""
        at = self.local(self.selected)
        self.align_by = AlignBy.START if self.align_by is AlignBy.CLOCK else AlignBy.CLOCK
        self._read_news()
        self.seek(self.alignment.common(self.selected, at))
        return self.align_by

    def find(self, query: str) -> None:
        self.stop_search()
        if query:
            self.search = RecordingSearch(self.show.recording, query)

    def stop_search(self) -> None:
        if self.search is not None:
            self.search.stop()
            self.search = None

    def step_hit(self, by: int) -> bool:
        """To the next moment at which the text appeared; whether there is one (yet)."""
        found = self.search.found if self.search is not None else []
        at = self.local(self.selected)
        i = bisect_right(found, at + 1e-9) if by > 0 else bisect_left(found, at - 1e-9) - 1
        if not 0 <= i < len(found):
            return False
        self.playhead.is_playing = False
        self.seek(self.alignment.common(self.selected, found[i]))
        return True

    def select(self, index: int) -> None:
        if index != self.selected:
            self.stop_search()
        self.selected = index

    def _look_at_newest(self) -> None:
        for show in self.shows:
            show.offset = 0

    def close(self) -> None:
        self.stop_search()
        for show in self.shows:
            if show.findings is not None:
                show.findings.stop()
            show.recording.close()
