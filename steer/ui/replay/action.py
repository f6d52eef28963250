"""Command id to what it does on the replay screen. None of this imports Textual."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from steer.replay.alignment import AlignBy
from steer.replay.mark import MarkKind
from steer.ui.replay.state import ReplayState
from steer.ui.replay.travel import Travel, diff_as_of, fork_from
from steer.ui.replay.words import speed_text

STEP_S, FAR_S = 5.0, 60.0
_WORDS = {
    None: "marker",
    MarkKind.STEP: "step",
    MarkKind.FLAG: "flag",
    MarkKind.INTERVENTION: "intervention",
}


class ReplayContext(Protocol):
    """The replay screen as its actions see it."""

    state: ReplayState

    def say(self, text: str, severity: str = "information") -> None:
        """Show one line; the text may be untrusted."""

    def place(self) -> None:
        """Lay the panes out again."""

    def open_search(self) -> None: ...

    def open_help(self) -> None: ...

    def open_go_to(self) -> None:
        """Ask for a moment and go there."""

    def scroll_pages(self, pages: float) -> None:
        """The selected recording's pane, up (positive) or down."""

    def copy(self) -> None:
        """What is selected, or the whole picture, to the operator's clipboard."""

    def travel(self, act: Travel) -> None:
        """Run `act` for the selected recording's session as of the playhead."""

    def leave(self) -> None: ...


Action = Callable[[ReplayContext], None]


def _step(shown_s: float) -> Action:
    return lambda replay: replay.state.step(shown_s)


def _mark(by: int, kind: MarkKind | None = None) -> Action:
    word = _WORDS[kind]

    def act(replay: ReplayContext) -> None:
        if not replay.state.step_mark(by, kind):
            replay.say(f"no {word} after this" if by > 0 else f"no {word} before this")

    return act


def _event(by: int) -> Action:
    def act(replay: ReplayContext) -> None:
        if not replay.state.step_event(by):
            replay.say("nothing happens after this" if by > 0 else "nothing happened before this")

    return act


def _speed(by: int) -> Action:
    def act(replay: ReplayContext) -> None:
        replay.state.playhead.change_speed(by)
        replay.say(f"speed {speed_text(replay.state.playhead.speed)}")

    return act


def _hit(by: int) -> Action:
    def act(replay: ReplayContext) -> None:
        search = replay.state.search
        if search is None:
            replay.say("nothing is searched; / does")
        elif not replay.state.step_hit(by):
            replay.say("no match further on" if search.is_done or by < 0 else "still looking further on")

    return act


def play(replay: ReplayContext) -> None:
    replay.state.playhead.play_or_pause()


def start(replay: ReplayContext) -> None:
    replay.state.seek(0.0)


def end(replay: ReplayContext) -> None:
    replay.state.playhead.is_playing = False
    replay.state.seek(replay.state.playhead.end)


def follow(replay: ReplayContext) -> None:
    replay.state.playhead.follow()
    if not replay.state.may_grow:
        replay.say("the recording has ended; this is its end")


def idle(replay: ReplayContext) -> None:
    head = replay.state.playhead
    head.is_compressed = not head.is_compressed
    replay.say("long silences are cut" if head.is_compressed else "silences as long as they were")


def align(replay: ReplayContext) -> None:
    if len(replay.state.shows) < 2:
        replay.say("there is only one recording")
        return
    by = replay.state.align()
    replay.say("aligned by the time of day" if by is AlignBy.CLOCK else "aligned on their start")


def next_pane(replay: ReplayContext) -> None:
    replay.state.select((replay.state.selected + 1) % len(replay.state.shows))
    replay.place()


def zoom(replay: ReplayContext) -> None:
    replay.state.is_zoomed = not replay.state.is_zoomed
    replay.place()


ACTIONS: dict[str, Action] = {
    "replay_play": play,
    "replay_back": _step(-STEP_S),
    "replay_forward": _step(STEP_S),
    "replay_back_far": _step(-FAR_S),
    "replay_forward_far": _step(FAR_S),
    "replay_next_mark": _mark(1),
    "replay_previous_mark": _mark(-1),
    "replay_next_step": _mark(1, MarkKind.STEP),
    "replay_previous_step": _mark(-1, MarkKind.STEP),
    "replay_next_flag": _mark(1, MarkKind.FLAG),
    "replay_previous_flag": _mark(-1, MarkKind.FLAG),
    "replay_next_intervention": _mark(1, MarkKind.INTERVENTION),
    "replay_previous_intervention": _mark(-1, MarkKind.INTERVENTION),
    "replay_next_event": _event(1),
    "replay_previous_event": _event(-1),
    "replay_faster": _speed(1),
    "replay_slower": _speed(-1),
    "replay_go": lambda replay: replay.open_go_to(),
    "replay_start": start,
    "replay_end": end,
    "replay_follow": follow,
    "replay_idle": idle,
    "replay_search": lambda replay: replay.open_search(),
    "replay_next_hit": _hit(1),
    "replay_previous_hit": _hit(-1),
    "replay_next_pane": next_pane,
    "replay_align": align,
    "replay_zoom": zoom,
    "replay_scroll_up": lambda replay: replay.scroll_pages(1),
    "replay_scroll_down": lambda replay: replay.scroll_pages(-1),
    "replay_fork": lambda replay: replay.travel(fork_from),
    "replay_diff": lambda replay: replay.travel(diff_as_of),
    "replay_copy": lambda replay: replay.copy(),
    "replay_help": lambda replay: replay.open_help(),
    "replay_quit": lambda replay: replay.leave(),
}
