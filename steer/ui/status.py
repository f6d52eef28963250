"""What the board says about one session: glyph and word of its state, age, lines, checks. Never colour alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from steer.model.flag import Severity
from steer.model.session import LIVE, Activity, CheckResult, DiffStat, ProcessState, SessionView, Trend
from steer.model.step import Usage
from steer.term.visible import visible
from steer.ui.line import Line, Span, join, line_width

# Ages may be late by this much, in seconds and in minutes. A tick that changes twenty rows and panes costs 24 ms.
SECONDS_TICK_S, MINUTES_TICK_S = 5.0, 10.0
_COST_FROM = 50  # cells of a pane's width from which its cost is shown
SEPARATOR = Span(" · ", "text.faint")

_ACTIVITY = {
    Activity.WORKING: ("●", "working"),
    Activity.ASKING: ("◆", "asking"),
    Activity.IDLE: ("○", "idle"),
    Activity.ERROR: ("✗", "error"),
    Activity.UNKNOWN: ("◌", "unknown"),
}
_PROCESS = {
    ProcessState.STARTING: ("◔", "starting"),
    ProcessState.STOPPING: ("◕", "stopping"),
    ProcessState.EXITED: ("■", "ended"),
    ProcessState.FAILED: ("✗", "failed"),
    ProcessState.LOST: ("‡", "lost"),
}
_TREND = {
    Trend.CONVERGING: Span("↗", "diff.added"),
    Trend.STUCK: Span("→", "flag.warn"),
    Trend.DIVERGING: Span("↘", "flag.urgent"),
}
_SEVERITY = {Severity.URGENT: "flag.urgent", Severity.WARN: "flag.warn", Severity.INFO: "flag.info"}


class State(NamedTuple):
    """One glyph (one cell), one word, and the role they are drawn in."""

    glyph: str
    word: str
    role: str


def state(view: SessionView) -> State:
    """The process where it is not simply running, else what the agent does."""
    if view.process in _PROCESS:
        glyph, word = _PROCESS[view.process]
        return State(glyph, _with_exit(word, view), f"process.{view.process.value}")
    if view.is_paused:
        return State("‖", "paused", "process.paused")
    glyph, word = _ACTIVITY[view.activity]
    return State(glyph, word, f"activity.{view.activity.value}")


def _with_exit(word: str, view: SessionView) -> str:
    status = view.exit_status
    if status is None or status == 0 or view.process in LIVE:
        return word
    return f"{word}, signal {-status}" if status < 0 else f"{word}, status {status}"


def duration(seconds: float) -> str:
    """At most four characters: "8s", "12m", "3h", "2d"."""
    s = max(0, int(seconds))
    if s < 60:
        return f"{s}s"
    if s < 3600:
        return f"{s // 60}m"
    return f"{s // 3600}h" if s < 86_400 else f"{s // 86_400}d"


def age(view: SessionView, now: float) -> str:
    """How long it has been in its state; its age where that is not known. `now`: seconds since the epoch."""
    since = _since(view)
    return duration(now - since) if since else ""


def _since(view: SessionView) -> float:
    since = view.activity_at if view.process is ProcessState.RUNNING else 0.0
    return since or view.started_at or view.spec.created_at


def tick_s(views: Iterable[SessionView], now: float) -> float:
    """How often ages have to be looked at: seconds are shown only in the first minute."""
    return SECONDS_TICK_S if any(now - _since(view) < 60 for view in views) else MINUTES_TICK_S


def size(count: int) -> str:
    """Bytes for people: "3.4 GB"."""
    value, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit in ("B", "kB") or value >= 100 else f"{value:.1f} {unit}"


def tokens(count: int) -> str:
    """For people: "812", "45k", "1.2M"."""
    if count < 1000:
        return str(count)
    return f"{count / 1000:.0f}k" if count < 999_500 else f"{count / 1e6:.1f}M"


def money(usd: float) -> str:
    """ "$0.004", "$0.42", "$12.30": two figures that mean something."""
    return f"${usd:.3f}" if 0 < usd < 0.01 else f"${usd:.2f}"


def usage_spans(usage: Usage) -> Line:
    """What it cost, or the tokens where money is not known."""
    if usage.cost_usd is not None:
        return [Span(money(usage.cost_usd), "text.muted")]
    return [Span(f"{tokens(usage.tokens)} tok", "text.muted")] if usage.tokens else []


def diff_spans(diff: DiffStat, with_files: bool = True) -> Line:
    """ "+12 −3 in 4" or nothing."""
    if not (diff.files or diff.added or diff.removed):
        return []
    line = [Span(f"+{diff.added}", "diff.added"), Span(f" −{diff.removed}", "diff.removed")]
    if with_files:
        line.append(Span(f" in {diff.files} file{'s' if diff.files != 1 else ''}", "text.muted"))
    return line


def check_spans(check: CheckResult) -> Line:
    """Glyph, and the number where the check's output told it."""
    if check.state == "running":
        return [Span("◔ checking", "text.muted")]
    if check.state == "passed":
        return [Span(f"✓ {check.passed}" if check.passed >= 0 else "✓ checks", "diff.added")]
    if check.state == "failed":
        count = f"✗ {check.failed} failing" if check.failed >= 0 else "✗ checks fail"
        return [Span(count, "diff.removed")]
    return [Span("! check broken", "flag.warn")] if check.state == "error" else []


