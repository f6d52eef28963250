"""Stopping and pausing a session whatever its processes did to get away."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from tests.e2e.escapees import ESCAPEES, REFORKERS, SLEEPERS, WAYS, escapees, living
from tests.e2e.stage import Stage, is_alive, python


@pytest.mark.parametrize("ends_first", [False, True])
def test_no_escapee_survives_a_stop(stage: Stage, ends_first: bool) -> None:
    wait = "while len([n for n in os.listdir('.') if n.startswith('pid.')]) < 9: time.sleep(0.01)\n"
    last = "print('all here', flush=True)\n" + ("input()" if ends_first else "while 1: time.sleep(1000)")

    async def story() -> None:
        session = stage.start(python(ESCAPEES + wait + last))
        client = await stage.connect(session)
        await client.when(b"all here")
        pids = escapees(session.folder)
        assert set(pids) == set(WAYS) and all(is_alive(pid) for pid in pids.values())
        if ends_first:
            await client.type(b"\n")
            assert (await client.until_event("exited"))["status"] == 0
        first = client.request("stop", soft=[signal.SIGTERM], grace_s=0.2)
        second = client.request("stop", soft=[], grace_s=0)
        for result in await asyncio.gather(first, second):
            assert result["ok"] and result["survivors"] == []
        assert {name for name, pid in pids.items() if is_alive(pid)} == set()
        assert living(session.folder) == []
        await client.until_event("exited")
        assert (await client.request("status"))["processes"] == 0
        assert (await client.request("stop", soft=[15], grace_s=5))["survivors"] == []

    asyncio.run(story())


def test_no_reforker_survives_a_stop(stage: Stage) -> None:
    async def story() -> None:
        session = stage.start(python(REFORKERS + "while 1: time.sleep(1000)"))
        client = await stage.connect(session)
        await client.when(b"all here")
        assert (await client.request("stop", soft=[], grace_s=0))["survivors"] == []
        assert living(session.folder) == []

    asyncio.run(story())


def test_two_hundred_sleepers_are_stopped(stage: Stage) -> None:
    async def story() -> None:
        session = stage.start(python(SLEEPERS + "time.sleep(100000)"))
        client = await stage.connect(session)
        await client.when(b"all here")
        assert (await client.request("status"))["processes"] == 201
        assert (await client.request("stop", soft=[], grace_s=0))["survivors"] == []
        assert living(session.folder) == []

    asyncio.run(story())


def test_a_polite_end_keeps_its_own_status(stage: Stage) -> None:
    code = "signal.signal(15, lambda *a: sys.exit(7)); print('all here', flush=True)\nwhile 1: signal.pause()"

    async def story() -> None:
        session = stage.start(python(code))
        client = await stage.connect(session)
        await client.when(b"all here")
        assert (await client.request("stop", soft=[15], grace_s=60))["survivors"] == []
        assert (await client.until_event("exited"))["status"] == 7

    asyncio.run(story())


def test_a_paused_session_can_be_stopped_politely(stage: Stage) -> None:
    code = "signal.signal(15, lambda *a: sys.exit(7)); print('all here', flush=True)\nwhile 1: signal.pause()"

    async def story() -> None:
        session = stage.start(python(code))
        client = await stage.connect(session)
        await client.when(b"all here")
        await client.request("pause")
        await client.request("stop", soft=[15], grace_s=60)
        assert (await client.until_event("exited"))["status"] == 7

    asyncio.run(story())


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_pause_stops_all_and_continue_only_what_it_stopped(stage: Stage) -> None:
    wait = "while len([n for n in os.listdir('.') if n.startswith('pid.')]) < 9: time.sleep(0.01)\n"
    tick = "print('all here', flush=True)\nwhile 1: print(input(), flush=True)"

    async def story() -> None:
        session = stage.start(python(ESCAPEES + wait + tick))
        client = await stage.connect(session)
        await client.when(b"all here")
        assert session.result
        pids = {**escapees(session.folder), "program": session.result.child_pid}
        for _ in range(2):
            assert (await client.request("pause"))["ok"]
            assert {name: state(pid) for name, pid in pids.items()} == dict.fromkeys(pids, "T")
        assert (await client.request("status"))["paused"]
        assert (await stage.connect(session)).keeper.hello["paused"]
        for _ in range(2):
            assert (await client.request("continue"))["ok"]
            stopped = {name for name, pid in pids.items() if state(pid) == "T"}
            assert stopped == {"stopped"}
        await client.type(b"again\n")
        await client.until(lambda: client.data.count(b"again") == 2)
        assert not (await client.request("status"))["paused"]

    asyncio.run(story())


def test_zombies_do_not_pile_up(stage: Stage) -> None:
    code = """
print('all here', flush=True)
for _ in range(3000):
    if os.fork() == 0:
        if os.fork() == 0: os._exit(0)
        os._exit(0)
    os.wait()
"""

    async def story() -> None:
        session = stage.start(python(code))
        client = await stage.connect(session)
        worst = 0
        while not any(e["event"] == "exited" for e in client.events):
            await asyncio.sleep(0)
            children = Path(f"/proc/{session.pid}/task/{session.pid}/children").read_text().split()
            worst = max(worst, len(children))
        assert worst < 1000  # of 6000; a few on a quiet machine, more while the keeper waits for a core

    asyncio.run(story())
