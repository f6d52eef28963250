"""The words of the top bar and the footer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from pathlib import PurePath

from steer.commands.keymap import Keymap, show_key
from steer.commands.registry import COMMANDS
from steer.model.attention import Rank
from steer.model.operation import Progress
from steer.model.step import total
from steer.term.visible import visible
from steer.term.width import text_width
from steer.ui.board_state import BoardState
from steer.ui.line import Line, Span, join, spread
from steer.ui.status import money, tokens

_COUNTED = (  # rank, glyph, word, role
    (Rank.ASKING, "◆", "asking", "activity.asking bold"),
    (Rank.BROKEN, "✗", "failing", "activity.error bold"),
    (Rank.URGENT, "▲", "urgent", "flag.urgent bold"),
    (Rank.WARNED, "▲", "flagged", "flag.warn"),
    (Rank.WORKING, "●", "working", "activity.working"),
    (Rank.IDLE_UNSEEN, "○", "idle", "activity.idle"),
    (Rank.PAUSED, "‖", "paused", "process.paused"),
    (Rank.UNKNOWN, "◌", "unknown", "activity.unknown"),
    (Rank.DONE, "■", "ended", "process.exited"),
)
_SPENT_FROM = 90  # columns of the terminal from which the fleet's cost is shown
_DOT = Span(" · ", "text.faint")


def count_spans(state: BoardState) -> Line:
    """ "◆ 2 asking · ✗ 1 failing · ● 5 working", the most pressing first."""
    ranks = Counter(state.attention(s).rank for s in state.sessions)
    ranks[Rank.IDLE_UNSEEN] += ranks.pop(Rank.IDLE, 0)
    parts = [
        [Span(f"{glyph} {ranks[rank]} {word}", role)] for rank, glyph, word, role in _COUNTED if ranks[rank]
    ]
    return join(parts, _DOT)


def top_line(state: BoardState, page: tuple[int, int], lost: str, width: int) -> Line:
    """Repository and counts on the left; connection, work under way, page and layout on the right.

    `page` is (1-based page, pages); `lost` says why there is no supervisor, or is empty.
    """
    name = PurePath(state.fleet.repository).name
    left = [Span(" steer ", "surface.background on:border.selected bold"), Span(" ")]
    left += [Span(visible(name, max(8, width // 5)), "text.normal bold"), Span("   ")] if name else []
    left += count_spans(state)
    right: list[Line] = []
    if lost:
        right.append([Span("reconnecting", "flag.warn bold")])
    right += [[Span(_progress(p), "text.accent")] for p in state.fleet.progress[:1]]
    if page[1] > 1:
        right.append([Span(f"page {page[0]} of {page[1]}", "text.accent")])
    if (spent := spent_text(state)) and width >= _SPENT_FROM:
        right.append([Span(spent, "text.muted")])
    if state.sessions and width >= 70:
        right.append([Span("zoom" if state.is_zoomed else state.arrangement.value, "text.muted")])
    return spread(left, [*join(right, _DOT), Span(" ")], width)


def spent_text(state: BoardState) -> str:
    """Money of all sessions, the judge's with it, a "+" where some of it is not known; else their tokens."""
    usages = [s.usage for s in state.sessions if s.usage.tokens]
    spent = total(usages)
    judged = sum(s.judge_usd for s in state.sessions)
    if spent.cost_usd is None and not judged:
        return f"{tokens(spent.tokens)} tok" if spent.tokens else ""
    return money((spent.cost_usd or 0.0) + judged) + ("+" if any(u.cost_usd is None for u in usages) else "")


def _progress(progress: Progress) -> str:
    title = visible(progress.title, 24)
    if progress.total <= 0:
        return f"◔ {title}"
    filled = min(8, 8 * progress.done // progress.total)
    return f"{title} {'━' * filled}{'─' * (8 - filled)}"


_HINTS_CALM = (
    "focus", "inject", "kill", "fork", "diff", "new", "next_needing", "zoom", "fan", "undo", "search", "help", "quit",
)  # fmt: skip
_HINTS_ASKING = ("answer", "next_needing", *_HINTS_CALM)
_HINTS_ENDED = ("respawn", "diff", "kill", "fork", "new", "undo", "help", "quit")
_HINTS_EMPTY = ("new", "fan", "undo", "palette", "help", "quit")
_FIXED = ("help", "quit")  # shown whatever the width


def footer_hints(state: BoardState, available: Container[str]) -> list[str]:
    """Ids of the commands worth a place in the footer now, most wanted first."""
    by_id = {command.id: command for command in COMMANDS}
    if state.session is None:
        wanted: tuple[str, ...] = _HINTS_EMPTY
    elif by_id["respawn"].disabled_reason(state.fleet, state.session) is None:
        wanted = _HINTS_ENDED
    else:
        asking = by_id["answer"].disabled_reason(state.fleet, state.session) is None
        wanted = _HINTS_ASKING if asking else _HINTS_CALM
    unique = dict.fromkeys(wanted)
    return [
        name
        for name in unique
        if name in available and by_id[name].disabled_reason(state.fleet, state.session) is None
    ]


def footer_line(state: BoardState, keymap: Keymap, available: Container[str], width: int) -> Line:
    """Keys and words while they fit; help and quit always."""
    footers = {command.id: command.footer or command.title.lower() for command in COMMANDS}
    hints = [(name, keymap.shown(name), footers[name]) for name in footer_hints(state, available)]
    hints = [hint for hint in hints if hint[1]]
    room = width - 1 - sum(_hint_width(h) for h in hints if h[0] in _FIXED)
    kept: list[tuple[str, str, str]] = []
    for hint in hints:
        need = 0 if hint[0] in _FIXED else _hint_width(hint)
        if need <= room:
            kept.append(hint)
            room -= need
    line: Line = [Span(" ")]
    for _, key, word in kept:
        line += [Span(key, "text.accent bold"), Span(f" {word}  ", "text.muted")]
    return line


def _hint_width(hint: tuple[str, str, str]) -> int:
    return text_width(hint[1]) + text_width(hint[2]) + 3


def focus_line(leave: tuple[str, ...], name: str, width: int) -> Line:
    """The footer while keys go to the agent."""
    keys = " or ".join(show_key(key) for key in leave)
    left = [
        Span(" "),
        Span(keys, "border.focus bold"),
        Span(" back to the board", "text.normal"),
        Span("   every other key goes to ", "text.muted"),
        Span(visible(name, 32), "text.normal bold"),
    ]
    return spread(left, [], width)


def notice_line(text: str, severity: str, count: int, width: int) -> Line:
    """One notice over the footer; repeated ones are counted."""
    role = {"error": "activity.error", "warning": "flag.warn"}.get(severity, "text.accent")
    glyph = {"error": "✗", "warning": "!"}.get(severity, "i")
    times = f"  ×{count}" if count > 1 else ""
    return [
        Span(f" {glyph} ", f"{role} bold"),
        Span(visible(text, max(8, width - 12)) + times, "text.normal"),
    ]