def trend_spans(view: SessionView) -> Line:
    """An arrow: up where fewer and fewer checks fail, down where more and more do."""
    return [_TREND[view.trend]] if view.trend in _TREND else []


def flag_spans(view: SessionView, limit: int) -> Line:
    """The note the operator should see, or the newest of the most severe flags, in at most `limit` cells."""
    if view.queued:
        waits = f"{view.queued} text{'s' if view.queued > 1 else ''} will be sent when it is idle"
        return [Span("… " + visible(waits, limit - 2), "text.accent")]
    if view.note:
        return [Span("! " + visible(view.note, limit - 2), "flag.warn")]
    if not view.flags:
        return []
    flag = max(view.flags, key=lambda f: (f.severity is Severity.URGENT, f.at))
    times = f" ×{flag.count}" if flag.count > 1 else ""
    return [Span("▲ " + visible(flag.title, limit - 2 - len(times)) + times, _SEVERITY[flag.severity])]


def title_spans(view: SessionView, number: int, is_focus: bool, width: int) -> Line:
    """A pane's top line: number, glyph, name, agent, branch; `width` is a hint for what to leave out."""
    s = state(view)
    line = [
        Span(f" {number} ", "text.muted"),
        Span(f"{s.glyph} ", s.role),
        Span(visible(view.spec.name, 40), "text.normal bold"),
    ]
    if width >= 30:
        line.append(Span("  " + visible(view.spec.agent, 20), "text.muted"))
    if width >= 56 and view.spec.branch:
        line.append(Span("  ⎇ " + visible(view.spec.branch, 48), "text.faint"))
    line.append(Span(" "))
    return (
        [Span(" KEYS GO TO THE AGENT ", "surface.background on:border.focus bold"), *line]
        if is_focus
        else line
    )


def status_spans(view: SessionView, now: float, width: int) -> Line:
    """A pane's bottom line: state, age, the story (why it asks, or its newest flag), lines changed, checks.

    The story takes the room the others leave; where that is too little, the figures give way.
    """
    s = state(view)
    head = [Span(f"{s.glyph} {s.word}", s.role)]
    if old := age(view, now):
        head.append(Span(f" {old}", "text.muted"))
    figures = [
        diff_spans(view.diff, with_files=width >= 70),
        join([check_spans(view.check), trend_spans(view)], Span(" ")),
        usage_spans(view.usage) if width >= _COST_FROM else [],
    ]
    room = width - 2 - line_width(head)
    needed = sum(line_width(f) + len(SEPARATOR.text) for f in figures if f)
    left = room - len(SEPARATOR.text) - (needed if room - needed >= _SHORTEST_STORY else 0)
    parts = [head, _story(view, s.role, left), *figures]
    return [Span(" "), *join(_that_fit(parts, width - 2), SEPARATOR), Span(" ")]


_SHORTEST_STORY = 16  # cells; below this a sentence says nothing


def _story(view: SessionView, role: str, limit: int) -> Line:
    """The one sentence that matters most now, in at most `limit` cells."""
    if limit < _SHORTEST_STORY // 2:
        return []
    if view.recording_note:
        return [Span("! " + visible(view.recording_note, limit - 2), "flag.warn")]
    if view.activity_text and view.activity in (Activity.ASKING, Activity.ERROR) and not view.note:
        return [Span(visible(view.activity_text, limit), role)]
    return flag_spans(view, limit)


def _that_fit(parts: list[Line], width: int) -> list[Line]:
    """The non-empty parts in order while they fit; a part too long is left out, a shorter one after it is not."""
    kept: list[Line] = []
    used = 0
    for part in filter(None, parts):
        need = line_width(part) + (len(SEPARATOR.text) if kept else 0)
        if used + need <= width or not kept:
            kept.append(part)
            used += need
    return kept
