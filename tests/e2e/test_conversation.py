"""Conversations of a scripted agent that keeps a transcript like Claude Code's: followed, resumed, forked, cut."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from steer.errors import SteerError, UserError
from steer.runtime import supervise
from steer.runtime.crash_point import VARIABLE
from tests.e2e.place import Place, until

# --session-id ID [-- TASK] | --resume ID [-- TASK] | --resume ID|PATH --fork-session --session-id NEW [-- TASK]
# What is typed is a turn, "edit FILE" one that edits; "new" begins another conversation and announces it, "tool"
# leaves a turn unended.
AGENT = r"""
import datetime, json, os, re, sys, uuid
home = os.environ["HOME"] + "/.fake"
folder = home + "/projects/" + re.sub("[^A-Za-z0-9]", "-", os.getcwd())
os.makedirs(folder, exist_ok=True)
os.makedirs(home + "/sessions", exist_ok=True)
words = sys.argv[1:]
task = words[words.index("--") + 1] if "--" in words else ""
value = lambda name: words[words.index(name) + 1] if name in words else ""
known, id = value("--resume"), value("--session-id") or value("--resume")
lines = []
if known:
    found = [known] if "/" in known else [p + "/" + known + ".jsonl" for p, _, _ in os.walk(home + "/projects")]
    path = next(p for p in found if os.path.exists(p))
    lines = open(path).read().splitlines()
if not known or "--fork-session" in words:
    path = folder + "/" + id + ".jsonl"
    if known:
        with open(path, "w") as f:
            f.write("".join(l + "\n" for l in lines))

def write(kind, **more):
    now = datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z")
    record = {"type": kind, "sessionId": id, "timestamp": now, "cwd": os.getcwd(), "uuid": str(uuid.uuid4()), **more}
    with open(path, "a") as f:
        f.write(json.dumps(record) + "\n")

def announce():
    with open(home + "/sessions/%d.json" % os.getpid(), "w") as f:
        json.dump({"pid": os.getpid(), "sessionId": id, "cwd": os.getcwd()}, f)

def answer(text):
    global id, path
    if text == "new":
        id = str(uuid.uuid4())
        path = folder + "/" + id + ".jsonl"
        announce()
    write("user", message={"role": "user", "content": text})
    call = {"type": "tool_use", "id": str(uuid.uuid4()), "name": "Bash", "input": {"command": "make " + text}}
    if text.startswith("edit "):
        call |= {"name": "Edit", "input": {"file_path": text[5:], "old_string": "a", "new_string": "b"}}
    usage = {"input_tokens": 100, "output_tokens": 10}
    common = {"model": "m", "usage": usage, "stop_reason": "end_turn"}
    message = lambda *c: {**common, "id": str(uuid.uuid4()), "content": list(c)}
    write("assistant", message={**message(call), "stop_reason": "tool_use"})
    if text != "tool":
        result = {"type": "tool_result", "tool_use_id": call["id"], "content": "Exit code 2", "is_error": True}
        if call["name"] == "Edit":
            result |= {"content": "done", "is_error": False}
        write("user", message={"role": "user", "content": [result]})
        write("assistant", message=message({"type": "text", "text": "did " + text}))
    print("did", text, flush=True)

announce()
said = [json.loads(l)["message"]["content"] for l in lines if json.loads(l)["type"] == "user"]
print("remembers", [s for s in said if isinstance(s, str)], "in", os.path.basename(os.getcwd()), flush=True)
if task:
    answer(task)
for line in sys.stdin:
    answer(line.strip())
