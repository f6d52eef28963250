"""What the board says about one session: glyph and word of its state, age, lines, checks. Never colour alone."""

from __future__ import annotations

from typing import NamedTuple

from steer.model.flag import Severity
from steer.model.session import LIVE, Activity, CheckResult, DiffStat, ProcessState, SessionView
from steer.term.visible import visible
from steer.ui.line import Line, Span, join

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
    since = view.activity_at if view.process is ProcessState.RUNNING else 0.0
    since = since or view.started_at or view.spec.created_at
    return duration(now - since) if since else ""


def size(count: int) -> str:
    """Bytes for people: "3.4 GB"."""
    value, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit in ("B", "kB") or value >= 100 else f"{value:.1f} {unit}"


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


def flag_spans(view: SessionView, limit: int) -> Line:
    """The newest flag, or the note the operator should see."""
    if view.note:
        return [Span("! " + visible(view.note, limit), "flag.warn")]
    if not view.flags:
        return []
    flag = max(view.flags, key=lambda f: f.at)
    times = f" ×{flag.count}" if flag.count > 1 else ""
    return [Span("▲ " + visible(flag.title, limit) + times, _SEVERITY[flag.severity])]


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
    """A pane's bottom line: state, why, age, lines changed, checks, last flag; the least needed is left out."""
    s = state(view)
    head = [Span(f"{s.glyph} {s.word}", s.role)]
    if old := age(view, now):
        head.append(Span(f" {old}", "text.muted"))
    why = visible(view.activity_text, max(12, width // 3))
    parts = [
        head,
        [Span(why, s.role)] if why and view.activity in (Activity.ASKING, Activity.ERROR) else [],
        flag_spans(view, max(16, width // 3)),
        diff_spans(view.diff, with_files=width >= 70),
        check_spans(view.check),
        [Span("! " + visible(view.recording_note, 32), "flag.warn")] if view.recording_note else [],
    ]
    return [Span(" "), *join(_that_fit(parts, width - 2), SEPARATOR), Span(" ")]


def _that_fit(parts: list[Line], width: int) -> list[Line]:
    """The non-empty parts in order while they fit; a part too long is left out, a shorter one after it is not."""
    kept: list[Line] = []
    used = 0
    for part in filter(None, parts):
        need = sum(len(span.text) for span in part) + (len(SEPARATOR.text) if kept else 0)
        if used + need <= width or not kept:
            kept.append(part)
            used += need
    return kept
