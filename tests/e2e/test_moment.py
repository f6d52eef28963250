"""Forking from an earlier moment: its files, its conversation, and a parent that is as it was."""

from __future__ import annotations

import json
import os
import time

import pytest

from steer.errors import UserError
from steer.runtime.intervention.moment import SLACK_S
from tests.e2e.place import Place, until
from tests.e2e.test_conversation import begin, fake, say, told  # noqa: F401  # `fake` is a fixture
from tests.e2e.test_restart import ECHO, checkpoints, started


def save(place: Place, session: str, text: str) -> str:
    """Write a.txt and take a checkpoint; its id."""
    (place.worktree(session) / "a.txt").write_text(text)
    place.call("diff", session=session)
    return checkpoints(place, session)[-1]


def files_at(place: Place, child: str) -> str:
    return (place.worktree(child) / "a.txt").read_text()


def test_a_fork_has_the_files_of_the_newest_checkpoint_before_the_moment(place: Place) -> None:
    mother = started(place)
    place.shows(mother, "TASK work")
    save(place, mother, "good\n")
    between = time.time()
    until("the checkpoint is at that moment", lambda: time.time() > between + SLACK_S)
    bad = save(place, mother, "bad\n")
    assert files_at(place, fork(place, mother, at=between)) == "good\n"
    assert files_at(place, fork(place, mother, at=bad[:10])) == "bad\n"
    began = place.view(mother)["spec"]["created_at"]
    assert files_at(place, fork(place, mother, at=began + 0.0)) == "one\n"
    assert files_at(place, mother) == "bad\n"
    plan = place.call("plan_fork", session=mother, at=between)
    assert plan["moment"]["checkpoint"] == checkpoints(place, mother)[-2]
    assert any("checkpoint" in line and "+1 −1" in line for line in plan["carried"])


def fork(place: Place, session: str, **params: object) -> str:
    return str(place.call("fork", session=session, **params)["session"])


def test_a_killed_session_can_be_forked_from_its_past_and_seen_as_of_then(place: Place) -> None:
    mother = started(place)
    place.shows(mother, "TASK work")
    good = save(place, mother, "good\n")
    save(place, mother, "bad\n")
    place.call("kill", session=mother)
    seen = place.call("diff", session=mother, at=good)
    assert "+good" in seen["files"][0]["patch"] and seen["checkpoint"] == good and seen["moment"]
    child = fork(place, mother, at=good)
    assert files_at(place, child) == "good\n"
    assert place.view(mother)["spec"]["place"] == "trash"
    view = place.view(child)
    assert (view["process"], view["spec"]["place"], view["spec"]["stopped"]) == ("running", "worktree", 0)
    again = str(place.call("restart", session=mother, brief="x", checkpoint=good)["session"])
    assert place.view(again)["spec"]["place"] == "worktree" and files_at(place, again) == "good\n"
    with pytest.raises(UserError, match="in the trash"):
        place.call("fork", session=mother)


@pytest.mark.parametrize(
    ("at", "why"),
    [
        ("tomorrow", "is no moment"),
        ("step:3", "no step"),
        ("flag:none", "no flag"),
        ("deadbeef", "no checkpoint"),
        ("-48h", "was not there"),
        ("2001-01-01T00:00:00", "was not there"),
        ("99999:00:00", "was not there"),
    ],
)
def test_what_is_no_moment_is_said_and_nothing_is_made(place: Place, at: str, why: str) -> None:
    mother = started(place)
    with pytest.raises(UserError, match=why):
        place.call("fork", session=mother, at=at)
    assert len(place.call("view")["fleet"]["sessions"]) == 1


def test_the_child_remembers_what_was_said_until_then(fake: Place) -> None:  # noqa: F811
    parent = begin(fake)
    say(fake, parent, "two")
    fake.wait(parent, "two steps", lambda v: v["steps"] == 2)
    between = time.time()
    say(fake, parent, "three")
    fake.wait(parent, "three steps", lambda v: v["steps"] == 3)
    plan = fake.call("plan_fork", session=parent, at=between)
    assert plan["conversation"]["mode"] == "cut" and "up to that moment" in plan["conversation"]["text"]
    made = fake.call("fork", session=parent, at=between, env=dict(os.environ))
    child = str(made["session"])
    assert "up to that moment" in made["notes"][-1]
    fake.shows(child, "remembers ['one', 'two'] in mother-fork")
    say(fake, child, "other")
    fake.wait(child, "its own turn", lambda v: v["steps"] == 3)
    assert told(fake, child) == ["one", "two", "other"]
    assert told(fake, parent) == ["one", "two", "three"], "the parent's is untouched"
    began = fake.view(parent)["spec"]["created_at"]
    assert fake.call("plan_fork", session=parent, at=began)["conversation"]["mode"] == "none"


def test_before_a_step(fake: Place) -> None:  # noqa: F811
    parent = begin(fake)
    for number, word in enumerate(("one", "one", "one"), 2):
        say(fake, parent, word)
        fake.wait(parent, "its step", lambda v, n=number: v["steps"] == n)
    child = str(fake.call("fork", session=parent, at="step:3", env=dict(os.environ))["session"])
    fake.shows(child, "remembers ['one', 'one', 'one'] in mother-fork")  # the third was asked before it ran


def test_before_a_flag(place: Place) -> None:
    argv = place.script("echo", ECHO)
    mother = place.start([*argv, "work"], name="mother", task="work", scope=["dir/**"])
    place.shows(mother, "TASK work")
    save(place, mother, "out of its scope\n")
    flagged = place.wait(mother, "flagged", lambda v: bool(v["flags"]))
    flag = flagged["flags"][0]
    plan = place.call("plan_fork", session=mother, at=f"flag:{flag['rule']}")
    assert plan["moment"]["at"] < (flag["since"] or flag["at"])


def test_by_command_line_and_compared(place: Place) -> None:
    mother = started(place)
    place.shows(mother, "TASK work")
    good = save(place, mother, "good\n")
    save(place, mother, "bad\n")
    done = place.run("fork", "mother", "--at", good, "--plan")
    assert done.status == 0 and "carried: the files of checkpoint" in done.out
    made = json.loads(place.run("fork", "mother", "--at", good, "--name", "child", "--json").out)
    assert files_at(place, made["session"]) == "good\n"
    done = place.run("compare", "mother", "child")
    assert done.status == 0 and "-bad" in done.out and "+good" in done.out and "mother: 1 changed" in done.out
    done = place.run("compare", "mother", "mother")
    assert done.status == 2 and done.err.startswith("steer: a session is compared with another one")
    done = place.run("diff", "mother", "--at", good, "--stat")
    assert done.out == "M a.txt +1 -1\n"
    done = place.run("fork", "mother", "--at", "nonsense")
    assert done.status == 2 and "is no moment" in done.err and "step:12" in done.err
