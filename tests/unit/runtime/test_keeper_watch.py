"""When a keeper counts as silent, and when nothing is proved by that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from steer.model import event as ev
from steer.runtime import keeper_watch
from steer.runtime.keeper_watch import BUSY_TICKS, STOPPED_TICKS, KeeperWatch
from steer.runtime.keeping import tree


@dataclass
class Keeper:
    pid: int = 4711
    heard: int = 0
    is_answering: bool = True
    asked: int = 0

    async def request(self, op: str) -> dict[str, Any]:
        self.asked += 1
        if self.is_answering:
            self.heard += 1
        return {}


@dataclass
class Scene:
    state: str = "S"
    keeper: Keeper = field(default_factory=Keeper)
    told: list[ev.FlagsFound] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.live: Any = SimpleNamespace(spec=SimpleNamespace(id="s1"), keeper=self.keeper, silence="")
        emit: Callable[[Any], None] = self.told.append
        self.watch = KeeperWatch(lambda: [self.live], emit, lambda: 0.0)

    def ticks(self, count: int, *, is_late: bool = False) -> None:
        async def tick() -> None:
            for _ in range(count):
                self.watch.tick(is_late=is_late)
                await asyncio.sleep(0)

        asyncio.run(tick())

    @property
    def is_flagged(self) -> bool:
        return bool(self.told and self.told[-1].flags)


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    made = Scene()
    monkeypatch.setattr(
        keeper_watch.tree, "read_process", lambda pid: tree.Process(pid, 1, made.state, 1, "x")
    )
    return made


def test_a_keeper_that_answers_or_talks_is_never_flagged(scene: Scene) -> None:
    scene.ticks(20)
    assert not scene.told and scene.keeper.asked == 10
    for _ in range(20):
        scene.keeper.heard += 1
        scene.ticks(1)
    assert scene.keeper.asked <= 11, "one that talks is not asked"


def test_a_stopped_one_is_flagged_soon_and_only_until_it_answers(scene: Scene) -> None:
    scene.state, scene.keeper.is_answering = "T", False
    scene.ticks(2 + STOPPED_TICKS)
    assert scene.is_flagged and "kill -CONT 4711" in scene.live.silence
    scene.ticks(50)
    assert len(scene.told) == 1 and scene.keeper.asked == 1
    scene.keeper.heard += 1
    scene.ticks(1)
    assert not scene.is_flagged and not scene.live.silence


def test_one_that_is_only_slow_gets_more_time(scene: Scene) -> None:
    scene.keeper.is_answering = False
    scene.ticks(1 + BUSY_TICKS)
    assert not scene.is_flagged
    scene.ticks(1)
    assert scene.is_flagged and "CONT" not in scene.live.silence


def test_who_had_no_time_himself_accuses_nobody(scene: Scene) -> None:
    scene.state, scene.keeper.is_answering = "T", False
    scene.ticks(100, is_late=True)
    for _ in range(20):
        scene.ticks(1)
        scene.ticks(1, is_late=True)
    assert not scene.told
