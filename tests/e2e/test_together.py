"""Supervisor, board and some of the keepers are killed in the same moment; what was not killed is whole."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.board_terminal import BoardTerminal
from tests.e2e.place import Place, is_alive, until
from tests.e2e.test_board import is_clean, terminal
from tests.e2e.test_crash import PRINTER, agent_of, recorded

__all__ = ["terminal"]  # a fixture
SESSIONS = ("a", "b", "c", "d")
ROUNDS = 2


@pytest.fixture
def dice() -> Iterator[random.Random]:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    yield random.Random(seed)


def test_who_was_not_killed_with_the_others_is_whole(
    place: Place, terminal: BoardTerminal, dice: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    truths: dict[str, Path] = {}
    for name in SESSIONS:
        truths[name] = place.root / f"truth-{name}"
        monkeypatch.setenv("TRUTH", str(truths[name]))
        place.start(place.script("printer", PRINTER), name=name)
    ids = {v["spec"]["name"]: v["spec"]["id"] for v in place.views()}
    agents = {name: agent_of(place, ids[name]) for name in SESSIONS}
    living = set(SESSIONS)
    for _ in range(ROUNDS):
        terminal.start()
        terminal.shows("quit")
        goal = truths["a"].stat().st_size + dice.randrange(3_000)
        victim = dice.choice(sorted(living - {"a"}))
        until("the agents print on", lambda goal=goal: truths["a"].stat().st_size >= goal)
        pids = [place.supervisor(), place.keeper(ids[victim]), terminal.board_pid()]
        dice.shuffle(pids)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        assert terminal.ended() == 128 + 9
        is_clean(terminal)
        for pid in pids:
            until(f"{pid} is gone", lambda pid=pid: not is_alive(pid))
        living.discard(victim)
        until("its agent is gone, too", lambda gone=agents[victim]: not is_alive(gone))
        states = {v["spec"]["name"]: v["process"] for v in place.views()}
        assert states == {name: "running" if name in living else "lost" for name in SESSIONS}
        assert all(is_alive(agents[name]) for name in living)
    for name in living:
        Path(f"{truths[name]}.end").touch()
        place.shows(name, "the end")
    for name in SESSIONS:
        truth, kept = truths[name].read_bytes(), recorded(place.view(name)["recording"])
        if name in living:
            assert kept == truth
        else:  # it may have been killed between the agent's note and its own, either way round
            shorter, longer = sorted((kept, truth), key=len)
            assert longer.startswith(shorter) and kept
            assert "after it was recorded" not in place.run("replay", "--info", ids[name]).out
