"""Starting afresh: what the new agent is told, which files it has, and what becomes of the old session."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from steer.errors import UserError
from steer.runtime import supervise
from steer.runtime.crash_point import VARIABLE
from tests.e2e.place import Place, until
from tests.e2e.test_conversation import fake, say, told  # noqa: F401  # a fixture

ECHO = r"""
import os, sys
print("TASK", os.environ["STEER_TASK"].split("\n")[0], "ARG", sys.argv[1:], flush=True)
for line in sys.stdin:
    print("heard", line.strip(), flush=True)
"""


def started(place: Place) -> str:
    argv = place.script("echo", ECHO)
    return place.start([*argv, "work"], name="mother", task="work")


def checkpoints(place: Place, session: str) -> list[str]:
    return [c["id"] for c in place.call("checkpoints", session=session)["checkpoints"]]


def test_a_fresh_start_has_the_base_and_the_brief_and_leaves_the_old_one_alone(place: Place) -> None:
    mother = started(place)
    place.shows(mother, "TASK work")
    (place.worktree(mother) / "a.txt").write_text("a mess\n")
    place.call("inject", session=mother, text="look at b.txt instead")
    place.shows(mother, "heard look at b.txt instead")

    plan = place.call("plan_restart", session=mother)
    assert plan["name"] == "mother-again" and plan["before"] == {}
    assert plan["brief"].startswith("work\n") and "look at b.txt instead" in plan["brief"]

    made = place.call("restart", session=mother, brief="work\n\nbut otherwise")
    child = str(made["session"])
    place.shows(child, "TASK work ARG ['work\\n\\nbut otherwise']")
    assert (place.worktree(child) / "a.txt").read_text() == "one\n"
    assert (place.worktree(mother) / "a.txt").read_text() == "a mess\n"
    spec = place.view(child)["spec"]
    assert spec["parent"] == mother and spec["base"] == place.view(mother)["spec"]["base"]
    assert place.view(mother)["process"] == "running"
    again = place.call("plan_restart", session=child)
    assert again["brief"].startswith("work\n") and "but otherwise" not in again["brief"], (
        "the task, not the brief"
    )


def test_a_fresh_start_from_a_checkpoint_has_its_files_and_a_clean_index(place: Place) -> None:
    mother = started(place)
    tree = place.worktree(mother)
    (tree / "a.txt").write_text("good\n")
    (tree / "new.txt").write_text("new\n")
    (tree / "dir/b.txt").unlink()
    place.call("diff", session=mother)  # takes a checkpoint
    good = checkpoints(place, mother)[-1]
    (tree / "a.txt").write_text("bad\n")
    place.call("diff", session=mother)

    child = str(place.call("restart", session=mother, brief="x", checkpoint=good[:10])["session"])
    made = place.worktree(child)
    assert (made / "a.txt").read_text() == "good\n" and (made / "new.txt").read_text() == "new\n"
    assert not (made / "dir/b.txt").exists()
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=made, capture_output=True, text=True, check=True
    )
    assert sorted(status.stdout.splitlines()) == [" D dir/b.txt", " M a.txt", "?? new.txt"], (
        "nothing is staged"
    )
    with pytest.raises(UserError, match="no checkpoint"):
        place.call("restart", session=mother, brief="x", checkpoint="0" * 8)


def test_the_old_one_is_killed_only_when_asked_and_comes_back(place: Place) -> None:
    mother = started(place)
    place.shows(mother, "TASK")
    child = str(place.call("restart", session=mother, brief="x", kill=True)["session"])
    assert place.view(mother)["spec"]["place"] == "trash"
    place.call("undo")
    assert place.view(mother)["spec"]["place"] == "worktree"
    place.call("undo")
    assert place.view(child)["spec"]["place"] == "trash", "the restart can be undone, too"


def test_by_command_line_with_a_brief_from_a_file(place: Place) -> None:
    mother = started(place)
    place.shows(mother, "TASK")
    done = place.run("restart", "mother", "--plan")
    assert done.status == 0 and done.out.startswith("work\n") and "base: main" in done.out
    brief = place.root / "brief.txt"
    brief.write_text("take the other way\n")
    done = place.run("restart", "mother", "--brief", str(brief), "--name", "daughter", "--kill", "--json")
    made = json.loads(done.out)
    assert done.status == 0 and place.view("daughter")["spec"]["task"] == "take the other way"
    assert place.view(made["session"])["spec"]["name"] == "daughter"
    assert place.view("mother")["spec"]["place"] == "trash"
    for bad in (
        "none.txt",
        str(_written(place.root / "empty", b" \n")),
        str(_written(place.root / "raw", b"\xff")),
    ):
        done = place.run("restart", "daughter", "--brief", bad)
        assert done.status == 2 and done.err.startswith("steer: the brief ") and "Traceback" not in done.err


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("point", ["restart.planned", "begin.added", "begin.saved", "begin.attached"])
def test_a_crash_in_between_leaves_a_session_or_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    mother = started(place)
    place.shows(mother, "TASK")
    place.kill_supervisor()
    monkeypatch.setenv(VARIABLE, point)
    supervise.ensure_supervisor(place.common_dir)
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(Exception, match=r".+"):
        place.call("restart", session=mother, brief="x")
    (operation,) = place.operations("restart")
    live = [v for v in place.views() if v["spec"]["place"] == "worktree" and v["spec"]["id"] != mother]
    assert operation["state"] == ("done" if live else "failed")
    assert len(list(place.paths.worktrees.iterdir())) == 1 + len(live)
    assert place.view(mother)["process"] == "running"


def test_an_agent_with_a_conversation_begins_a_new_one_with_the_brief(fake: Place) -> None:  # noqa: F811
    done = fake.call("start", task="one", agent="fake", name="mother")
    mother = str(done["sessions"][0])
    fake.wait(mother, "one step", lambda v: v["steps"] == 1)
    say(fake, mother, "not like that")
    fake.wait(mother, "two steps", lambda v: v["steps"] == 2)
    plan = fake.call("plan_restart", session=mother)
    assert "- not like that" in plan["brief"] and "ran make one: failed" in plan["brief"]
    child = str(fake.call("restart", session=mother)["session"])
    until("the brief is its first turn", lambda: told(fake, child))
    assert told(fake, child) == [plan["brief"]]
    fake.shows(child, "remembers []")
    lines = fake.call("explain", session=mother)["lines"]
    assert any(line.startswith("correction, ") and "not like that" in line for line in lines)


def test_the_brief_of_a_fork_tells_the_task_and_what_the_fork_was_for(place: Place) -> None:
    mother = started(place)
    place.shows(mother, "TASK work")
    child = str(place.call("fork", session=mother, task="otherwise", conversation="none")["session"])
    place.shows(child, "TASK otherwise")
    brief = place.call("plan_restart", session=child)["brief"]
    assert brief.startswith("work\n\notherwise\n")
