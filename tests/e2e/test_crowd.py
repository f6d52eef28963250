"""A tree that grows and grows is stopped where it is, and the operator says what becomes of it."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from steer.record.reader import Kind
from tests.e2e.escapees import living
from tests.e2e.place import Place, View, until
from tests.e2e.stage import Stage, python, read_recording

# Doubles until there are `most`; their number is shared, so that it ends by itself too.
BOMB = r"""
import mmap, os, struct, time
most, shared = int(os.environ.get('BOMB_MOST', '1500')), mmap.mmap(-1, 8)
print('armed', flush=True)
input()
def count(n):
    value = struct.unpack('q', shared[:8])[0] + n
    shared[:8] = struct.pack('q', value)
    return value
while count(1) < most:
    try:
        os.fork()
    except OSError:
        break
time.sleep(1000)
"""
LIMIT = 300


def limit(place: Place, processes: int = LIMIT) -> None:
    folder = place.root / "c" / "steer"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(f"[limits]\nprocesses = {processes}\n")


def flag_of(view: View) -> dict[str, object]:
    return next((f for f in view["flags"] if f["rule"] == "too-many-processes"), {})


def inside(folder: Path) -> list[int]:
    """Living processes that work in this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").readlink() == folder:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def test_a_fork_bomb_is_stopped_said_and_killed_and_the_others_go_on(place: Place) -> None:
    limit(place)
    other = place.start(["cat"], name="other")
    bomb = place.start(place.script("bomb", BOMB), name="bomb", env={**os.environ, "BOMB_MOST": "1500"})
    place.shows(bomb, "armed")
    place.call("inject", session=bomb, text="go")
    began = time.monotonic()
    view = place.wait(bomb, "flagged", flag_of)
    took = time.monotonic() - began
    flag, folder = flag_of(view), place.worktree(bomb)
    there = inside(folder)
    print(f"{flag['title']} after {took:.1f} s")
    assert view["is_paused"] and flag["severity"] == "urgent" and flag["propose"] == "kill"
    assert str(len(there)) in str(flag["title"]) and len(there) > LIMIT
    assert "continue lets them go on" in " ".join(map(str, flag["evidence"]))  # type: ignore[call-overload]
    assert place.call("inject", session=other, text="hello")["delivery"] == "unverified"
    place.shows(other, "hello")
    assert inside(folder) == there, "a stopped one forks no more"
    place.kill_supervisor()
    assert flag_of(place.wait(bomb, "flagged again", flag_of))["title"] == flag["title"]
    place.call("kill", session=bomb)
    assert [pid for pid in there if pid in inside(place.root)] == [] and not inside(folder)
    assert place.view("other")["process"] == "running"


def test_a_crowd_that_the_operator_lets_go_on_may_be_as_large_again(place: Place) -> None:
    limit(place, 100)
    env = {**os.environ, "BOMB_MOST": "130"}
    s = place.start(place.script("bomb", BOMB), env=env)
    place.shows(s, "armed")
    place.call("inject", session=s, text="go")
    place.wait(s, "flagged", flag_of)
    place.call("continue", session=s)
    view = place.wait(s, "no longer flagged", lambda v: not flag_of(v))
    assert not view["is_paused"]
    folder = place.worktree(s)
    until("all have been forked", lambda: len(inside(folder)) >= 130)
    place.call("inject", session=s, text="still there")
    assert not flag_of(place.view(s))


def test_without_a_limit_nobody_counts(place: Place) -> None:
    limit(place, 0)
    s = place.start(place.script("bomb", BOMB), env={**os.environ, "BOMB_MOST": "200"})
    place.shows(s, "armed")
    place.call("inject", session=s, text="go")
    folder = place.worktree(s)
    until("all have been forked", lambda: len(inside(folder)) >= 200)
    assert not flag_of(place.view(s))


def test_a_recording_says_where_its_tree_was_stopped(stage: Stage) -> None:
    async def story() -> None:
        session = stage.start(python(BOMB), max_processes=200)
        client = await stage.connect(session)
        await client.when(b"armed")
        await client.type(b"\n")
        event = await client.until_event("crowded")
        assert event["limit"] == 200 and event["processes"] == len(living(session.folder))
        assert (await stage.connect(session)).keeper.hello["crowded"]["processes"] == event["processes"]
        events, _ = read_recording(session.recording)
        marker = f"steer: stopped with {event['processes']} processes"
        assert marker in [e.text for e in events if e.kind is Kind.MARKER]
        assert (await client.request("stop", soft=[15], grace_s=60))["survivors"] == []
        assert living(session.folder) == []

    asyncio.run(story())
