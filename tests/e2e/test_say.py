"""Asking, answering and saying, with a scripted agent that behaves like the real ones."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from steer.errors import ConfigError, UserError
from steer.model.ask import Ask
from steer.model.codec import from_json
from tests.e2e.actor import Actor
from tests.e2e.place import Place, until


def digest(ask: dict[str, Any]) -> str:
    return from_json(Ask, ask).digest


def test_a_dialog_is_answered_once_and_only_as_shown(place: Place) -> None:
    a = Actor(place)
    a.say("ask make check")
    ask = a.asks()
    assert (ask["tool"], ask["subject"], ask["is_whole"]) == ("Bash", "make check", True)
    assert "Do you want to proceed?" in str(ask["text"])
    with pytest.raises(UserError, match="asks something else"):
        place.call("answer", session=a.session, digest="0" * 64, generation=1, choice=0)
    with pytest.raises(UserError, match="no choice 7"):
        place.call("answer", session=a.session, digest=digest(ask), generation=1, choice=7)
    with pytest.raises(UserError, match="respawned"):
        place.call("answer", session=a.session, digest=digest(ask), generation=2, choice=0)
    wish = {"session": a.session, "digest": digest(ask), "generation": 1, "choice": 0, "token": "t"}
    done = place.call("answer", **wish)
    assert done["delivery"] == "submitted"
    assert place.call("answer", **wish) == done
    place.kill_supervisor()
    assert place.call("answer", **wish)["delivery"] == "submitted"
    assert [line["answer"] for line in a.lines() if "answer" in line] == ["Yes"]
    operation = place.operations("answer")[-1]
    assert operation["detail"]["asked"] == ask["text"] and operation["detail"]["choice"] == "Yes"
    a.until("idle")
    assert place.view(a.session)["ask"] is None


def test_a_selection_is_moved_and_seen_before_it_is_confirmed(place: Place) -> None:
    a = Actor(place)
    a.say("pick")
    ask = a.asks()
    assert ask["selected"] == 0
    a.keys("down", "down")  # the operator moves it meanwhile: the same dialog, another way
    done = place.call("answer", session=a.session, digest=digest(ask), generation=1, choice=1)
    assert done["delivery"] == "submitted"
    assert a.lines()[-1] == {"answer": "green"}


def test_the_command_line_shows_what_is_asked_and_answers(place: Place) -> None:
    a = Actor(place)
    a.say("ask make check")
    a.asks()
    shown = place.run("approve", "actor")
    assert shown.status == 0 and "$ make check" in shown.out and "3. No" in shown.out
    assert not any("answer" in line for line in a.lines())
    done = place.run("approve", "actor", "--deny")
    assert done.status == 0 and "submitted" in done.out
    assert a.lines()[-1] == {"answer": "No"}
    assert place.run("approve", "actor").status == 2


def test_nothing_is_typed_into_a_dialog(place: Place) -> None:
    a = Actor(place)
    a.say("ask make check")
    a.asks()
    sent = a.say("1 is my answer")
    assert sent["delivery"] == "refused" and "make check" in sent["detail"]
    assert [line for line in a.lines() if "answer" in line] == []
    assert place.operations("inject")[-1]["state"] == "failed"
    assert place.run("send", "actor", "hello").status == 1


def test_a_printed_dialog_is_no_dialog(place: Place) -> None:
    a = Actor(place)
    a.say("fake")
    place.shows(a.session, "rm -r /")
    a.until("working")
    assert place.call("explain", session=a.session)["lines"][1].startswith("activity working")
    assert a.say("go on")["delivery"] == "queued"
    assert place.view(a.session)["ask"] is None
    assert a.texts() == ["fake", "go on"]


@pytest.mark.parametrize("stash", ['stash = ["ctrl+s"]', 'cut = ["ctrl+u"]'])
def test_a_half_typed_draft_is_kept(place: Place, stash: str) -> None:
    a = Actor(place, stash=stash)
    a.keys("h", "a", "l", "f")
    place.shows(a.session, "❯ half")
    assert a.say("whole")["delivery"] == "submitted"
    assert a.texts() == ["whole"]
    place.shows(a.session, "❯ half")


def test_a_draft_that_cannot_be_put_aside_is_left_alone(place: Place) -> None:
    a = Actor(place, stash="")
    a.keys("h", "a")
    place.shows(a.session, "❯ ha")
    sent = a.say("whole")
    assert sent["delivery"] == "refused" and "half-typed draft" in sent["detail"]
    assert a.texts() == []


def test_a_lost_enter_is_pressed_again_once(place: Place) -> None:
    a = Actor(place)
    a.say("deaf")
    sent = a.say("hello")
    assert sent["delivery"] == "submitted"
    assert a.texts() == ["deaf", "hello"]


def test_an_agent_that_says_idle_too_early_is_not_typed_to_before_its_box_is_there(place: Place) -> None:
    gate = place.root / "gate"
    os.mkfifo(gate)
    a = Actor(place, gate=str(gate))
    place.shows(a.session, "Loading...")
    sent: list[dict[str, str]] = []
    saying = threading.Thread(target=lambda: sent.append(a.say("hello")))
    saying.start()
    recording = Path(place.view(a.session)["recording"])
    until("it is about to be typed", lambda: b"inject " in recording.read_bytes())
    a.keys("x")
    until("keys after it are lost", lambda: any("x" in line.get("lost", "") for line in a.lines()))
    gate.write_text("go")
    saying.join()
    assert "".join(line.get("lost", "") for line in a.lines()) == "x"
    assert sent[0]["delivery"] == "submitted", sent
    assert a.texts() == ["hello"]


def test_what_would_be_a_command_is_made_a_text_and_shown_so(place: Place) -> None:
    a = Actor(place)
    shown = place.call("preview", session=a.session, text="!rm x")
    assert shown["shown"] == "Note: !rm x" and any("put before" in w for w in shown["warnings"])
    a.say("!rm x", digest=shown["digest"])
    a.say("/help", as_command=True)
    assert a.texts() == ["Note: !rm x", "/help"]


def test_modes_say_why_not(place: Place) -> None:
    a = Actor(place)
    found = place.call("modes", session=a.session)
    assert found["default"] == "steer"
    assert {m["id"]: bool(m["reason"]) for m in found["modes"]} == {
        "steer": False,
        "queue": False,
        "interrupt": True,
    }
    a.say("work")
    a.until("working")
    assert not any(m["reason"] for m in place.call("modes", session=a.session)["modes"])
    assert a.say("stop it", mode="interrupt")["delivery"] == "submitted"
    assert a.lines()[-1] == {"text": "stop it", "state": "done"}


def test_a_queued_text_waits_for_the_end_of_the_turn(place: Place) -> None:
    a = Actor(place)
    a.say("work")
    a.until("working")
    sent = a.say("afterwards", mode="queue")
    a.say("never", mode="queue")
    assert sent["delivery"] == "queued"
    place.wait(a.session, "two wait", lambda v: v["queued"] == 2)
    waiting = place.call("queue", session=a.session)["texts"]
    assert [t["text"] for t in waiting] == ["afterwards", "never"]
    place.call("withdraw", operation=waiting[1]["operation"])
    place.kill_supervisor()
    place.wait(a.session, "one waits", lambda v: v["queued"] == 1)
    assert a.texts() == ["work"]
    a.keys("ctrl+x")
    until("the text is submitted", lambda: a.texts() == ["work", "afterwards"])
    place.wait(a.session, "none waits", lambda v: v["queued"] == 0)
    states = {o["detail"]["text"]: o["state"] for o in place.operations("inject")}
    assert (states["afterwards"], states["never"]) == ("done", "undone")
    with pytest.raises(UserError, match="does not wait"):
        place.call("withdraw", operation=waiting[0]["operation"])


def test_a_queued_text_is_not_typed_into_a_dialog_and_not_after_the_end(place: Place) -> None:
    a = Actor(place)
    a.say("ask make check")
    ask = a.asks()
    assert a.say("later", mode="queue")["delivery"] == "queued"
    place.call("answer", session=a.session, digest=digest(ask), generation=1, choice=2)
    until("it is submitted after the answer", lambda: a.texts() == ["ask make check", "later"])
    a.say("work")
    a.until("working")
    a.say("too late", mode="queue")
    place.call("kill", session=a.session)
    assert place.operations("inject")[-1]["state"] == "failed"
    assert "too late" not in a.texts()


def test_a_policy_of_the_user_answers_and_is_logged(place: Place) -> None:
    (place.root / "c" / "steer").mkdir(parents=True, exist_ok=True)
    (place.root / "c" / "steer" / "config.toml").write_text(
        '[[approve]]\nagent = "actor"\ntool = "Bash"\npattern = "make (check|test).*"\n'
    )
    a = Actor(place)
    a.say("ask make check")
    until("it is approved", lambda: {"answer": "Yes"} in a.lines())
    operation = until("it is logged", lambda: place.operations("auto-approve"))[-1]
    assert operation["detail"]["subject"] == "make check" and operation["detail"]["pattern"]
    a.until("idle")
    for command in ("make check; rm x", "make install", "make check > x"):
        a.say(f"ask {command}")
        ask = a.asks()
        assert ask["subject"] == command
        place.call("answer", session=a.session, digest=digest(ask), generation=1, choice=2)
        assert a.lines()[-1] == {"answer": "No"}
        a.until("idle")
    assert len(place.operations("auto-approve")) == 1


def test_a_repository_may_not_approve(place: Place) -> None:
    (place.repo / ".steer").mkdir()
    (place.repo / ".steer" / "config.toml").write_text(
        '[[approve]]\nagent = "x"\ntool = "Bash"\npattern = ".*"\n'
    )
    with pytest.raises(ConfigError, match="only your own configuration"):
        place.start(["cat"])


def test_an_agent_that_ends_at_once_is_quoted(place: Place) -> None:
    s = place.start(["sh", "-c", "echo no key was given; exit 3"])
    view = place.wait(s, "a note", lambda v: v["note"])
    assert "status 3" in view["note"] and "no key was given" in view["note"]