"""
PROFILE = """
title = "Fake"
argv = {argv}
task = ["--", "{{task}}"]
submit_after_s = 0.01
[conversation]
format = "claude"
home = ["~/.fake"]
where = "projects/{{cwd-dashed}}/{{id}}.jsonl"
announced = "sessions/*.json"
choose_id = ["--session-id", "{{id}}"]
resume = ["--resume", "{{id}}"]
fork = ["--resume", "{{id}}", "--fork-session", "--session-id", "{{new}}"]
copied = ["--resume", "{{path}}", "--fork-session", "--session-id", "{{new}}"]
given = ["--resume"]
"""


@pytest.fixture
def fake(place: Place) -> Place:
    """A place where "fake" is an agent that keeps its conversations."""
    folder = place.root / "c" / "steer" / "agents"
    folder.mkdir(parents=True)
    folder.joinpath("fake.toml").write_text(PROFILE.format(argv=json.dumps(place.script("fake", AGENT))))
    return place


def begin(place: Place, task: str = "one", **more: Any) -> str:
    done = place.call("start", task=task, agent="fake", name="mother", env=dict(os.environ), **more)
    session = str(done["sessions"][0])
    place.wait(session, "one step", lambda v: v["steps"] == 1)
    return session


def say(place: Place, session: str, text: str) -> None:
    place.call("inject", session=session, text=text)
    place.shows(session, f"did {text}")


def entries(place: Place, session: str) -> list[dict[str, Any]]:
    return list(place.call("steps", session=session)["entries"])


def told(place: Place, session: str) -> list[str]:
    return [e["text"] for e in entries(place, session) if e["type"] == "told"]


def record(place: Place, session: str) -> dict[str, Any]:
    path = place.paths.session_dir(session) / "conversation.json"
    return dict(json.loads(path.read_bytes()))


def test_a_conversation_is_read_as_it_grows(fake: Place) -> None:
    s = begin(fake)
    v = fake.view(s)
    assert (v["usage"]["input"], v["usage"]["output"], v["usage"]["model"]) == (200, 20, "m")
    assert v["usage"]["cost_usd"] is None  # a model without a known price
    assert v["step_text"] == "Bash: make one (exit 2)"
    assert [e["type"] for e in entries(fake, s)] == [
        *("conversing", "told", "spent", "step", "step"),
        *("spent", "said", "turnended"),
    ]
    say(fake, s, "two")
    fake.wait(s, "two steps", lambda v: v["steps"] == 2 and v["usage"]["input"] == 400)
    assert record(fake, s)["id"] == v["conversation"]


def test_the_next_supervisor_knows_the_conversation_and_what_it_took(fake: Place) -> None:
    s = begin(fake)
    before = fake.wait(s, "all read", lambda v: v["usage"]["input"] == 200)
    fake.kill_supervisor()
    after = fake.wait(s, "read again", lambda v: v["usage"]["input"] == 200)
    assert (after["conversation"], after["steps"]) == (before["conversation"], 1)
    fake.call("kill", session=s)
    fake.kill_supervisor()
    ended = fake.wait(s, "the last totals", lambda v: v["usage"]["input"] == 200)
    assert (ended["steps"], ended["spec"]["place"]) == (1, "trash")
    assert told(fake, s) == ["one"]


def test_a_new_id_that_the_agent_announces_is_followed_and_the_sum_kept(fake: Place) -> None:
    s = begin(fake)
    fake.wait(s, "all read", lambda v: v["usage"]["input"] == 200)
    first = fake.view(s)["conversation"]
    say(fake, s, "new")
    v = fake.wait(
        s, "another conversation", lambda v: v["conversation"] != first and v["usage"]["input"] == 400
    )
    assert v["steps"] == 1
    until("it is written down", lambda: record(fake, s)["id"] == v["conversation"])
    assert [p["id"] for p in record(fake, s)["past"]] == [first]


def test_respawn_resumes_and_after_an_undone_kill_too(fake: Place) -> None:
    s = begin(fake)
    fake.call("kill", session=s)
    fake.call("undo")
    assert fake.call("respawn", session=s, env=dict(os.environ))["notes"] == []
    fake.shows(s, "remembers ['one'] in mother")
    say(fake, s, "two")
    fake.wait(s, "both turns", lambda v: v["steps"] == 2)
    assert told(fake, s) == ["one", "two"]
    assert "with its conversation" in fake.operations("respawn")[-1]["summary"]


def test_respawn_starts_anew_where_asked_or_where_nothing_is_left(fake: Place) -> None:
    s = begin(fake)
    path = Path(record(fake, s)["path"])
    for is_gone in (False, True):
        fake.call("kill", session=s)
        fake.call("undo")
        if is_gone:
            for found in path.parent.glob("*.jsonl"):
                found.unlink()
        how = {} if is_gone else {"conversation": "none"}
        notes = fake.call("respawn", session=s, env=dict(os.environ), **how)["notes"]
        assert bool(notes) is is_gone
        fake.shows(s, "remembers [] in mother")
        fake.shows(s, "did one")
    with pytest.raises(UserError, match="'all'"):
        fake.call("respawn", session=s, conversation="all")


def test_a_fork_remembers_all_and_is_told_what_to_do(fake: Place) -> None:
    s = begin(fake)
    say(fake, s, "two")
    plan = fake.call("plan_fork", session=s)["conversation"]
    assert plan["mode"] == "whole" and [t["text"] for t in plan["turns"]] == ["one", "two"]
    made = fake.call("fork", session=s, task="three", env=dict(os.environ))
    assert "all of the conversation" in made["notes"][-1]
    child = str(made["session"])
    fake.shows(child, "remembers ['one', 'two'] in mother-fork")
    v = fake.wait(child, "its own turn", lambda v: v["steps"] == 3)
    assert v["usage"]["input"] == 200  # its parent's is not counted again
    assert told(fake, child) == ["one", "two", "three"] and told(fake, s) == ["one", "two"]


def test_a_fork_without_an_instruction_waits(fake: Place) -> None:
    child = str(fake.call("fork", session=begin(fake), env=dict(os.environ))["session"])
    fake.shows(child, "remembers ['one'] in mother-fork")
    say(fake, child, "now")
    assert fake.wait(child, "two steps", lambda v: v["steps"] == 2)


def test_a_fork_as_of_an_earlier_turn(fake: Place) -> None:
    s = begin(fake)
    say(fake, s, "two")
    fake.wait(s, "both", lambda v: v["steps"] == 2)
    made = fake.call("fork", session=s, turn="1", task="other", env=dict(os.environ))
    child = str(made["session"])
    assert "up to turn 1" in made["notes"][-1]
    fake.shows(child, "remembers ['one'] in mother-fork")
    fake.wait(child, "its own turn", lambda v: v["steps"] == 2)
    assert told(fake, child) == ["one", "other"]
    with pytest.raises(SteerError, match="turn 7"):
        fake.call("fork", session=s, turn="7", env=dict(os.environ))
    assert [v["spec"]["name"] for v in fake.views()] == ["mother", "mother-fork"]


def test_a_turn_that_goes_on_cannot_be_cut_out(fake: Place) -> None:
    s = begin(fake)
    say(fake, s, "tool")
    with pytest.raises(SteerError, match="has not ended"):
        fake.call("fork", session=s, turn="2", env=dict(os.environ))
    child = str(fake.call("fork", session=s, env=dict(os.environ))["session"])
    fake.shows(child, "remembers ['one', 'tool'] in mother-fork")


def test_another_agent_gets_a_brief(fake: Place) -> None:
    s = begin(fake)
    fake.wait(s, "all read", lambda v: v["usage"]["input"] == 200)
    echo = fake.script("echo", "import sys, time\nprint(sys.argv[1], flush=True)\ntime.sleep(1000)\n")
    task = {"argv": [*echo, "one"], "agent": "echo"}
    made = fake.call("fork", session=s, env=dict(os.environ), **task)
    child = str(made["session"])
    assert "brief" in made["notes"][-1]
    for words in ("another run", "ran make one: failed with status 2", "did one"):
        fake.shows(child, words)
    with pytest.raises(UserError, match="another agent"):
        fake.call("fork", session=s, conversation="whole", **task)


def test_a_fork_can_be_told_nothing(fake: Place) -> None:
    child = str(fake.call("fork", session=begin(fake), conversation="none", env=dict(os.environ))["session"])
    fake.shows(child, "remembers [] in mother-fork")
    fake.shows(child, "did one")


@pytest.mark.parametrize("point", ["fork.copying", "fork.copied"])
def test_a_cut_copy_of_a_fork_that_was_killed_is_removed(
    fake: Place, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    s = begin(fake)
    say(fake, s, "two")
    fake.kill_supervisor()
    monkeypatch.setenv(VARIABLE, point)
    fake.call("ping")
    monkeypatch.delenv(VARIABLE)
    with fake.client() as client, pytest.raises(SteerError):
        client.call("fork", session=s, turn="1", env=dict(os.environ))
    until("its supervisor is gone", lambda: not supervise.is_serving(fake.paths))
    assert [v["spec"]["name"] for v in fake.views()] == ["mother"]
    assert list(fake.paths.sessions.glob("*/copied-conversation.jsonl")) == []
    assert fake.operations("fork")[-1]["state"] == "failed"


def test_over_budget_is_flagged_and_paused_once(fake: Place) -> None:
    config = fake.root / "c" / "steer" / "config.toml"
    config.write_text('[budget]\nsession_tokens = 150\naction = "pause"\n')
    s = begin(fake)
    v = fake.wait(s, "paused", lambda v: v["is_paused"])
    assert any(f["rule"] == "budget" for f in v["flags"])
    assert "over budget" in fake.operations("pause")[-1]["summary"]
    fake.call("continue", session=s)
    fake.kill_supervisor()
    fake.wait(s, "flagged again", lambda v: any(f["rule"] == "budget" for f in v["flags"]))
    assert not fake.view(s)["is_paused"]
    assert len(fake.operations("pause")) == 1
