"""When the judge is asked, what it may cost, and the flag that comes of it. It acts on nothing."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from steer.config.schema import Judge as JudgeConfig
from steer.errors import SteerError
from steer.judge.judge import KEYS, MAX_TOKENS, Opinion, ask, key_source
from steer.judge.question import MAX_PROMPT, make_question
from steer.judge.verdict import Verdict
from steer.model import event as ev
from steer.model.flag import Flag, Severity
from steer.model.session import LIVE, Activity, SessionView
from steer.model.step import Arrival, Entry, Step, Told, Usage
from steer.runtime.judge_record import FILE, JudgeRecord, of_session, read_records, total_usd, write_record

SOURCE = "judge"
DAY_S = 86_400.0
GAP_S = 60.0  # between two questions about one session
OLD_S = 300.0  # what a detector found in older entries is no reason to ask
MIN_STEPS = 3  # new ones, before the passing of time is a reason to ask
SURE = 0.6  # confidence from which a verdict becomes a flag
_ENTRIES = 120
log = logging.getLogger("steer.judge")


class Judging:
    """On the event loop only. `entries(session, limit)`: the newest of its conversation; `cost`: of tokens in USD,
    None for a model whose price is not known; `view`: a session as the board shows it, or None.
    """

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
        self._begun_at: dict[str, float] = {}
        self._steps: dict[str, int] = {}  # new ones since it was asked
        self._flagged: dict[str, float] = {}  # sessions whose flag stands: when it was raised
        self._said = ""
        self._records = read_records(self._path)

    def begin(self, session: str) -> None:
        """A session's agent was started or taken over. What the judge held against it stands until it is answered."""
        self._begun_at[session] = self._now()
        asked = of_session(self._records.values(), session)
        if asked:
            self._tell_cost(session)
        if answered := [r for r in asked if r.is_answered]:
            self._show(answered[-1])

    def entry(self, session: str, entry: Entry) -> None:
        """Something new in a session's conversation, or, after it was taken over, all that it holds."""
        if (
            isinstance(entry, Step)
            and not entry.is_over
            and not 0 < entry.at < self._begun_at.get(session, 0.0)
        ):
            self._steps[session] = self._steps.get(session, 0) + 1
        if isinstance(entry, Told) and entry.arrival is Arrival.SUBMITTED:
            self._told(session, entry.at)

    def _told(self, session: str, at: float) -> None:
        """The operator has spoken: what was held against the agent before is answered."""
        if session in self._flagged and not 0 < at < self._flagged[session]:
            del self._flagged[session]
            self._emit(ev.FlagsFound(session, self._now(), SOURCE, ()))

    def unsure(self, session: str, rule: str, at: float) -> None:
        """A detector found something at that time that is worth a second opinion."""
        if self._now() - at < OLD_S and session not in self._flagged:
            self._want(session, rule)

    def passed(self) -> None:
        """Some time has passed."""
        every_s = 60 * self._config().every_minutes
        for session, count in list(self._steps.items()):
            view = self._view(session)
            is_working = view is not None and view.activity is Activity.WORKING and not view.is_paused
            since = max(self._asked_at.get(session, 0.0), self._begun_at.get(session, 0.0))
            if every_s > 0 and count >= MIN_STEPS and is_working and since + every_s <= self._now():
                self._want(session, "")

    def _want(self, session: str, doubt: str) -> None:
        config, view = self._config(), self._view(session)
        if not config.enabled or session in self._asking or view is None or view.process not in LIVE:
            return
        if self._now() - self._asked_at.get(session, -GAP_S) < GAP_S:
            return
        most = self._cost(Usage(config.model, input=MAX_PROMPT // 2, output=MAX_TOKENS))
        if reason := self._why_not(config, most):
            if reason != self._said:
                log.warning("the judge is not asked: %s", reason)
            self._said = reason
            return
        self._asking.add(session)
        self._asked_at[session] = self._now()
        self._steps[session] = 0
        self._spawn(self._ask(view, doubt, config, most))

    def _why_not(self, config: JudgeConfig, most: float | None) -> str:
        """`most`: what a question may cost."""
        if not key_source(self._environment):
            return f"there is no key in ${KEYS[0]}"
        if most is None:
            return f'the price of {config.model} is not known; add it as [prices."{config.model}"]'
        since = self._now() - DAY_S
        spent = sum(r.usd for r in self._records.values() if r.at > since)
        if spent + most > config.budget_usd:
            return f"${spent:.2f} of ${config.budget_usd:.2f} were spent within a day"
        return ""

    async def _ask(self, view: SessionView, doubt: str, config: JudgeConfig, most: float | None) -> None:
        """What it may cost at most is written down before, so that no crash makes the budget forget it."""
        session = view.spec.id
        try:
            entries = await self._entries(session, _ENTRIES)
            if not entries:
                return
            question = await asyncio.to_thread(make_question, view.spec.task, view.spec.scope, entries, doubt)
            record = JudgeRecord(max(self._records, default=0) + 1, session, self._now(), most or 0.0)
            self._write(record)
            self._take(record, await ask(config, question))
        except SteerError as e:
            log.warning("%s: the judge was not asked: %s", session, e.message)
        finally:
            self._asking.discard(session)

    def _take(self, record: JudgeRecord, opinion: Opinion) -> None:
        verdict, usd = opinion.verdict, self._cost(opinion.usage)
        drift = verdict if verdict and verdict.drift and verdict.confidence >= SURE else None
        ended = replace(
            record,
            usd=record.usd if usd is None else usd,
            outcome=opinion.problem or (f"drift: {drift.quote}" if drift else "no drift"),
            ended_at=self._now(),
            is_answered=verdict is not None,
            drift=drift,
        )
        if opinion.problem:
            log.warning("%s: %s", record.session, opinion.problem)
        else:
            self._show(ended)
        self._write(ended)

    def _show(self, record: JudgeRecord) -> None:
        """Hold up what the judge said, or nothing."""
        flags: tuple[Flag, ...] = ()
        self._flagged.pop(record.session, None)
        if record.drift:
            self._flagged[record.session] = record.ended_at
            flags = (_flag(record.drift, record.ended_at),)
        self._emit(ev.FlagsFound(record.session, self._now(), SOURCE, flags))

    def _write(self, record: JudgeRecord) -> None:
        """Raises `EnvironmentFault` where it cannot be kept."""
        self._records[record.id] = record
        self._tell_cost(record.session)
        write_record(self._path, record)

    def _tell_cost(self, session: str) -> None:
        usd = total_usd(of_session(self._records.values(), session))
        self._emit(ev.JudgePaid(session, self._now(), usd))


def _flag(verdict: Verdict, at: float) -> Flag:
    quote = " ".join(verdict.quote.split())
    return Flag(
        "judge",
        f"drift, says the judge: {quote}"[:60],
        Severity.WARN,
        at,
        (quote, f"suggests: {verdict.correction}", f"confidence {verdict.confidence:.0%}"),
        "inject",
        key=quote[:40],
        suggestion=verdict.correction,
    )


def explain(path: Path, session: str, now: float) -> list[str]:
    """What the judge said last of a session, and what it cost."""
    asked = of_session(read_records(path).values(), session)
    if not asked:
        return []
    times = "once" if len(asked) == 1 else f"{len(asked)} times"
    ago = max(0.0, now - asked[-1].at) / 60
    return [f"judge, asked {times} for ${total_usd(asked):.4f}; {ago:.0f} min ago: {asked[-1].outcome}"]
