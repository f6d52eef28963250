"""When the judge is asked and what is kept of it; the service is real, its answers are scripted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from steer.agents.price import Prices
from steer.config.schema import Judge
from steer.model import event as ev
from steer.model.session import Activity, ProcessState, SessionSpec, SessionView
from steer.model.step import Entry, Said, Step, StepKind, Told
from steer.runtime.judge_record import FILE, read_records
from steer.runtime.judging import GAP_S, OLD_S, Judging, explain
from tests.judge.service import Reply, Service, serve, verdict

S = "s1"
QUOTE = "the logo is much nicer now"
DRIFT = verdict(drift=True, quote=QUOTE, confidence=0.8, correction="Leave the logo.")
KEY = {"ANTHROPIC_API_KEY": "k"}


class World:
    """Time stands still unless a test moves it; questions are begun at once and awaited with `settle`."""

    def __init__(self, folder: Path, config: Judge, environment: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.config = config
        self.at = 10_000.0
        self.entries: list[Entry] = [Said(9_999.0, QUOTE)]
        self.events: list[ev.Event] = []
        spec = SessionSpec(id=S, name="a", argv=("x",), worktree="/w", branch="b", base="", task="parse")
        self.view = SessionView(spec, ProcessState.RUNNING, Activity.WORKING)
        self.work: list[asyncio.Task[None]] = []
        self.environment = KEY if environment is None else environment
        self.written = asyncio.Event()  # a question and what it may cost count as spent
        self.judging = self.start()

    def start(self) -> Judging:
        made = Judging(
            self.folder, lambda session: replace(self.view, spec=replace(self.view.spec, id=session)), self._newest,
            lambda: self.config, Prices().cost, self._hear, lambda: self.at, self._spawn, self.environment,
        )  # fmt: skip
        made.begin(S)
        return made

    def _hear(self, event: ev.Event) -> None:
        self.events.append(event)
        if isinstance(event, ev.JudgePaid):
            self.written.set()

    async def _newest(self, session: str, limit: int) -> Sequence[Entry]:
        return self.entries[-limit:]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.work.append(asyncio.get_running_loop().create_task(work))

    async def settle(self) -> None:
        async with asyncio.timeout(60):
            await asyncio.gather(*self.work)

    def flags(self) -> list[str]:
        """Suggestions of the flags that stand now."""
        found = [e for e in self.events if isinstance(e, ev.FlagsFound)]
        return [f.suggestion for f in found[-1].flags] if found else []

    def paid(self) -> float:
        return next((e.usd for e in reversed(self.events) if isinstance(e, ev.JudgePaid)), 0.0)

    def step(self, number: int = 1) -> None:
        for _ in range(number):
            self.judging.entry(S, Step("1", self.at, "Bash", StepKind.RUN, "make"))


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


Tell = Callable[[World, Service], Coroutine[Any, Any, None]]


def story(
    folder: Path, tell: Tell, *replies: Reply, environment: dict[str, str] | None = None, **config: Any
) -> None:
    async def run(service: Service) -> None:
        wish = {"enabled": True, "every_minutes": 10.0, "timeout_s": 30.0, **config}
        world = World(folder, Judge(base_url=service.url, **wish), environment)
        await tell(world, service)
        await world.settle()

    with serve(*(replies or (DRIFT,))) as service:
        asyncio.run(run(service))


@pytest.mark.parametrize(
    "more",
    [
        {"enabled": False},
        {"environment": {}},
        {"environment": {"ANTHROPIC_API_KEY": ""}},
        {"budget_usd": 0.0},
        {"budget_usd": 0.001},
        {"model": "a-model-without-a-price"},
    ],
)
def test_it_is_not_asked(tmp_path: Path, more: dict[str, Any]) -> None:
    async def tell(w: World, service: Service) -> None:
        w.judging.unsure(S, "aside", w.at)
        await w.settle()
        assert (service.asked, w.work, w.events) == ([], [], [])
        assert not (tmp_path / FILE).exists()

    story(tmp_path, tell, **more)


def test_it_is_off_by_default() -> None:
    assert Judge().enabled is False


def test_a_doubt_raises_a_flag_and_the_operators_word_ends_it(tmp_path: Path) -> None:
    async def tell(w: World, service: Service) -> None:
        w.judging.unsure(S, "aside", w.at)
        await w.settle()
        assert w.flags() == ["Leave the logo."]
        assert w.paid() == pytest.approx((1000 * 1.0 + 100 * 5.0) / 1e6)
        w.judging.entry(S, Told(w.at - 1, "what was said before"))
        assert w.flags() == ["Leave the logo."]
        w.judging.entry(S, Told(w.at + 1, "leave the logo"))
        assert w.flags() == []
        assert "drift: " + QUOTE in explain(tmp_path / FILE, S, w.at)[0]

    story(tmp_path, tell)


def test_one_question_at_a_time_with_a_pause_between(tmp_path: Path) -> None:
    async def tell(w: World, service: Service) -> None:
        for _ in range(3):
            w.judging.unsure(S, "aside", w.at)
        assert len(w.work) == 1
        w.at += GAP_S + 1
        w.judging.unsure(S, "aside", w.at)
        assert len(w.work) == 1  # the first is under way
        await w.settle()
        w.judging.unsure(S, "aside", w.at - OLD_S)
        assert len(w.work) == 1  # that was long ago
        w.judging.unsure(S, "aside", w.at)
        await w.settle()
        assert len(service.asked) == 2

    story(tmp_path, tell, verdict())


def test_the_passing_of_time_asks_about_work_only(tmp_path: Path) -> None:
    async def tell(w: World, service: Service) -> None:
        w.step(2)
        w.at += 601
        w.judging.passed()
        assert w.work == []  # hardly anything was done
        w.step()
        w.view = replace(w.view, activity=Activity.IDLE)
        w.judging.passed()
        assert w.work == []
        w.view = replace(w.view, activity=Activity.WORKING)
        w.judging.passed()
        await w.settle()
        w.at += 601
        w.judging.passed()
        assert len(service.asked) == 1  # nothing was done since

    story(tmp_path, tell, verdict())


def test_a_later_no_takes_the_flag_back_and_a_trouble_does_not(tmp_path: Path) -> None:
    async def tell(w: World, service: Service) -> None:
        for expected in (["Leave the logo."], ["Leave the logo."], []):
            w.step(3)
            w.at += 601
            w.judging.passed()
            await w.settle()
            assert w.flags() == expected
        assert len(service.asked) == 3

    story(tmp_path, tell, DRIFT, Reply(401), verdict())


def test_a_verdict_that_is_not_sure_is_no_flag(tmp_path: Path) -> None:
    async def tell(w: World, service: Service) -> None:
        w.judging.unsure(S, "aside", w.at)
        await w.settle()
        assert w.flags() == [] and w.paid() > 0

    story(tmp_path, tell, verdict(drift=True, quote=QUOTE, confidence=0.5, correction="c"))


def test_the_budget_is_shared_and_counts_what_is_under_way(tmp_path: Path) -> None:
    async def tell(w: World, service: Service) -> None:
        w.judging.unsure(S, "aside", w.at)
        await w.written.wait()
        w.judging.unsure("s2", "aside", w.at)  # the first may still take all
        assert len(w.work) == 1
        await w.settle()
        w.judging.unsure("s2", "aside", w.at)
        await w.settle()
        assert len(service.asked) == 2

    story(tmp_path, tell, verdict(), budget_usd=0.018)


def test_a_crash_forgets_neither_flag_nor_cost(tmp_path: Path) -> None:
    async def tell(w: World, service: Service) -> None:
        w.judging.unsure(S, "aside", w.at)
        await w.settle()
        paid = w.paid()
        with (tmp_path / FILE).open("a") as f:
            f.write('{"id": 2, "session": "s1", "at": 10000, "usd": 0.5}\n["x"]\n{"id": 3, "ses')
        w.events.clear()
        w.judging = w.start()
        assert w.flags() == ["Leave the logo."]
        assert w.paid() == pytest.approx(paid + 0.5)
        w.judging.unsure("s2", "aside", w.at)
        await w.settle()
        assert sorted(read_records(tmp_path / FILE)) == [1, 2, 3]
        assert "asked twice" not in explain(tmp_path / FILE, S, w.at)[0]
        assert "no answer is known" in explain(tmp_path / FILE, S, w.at)[0]

    story(tmp_path, tell)


def test_nothing_to_read_is_nothing_to_ask(tmp_path: Path) -> None:
    async def tell(w: World, service: Service) -> None:
        w.entries = []
        w.judging.unsure(S, "aside", w.at)
        await w.settle()
        assert service.asked == [] and w.paid() == 0

    story(tmp_path, tell)
