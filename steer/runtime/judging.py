"""When the judge is asked, what it may cost, and the flag that comes of it. It acts on nothing."""

from __future__ import annotations

import logging
import os
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from steer.config.schema import Judge as JudgeConfig
from steer.errors import SteerError
from steer.judge.judge import MAX_TOKENS, Opinion, ask, has_key
from steer.judge.question import MAX_WINDOW, make_question
from steer.model import event as ev
from steer.model.flag import Flag, Severity
from steer.model.session import Activity, SessionView
from steer.model.step import Entry, Step, Usage
from steer.runtime.store import append_line, read_lines

SOURCE = "judge"
FILE = "judge.jsonl"  # one line for each question: time, session, cost, outcome
DAY_S = 86_400.0
GAP_S = 60.0  # between two questions about one session
OLD_S = 300.0  # what a detector found in older entries is no reason to ask
MIN_STEPS = 3  # new ones, before the passing of time is a reason to ask
SURE = 0.6  # confidence from which a verdict becomes a flag
_ENTRIES = 120
log = logging.getLogger("steer.judge")


class Judging:
    """On the event loop only. `entries(session)`: the newest of its conversation; `cost`: None for an unknown model."""

    def __init__(
        self,
        folder: Path,
        view: Callable[[str], SessionView | None],
        entries: Callable[[str, int], Awaitable[Sequence[Entry]]],
        config: Callable[[], JudgeConfig],
        cost: Callable[[Usage], float | None],
        emit: Callable[[ev.Event], None],
        now: Callable[[], float],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._path = folder / FILE
        self._view = view
        self._entries = entries
        self._config = config
        self._cost = cost
        self._emit = emit
        self._now = now
        self._spawn = spawn
        self._environment = environment
        self._asking: set[str] = set()
        self._asked_at: dict[str, float] = {}
        self._steps: dict[str, int] = {}  # since it was asked
        self._flagged: set[str] = set()
        self._said = ""
        self._paid = [(r["at"], r["session"], r["usd"]) for r in read_records(self._path)]

    def begin(self, session: str) -> None:
        """A session's agent was started or taken over."""
        self._asked_at[session] = self._now()
        if any(s == session for _, s, _ in self._paid):
            self._tell_cost(session)

    def entry(self, session: str, entry: Entry) -> None:
        if isinstance(entry, Step) and not entry.is_over:
            self._steps[session] = self._steps.get(session, 0) + 1

    def told(self, session: str) -> None:
        """The operator has spoken: what was held against the agent before is answered."""
        if session in self._flagged:
            self._flagged.discard(session)
            self._emit(ev.FlagsFound(session, self._now(), SOURCE, ()))

    def unsure(self, session: str, title: str, at: float) -> None:
        """A detector found something that is worth a second opinion."""
        if self._now() - at < OLD_S:
            self._want(session, title)

    def passed(self) -> None:
        """Some time has passed."""
        every_s = 60 * self._config().every_minutes
        for session, count in list(self._steps.items()):
            view = self._view(session)
            is_working = view is not None and view.activity is Activity.WORKING and not view.is_paused
            due = self._asked_at.get(session, 0.0) + every_s <= self._now()
            if every_s > 0 and count >= MIN_STEPS and is_working and due:
                self._want(session, "")

    def _want(self, session: str, doubt: str) -> None:
        config = self._config()
        if not config.enabled or session in self._asking or self._view(session) is None:
            return
        if session in self._flagged or self._now() - self._asked_at.get(session, -GAP_S) < GAP_S:
            return
        if reason := self._why_not(config):
            if reason != self._said:
                log.warning("the judge is not asked: %s", reason)
            self._said = reason
            return
        self._asking.add(session)
        self._asked_at[session] = self._now()
        self._steps[session] = 0
        self._spawn(self._ask(session, doubt, config))

    def _why_not(self, config: JudgeConfig) -> str:
        if not has_key(self._environment):
            return "there is no key in $ANTHROPIC_API_KEY"
        most = self._cost(Usage(config.model, input=MAX_WINDOW // 2, output=MAX_TOKENS))
        if most is None:
            return f"the price of {config.model} is not known; add it: [prices.{config.model!r}]"
        spent = sum(usd for at, _, usd in self._paid if at > self._now() - DAY_S)
        if spent + most > config.budget_usd:
            return f"${spent:.2f} of ${config.budget_usd:.2f} were spent within a day"
        return ""

    async def _ask(self, session: str, doubt: str, config: JudgeConfig) -> None:
        try:
            view = self._view(session)
            entries = await self._entries(session, _ENTRIES)
            if view is None or not entries:
                return
            opinion = await ask(config, make_question(view.spec.task, view.spec.scope, entries, doubt))
            self._take(session, opinion)
        finally:
            self._asking.discard(session)

    def _take(self, session: str, opinion: Opinion) -> None:
        verdict = opinion.verdict
        is_drift = verdict is not None and verdict.drift and verdict.confidence >= SURE
        outcome = opinion.problem or ("drift" if is_drift else "no drift")
        self._pay(session, self._cost(opinion.usage) or 0.0, outcome)
        if opinion.problem:
            log.warning("%s: %s", session, opinion.problem)
            return
        flags: tuple[Flag, ...] = ()
        if verdict is not None and is_drift:
            quote = " ".join(verdict.quote.split())
            evidence = (quote, f"suggests: {verdict.correction}", f"confidence {verdict.confidence:.0%}")
            flags = (
                Flag(
                    "judge", f"drift, says the judge: {quote}"[:60], Severity.WARN, self._now(), evidence, "inject",
                    suggestion=verdict.correction,
                ),
            )  # fmt: skip
            self._flagged.add(session)
        self._emit(ev.FlagsFound(session, self._now(), SOURCE, flags))

    def _pay(self, session: str, usd: float, outcome: str) -> None:
        self._paid.append((self._now(), session, usd))
        record = {"at": self._now(), "session": session, "usd": usd, "outcome": outcome[:300]}
        try:
            append_line(self._path, record)
        except SteerError as e:
            log.warning("%s", e.message)
        self._tell_cost(session)

    def _tell_cost(self, session: str) -> None:
        total = sum(usd for _, s, usd in self._paid if s == session)
        self._emit(ev.JudgePaid(session, self._now(), total))


def read_records(path: Path) -> list[dict[str, Any]]:
    """{at, session, usd, outcome} of each question, oldest first."""
    shape = {"at": (int, float), "session": str, "usd": (int, float), "outcome": str}
    lines = (v for v in read_lines(path) if isinstance(v, dict))
    return [v for v in lines if all(isinstance(v.get(key), kind) for key, kind in shape.items())]


def explain(path: Path, session: str, now: float) -> list[str]:
    """What the judge said last of a session, and what it cost."""
    mine = [r for r in read_records(path) if r["session"] == session]
    if not mine:
        return []
    total, last = sum(r["usd"] for r in mine), mine[-1]
    ago = (now - last["at"]) / 60
    return [f"judge, asked {len(mine)} times for ${total:.4f}; {ago:.0f} min ago: {last['outcome']}"]
