"""An agent that changes what was recorded of it, with the rights of its user: seen by whoever replays it."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

from steer.runtime.keeping.sums import Sums
from tests.e2e.board_terminal import BoardTerminal
from tests.e2e.place import Place, kill_and_wait, until

# Prints, then changes its own recording in place as soon as it is told to.
FORGER = r"""
import glob, os
print("the evidence", flush=True)
input()
state, session = os.environ["XDG_STATE_HOME"], os.environ["STEER_SESSION"]
path, = glob.glob(f"{state}/steer/*/sessions/{session}/recording-1.cast")
with open(path, "r+b") as f:
    data = f.read()
    f.seek(data.index(b"the evidence"))
    f.write(b"an invention")
print("changed", flush=True)
input()
"""


def said(place: Place, session: str) -> str:
    done = place.run("replay", "--info", session)
    assert done.status == 0, done.err
    return done.out


def test_what_an_agent_changed_in_its_recording_is_said(place: Place) -> None:
    s = place.start(place.script("forger", FORGER), name="forger")
    honest = place.start(["/bin/sh", "-c", "echo the evidence; read x"], name="honest")
    for session in (s, honest):
        place.shows(session, "the evidence")
    place.call("inject", session=s, text="go")
    place.shows(s, "changed")
    for session in (s, honest):
        place.call("inject", session=session, text="bye")
        place.wait(session, "ended", lambda v: v["process"] == "exited")
    assert "changed after it was recorded, from 0:00 on" in said(place, "forger")
    assert "an invention" in place.run("replay", "--text", "forger").out
    assert "unchanged since it was recorded" in said(place, "honest")
    facts = json.loads(place.run("replay", "--json", "honest", "forger").out)["recordings"]
    assert [f["unchanged"] for f in facts] == [True, False]


def test_sums_that_it_made_anew_do_not_fit_what_the_supervisor_knows(place: Place) -> None:
    s = place.start(place.script("forger", FORGER), name="forger")
    path = Path(place.view(s)["recording"])
    place.shows(s, "the evidence")
    place.call("inject", session=s, text="go")
    place.shows(s, "changed")
    place.call("inject", session=s, text="bye")
    place.wait(s, "ended", lambda v: v["process"] == "exited")
    held = path.with_name("recording-1.cast.held")
    until("the supervisor has written down what it knew", held.exists)
    again = Sums(str(path))
    again.feed(path.read_bytes())
    again.mark()
    assert "changed after it was recorded, and its sums with it" in said(place, "forger")


def test_the_replay_screen_says_it(place: Place) -> None:
    s = place.start(place.script("forger", FORGER), name="forger")
    place.shows(s, "the evidence")
    place.call("inject", session=s, text="go")
    place.shows(s, "changed")
    place.call("kill", session=s)
    terminal = BoardTerminal(place.repo, cols=140)
    try:
        terminal.start("replay", "forger")
        terminal.shows("changed after it was recorded")
    finally:
        terminal.close()


def test_a_keeper_that_was_killed_is_no_change(place: Place) -> None:
    s = place.start(["/bin/sh", "-c", "echo first; read x; echo second; read x"], name="a")
    path = Path(place.view(s)["recording"])
    place.shows(s, "first")
    until("a sum", path.with_name("recording-1.cast.sums").exists)
    place.call("inject", session=s, text="go")
    place.shows(s, "second")
    kill_and_wait(place.keeper(s))
    place.wait(s, "lost", lambda v: v["process"] == "lost")
    os.truncate(path, path.stat().st_size - 3)
    assert "unchanged since it was recorded" in said(place, "a")


def test_a_system_that_goes_down_leaves_a_whole_recording_with_its_sums(place: Place) -> None:
    s = place.start(["/bin/sh", "-c", "echo first; read x"], name="a")
    path = Path(place.view(s)["recording"])
    place.shows(s, "first")
    keeper = place.keeper(s)
    os.kill(keeper, signal.SIGTERM)
    place.wait(s, "ended", lambda v: v["process"] in ("failed", "exited", "lost"))
    until("the keeper has gone", lambda: not Path(f"/proc/{keeper}").exists())
    assert json.loads(path.with_name("recording-1.cast.sums").read_bytes())["is_over"]
    assert "unchanged since it was recorded" in said(place, "a")
