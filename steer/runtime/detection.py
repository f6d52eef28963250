"""Live detection: every session's entries through a pipeline of its own; what it finds becomes the session's flags.

Entries come from the agent's transcript; of an agent without one, from what it prints, as far as that has settled
lines and is no flood.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from steer.config.path import config_home
from steer.detect.convergence import ConvergenceDetector, trend
from steer.detect.finding import Finding, Kind, Level
from steer.detect.ledger import Fact
from steer.detect.pipeline import Pipeline
from steer.detect.rules import Rules, default_rules, read_rules
from steer.detect.terminal import TerminalReader
from steer.errors import ConfigError
from steer.model import event as ev
from steer.model.flag import Flag, Severity
from steer.model.session import Activity, SessionSpec, SessionView, Trend
from steer.model.step import Arrival, Entry, Told
from steer.runtime.convergence import changed, load_ledger, writer

FLOOD_BYTES_PER_S = 128 * 1024  # of output; more than that is not read for turns
LINE_BYTES = (
    32  # what a line counts besides: 128 KiB of one-character lines took a quarter of a second to read
)
MAX_FLAGS = 20  # of one session at a time
_SEVERITY = {Level.AMBER: Severity.WARN, Level.RED: Severity.URGENT}
_ENDED_BY_SUCCESS = frozenset(
    {"same-error", "same-edit", "empty-search", "cycle", "done-while-failing", "explained-away"}
)
_NOT_ANSWERED = frozenset({"correction-loop", "diverging"})  # a further word alone does not end these
_COMMANDS = frozenset({"restart", "fork", "answer", "interrupt", "kill"})  # others: correct it
_UNLISTED = frozenset({"steps", "judge", "budget"})  # sources whose flags no correction answers for
log = logging.getLogger("steer.detection")


@dataclass(slots=True)
class _Watched:
    pipeline: Pipeline
    since: float  # what is older was done by the session that this one was forked from
    flags: dict[str, Flag] = field(default_factory=dict)  # by rule and key
    terminal: TerminalReader | None = None
    window: int = 0  # second in which `taken` bytes of output were read
    taken: int = 0
    times: list[float] = field(default_factory=list)  # when each step began
    trend: Trend = Trend.NONE
    others: dict[str, dict[str, int]] = field(default_factory=dict)  # flags of other sources: name, count


class Detection:
    """On the event loop only. `view`: a session as the board shows it, or None. `folder`: where its ledger is kept.

    `how(session, text)`: the way in which a text of the operator was delivered. `unsure` is told of findings that are
    worth a second opinion.
    """

    def __init__(
        self,
        view: Callable[[str], SessionView | None],
        emit: Callable[[ev.Event], None],
        now: Callable[[], float],
        folder: Callable[[str], Path],
        how: Callable[[str, str], str] = lambda session, text: "",
        unsure: Callable[[str, Finding], None] = lambda session, finding: None,
    ) -> None:
        self._view = view
        self._folder = folder
        self._how = how
        self._unsure = unsure
        self._emit = emit
        self._now = now
        self._watched: dict[str, _Watched] = {}

    def begin(self, spec: SessionSpec, *, reads_terminal: bool) -> None:
        """A session's agent was started or taken over."""
        folder = self._folder(spec.id)
        how = partial(self._how, spec.id)
        convergence = ConvergenceDetector(
            spec.task, load_ledger(folder), writer(folder), how, spec.created_at
        )
        pipeline = Pipeline(spec.task, spec.scope, user_rules(), convergence)
        terminal = TerminalReader() if reads_terminal else None
        watched = self._watched[spec.id] = _Watched(pipeline, spec.created_at, terminal=terminal)
        self._emit(ev.FlagsFound(spec.id, self._now(), "steps", ()))
        self._note(spec.id, watched, list(convergence.now(self._now())))

    def entry(self, session: str, entry: Entry) -> None:
        watched = self._watched.get(session)
        if watched and not 0 < entry.at < watched.since:
            self._feed(session, watched, entry)

    def _feed(self, session: str, watched: _Watched, entry: Entry) -> None:
        if isinstance(entry, Told) and entry.arrival is Arrival.SUBMITTED and watched.flags:
            kept = {name: flag for name, flag in watched.flags.items() if flag.rule in _NOT_ANSWERED}
            if len(kept) != len(watched.flags):
                watched.flags = kept  # answered; what comes back is flagged again, more severely
                self._tell(session, watched)
        found = watched.pipeline.feed(entry)
        while len(watched.times) < watched.pipeline.steps:
            watched.times.append(entry.at)
        self._note(session, watched, found)

    def passed_check(self, session: str) -> None:
        """steer's own check found everything good: what failed before is over."""
        if watched := self._watched.get(session):
            kept = {name: flag for name, flag in watched.flags.items() if flag.rule not in _ENDED_BY_SUCCESS}
            if len(kept) != len(watched.flags):
                watched.flags = kept
                self._tell(session, watched)

    def took(self, session: str, fact: Fact | None) -> None:
        """Steer itself knows something of a session."""
        if fact is not None and (watched := self._watched.get(session)):
            self._note(session, watched, watched.pipeline.took(fact))

    def flagged(self, session: str, source: str, flags: Sequence[Flag]) -> None:
        """Another source's flags, all that it holds up now."""
        watched = self._watched.get(session)
        if watched is None or source in _UNLISTED:
            return
        for fact in changed(watched.others.get(source, {}), flags, self._now()):
            self._note(session, watched, watched.pipeline.took(fact))
        watched.others[source] = {f.name: f.count for f in flags}

    def output(self, session: str, data: bytes, at: float) -> None:
        """What the agent printed, in order; `at` in seconds since the epoch."""
        watched = self._watched.get(session)
        if watched is None or watched.terminal is None:
            return
        second = int(at)
        if second != watched.window:
            watched.window, watched.taken = second, 0
        watched.taken += len(data) + LINE_BYTES * data.count(b"\n")
        if watched.taken > FLOOD_BYTES_PER_S:
            return
        for entry in watched.terminal.feed(at, data):
            self._feed(session, watched, entry)

    def told(self, session: str, text: str) -> None:
        """The operator said something to an agent whose transcript is not read."""
        if (watched := self._watched.get(session)) and watched.terminal is not None:
            self._feed(session, watched, Told(self._now(), text))

    def look(self) -> None:
        """Some time has passed: who works in silence?"""
        now = self._now()
        for session, watched in self._watched.items():
            view = self._view(session)
            if view is not None and view.activity is Activity.WORKING and not view.is_paused:
                self._note(session, watched, watched.pipeline.passed(now))

    def end(self, session: str) -> None:
        """The agent has ended: what it did stays flagged, its silence means nothing any more."""
        if watched := self._watched.pop(session, None):
            watched.flags = {k: f for k, f in watched.flags.items() if f.rule != "silence"}
            self._tell(session, watched)

    def _note(self, session: str, watched: _Watched, found: list[Finding]) -> None:
        for finding in found:
            name = f"{finding.rule} {finding.key}"
            if finding.is_over:
                watched.flags.pop(name, None)
            else:
                watched.flags.pop(name, None)  # the newest comes last
                onset = finding.onset_step
                since = watched.times[onset - 1] if 0 < onset <= len(watched.times) else 0.0
                watched.flags[name] = _flag(finding, self._now(), since)
                if finding.kind is Kind.DRIFT and finding.level is Level.AMBER:
                    self._unsure(session, finding)
        if found:
            for name in list(watched.flags)[:-MAX_FLAGS]:
                del watched.flags[name]
            self._tell(session, watched)
        now = trend(watched.pipeline.convergence.ledger)
        if now is not watched.trend:
            watched.trend = now
            self._emit(ev.TrendChanged(session, self._now(), now))

    def _tell(self, session: str, watched: _Watched) -> None:
        self._emit(ev.FlagsFound(session, self._now(), "steps", tuple(watched.flags.values())))


def _flag(finding: Finding, now: float, since: float) -> Flag:
    return Flag(
        finding.rule,
        finding.title,
        _SEVERITY[finding.level],
        finding.at if finding.at > 1e8 else now,
        (f"step {finding.onset_step}", *finding.evidence) if finding.onset_step else finding.evidence,
        finding.propose if finding.propose in _COMMANDS else "inject",
        finding.count,
        finding.key,
        since,
    )


def user_rules(path: Path | None = None) -> Rules:
    """The rules that ship with the user's own changes; a file that is wrong is said in the log and left out."""
    path = path or config_home() / "rules.toml"
    if not path.exists():
        return default_rules()
    try:
        return read_rules(path, default_rules())
    except ConfigError as e:
        log.warning("%s; the rules that ship are used", e.message)
        return default_rules()
