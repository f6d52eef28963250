"""The words of the replay screen: its status line and footer."""

from __future__ import annotations

from steer.commands.keymap import Keymap
from steer.commands.replay import REPLAY_BY_ID
from steer.replay.alignment import AlignBy
from steer.replay.clock import clock
from steer.replay.playhead import Playhead
from steer.term.visible import visible
from steer.ui.line import Line, Span, join, line_width, spread
from steer.ui.replay.state import ReplayState

_DOT = Span(" · ", "text.faint")
_HINTS = (
    "play",
    "back",
    "forward",
    "previous_mark",
    "next_mark",
    "search",
    "slower",
    "faster",
    "fork",
    "idle",
)
_FIXED = ("help", "quit")


def speed_text(speed: float) -> str:
    return f"{speed:g}×"


def _state(playhead: Playhead, is_live: bool) -> Line:
    if playhead.is_following:
        return [Span(" ● live ", "surface.background on:activity.working bold") if is_live
                else Span(" ■ end ", "surface.background on:text.muted bold")]  # fmt: skip
    if playhead.is_playing:
        return [Span(" ▶ playing ", "surface.background on:border.selected bold")]
    return [Span(" ‖ paused ", "surface.background on:border.focus bold")]


def status_line(state: ReplayState, width: int) -> Line:
    """Where the replay stands on the left; what is going on, and what is wrong, on the right."""
    head = state.playhead
    left = [*_state(head, state.may_grow), Span(" ")]
    left += [
        Span(clock(head.position, tenths=not head.is_playing), "text.normal bold"),
        Span(f" / {clock(state.alignment.duration)}", "text.muted"),
    ]
    parts: list[Line] = [[Span(speed_text(head.speed), "text.accent" if head.speed != 1 else "text.muted")]]
    saved = state.alignment.idle.saved_s
    if saved >= 1:
        word = f"silences cut: {clock(saved)}" if head.is_compressed else "silences whole"
        parts.append([Span(word, "text.muted")])
    if len(state.shows) > 1:
        by = "time of day" if state.align_by is AlignBy.CLOCK else "start"
        parts.append([Span(f"by {by}", "text.muted")])
    left += [_DOT, *join(parts, _DOT)]
    return spread(left, [*join(_news(state, width - line_width(left)), _DOT), Span(" ")], width)


def _news(state: ReplayState, room: int) -> list[Line]:
    parts: list[Line] = []
    if state.search is not None:
        at, count = state.hit
        more = "" if state.search.is_done else " …"
        words = f"match {at} of {count}{more}" if count or more else "not found"
        parts.append([Span(f"/{visible(state.search.needle.query, 20)} {words}", "text.accent")])
    if not state.is_complete:
        parts.append([Span(f"reading {state.progress:.0%}", "flag.info")])
    problems = state.show.recording.problems
    if problems:
        more = f" (+{len(problems) - 1})" if len(problems) > 1 else ""
        parts.append([Span(f"! {visible(problems[0], max(20, room - 12))}{more}", "flag.warn")])
    return parts


def footer_line(keymap: Keymap, width: int) -> Line:
    """Keys and words while they fit; help and back always. Two keys of one word share it."""
    fixed = _hints(keymap, _FIXED)
    room = width - 2 - line_width(fixed)
    line: Line = [Span(" ")]
    for pair in _pairs(_HINTS):
        hint = _hints(keymap, pair)
        if line_width(line) + line_width(hint) <= room:
            line += hint
    return line + fixed


def _pairs(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Names beside each other that have the same footer word, together."""
    pairs: list[tuple[str, ...]] = []
    for name in names:
        word = REPLAY_BY_ID[f"replay_{name}"].footer
        if pairs and REPLAY_BY_ID[f"replay_{pairs[-1][0]}"].footer == word:
            pairs[-1] = (*pairs[-1], name)
        else:
            pairs.append((name,))
    return pairs


def _hints(keymap: Keymap, names: tuple[str, ...]) -> Line:
    groups = _pairs(names)
    line: Line = []
    for group in groups:
        keys = [key for name in group if (key := keymap.shown(f"replay_{name}"))]
        if keys:
            word = REPLAY_BY_ID[f"replay_{group[0]}"].footer
            line += [Span(" ".join(keys), "text.accent bold"), Span(f" {word}  ", "text.muted")]
    return line
