"""The same story with every agent: it errs, is corrected, asks, is stopped, fails, is killed, is forked."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.agents.crew import LIMIT_S, Crew
from tests.agents.outfit import OUTFITS
from tests.agents.table import Witness
from tests.e2e.place import View, until
from tests.model_server import ferry

COMMAND = "touch approved.txt"

# (agent, capability) -> why steer cannot do that. Take an entry out and the test runs.
NOT_YET = {
    ("aider", "fork"): "its conversation stays in its worktree; a fork is told a brief of it",
}

pytestmark = pytest.mark.parametrize("crew", OUTFITS, indirect=True)


def passes(view: View) -> bool:
    return bool(view["check"]["state"] == "passed")


def contents(folder: Path) -> dict[str, str]:
    """Every file of a worktree with a digest of its bytes; git's own link file is steer's business."""
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != ".git"
    }


def test_it_is_corrected(crew: Crew, witness: Witness) -> None:
    with witness.seeing("loop seen, corrected"):
        session = crew.start(ferry.loop())
        crew.let_it_loop(session)
        if not crew.outfit.reads_while_working:
            crew.server.open_gate()
            crew.wait_for(session, "idle")
        crew.say(session, ferry.ADVICE)
        crew.server.open_gate()
        crew.place.wait(session, "checked by steer", passes)
        crew.wait_for(session, "idle")
        assert crew.server.count_told(ferry.CORRECTION) == 1


def test_it_asks_and_is_answered(crew: Crew, witness: Witness) -> None:
    with witness.seeing("asks, answered"):
        if not crew.outfit.has_tools:
            _let_it_go_on(crew)
            return
        session = crew.start(ferry.permission(COMMAND), asking=True)
        crew.wait_for(session, "asking")
        crew.place.shows(session, COMMAND)
        crew.allow(session)
        until("the command ran", (crew.place.worktree(session) / "approved.txt").exists, LIMIT_S)
        crew.wait_for(session, "idle")


def _let_it_go_on(crew: Crew) -> None:
    """It ran the tests itself and wants to know whether to mend what they say."""
    session = crew.start(ferry.loop(), asking=True)
    crew.server.let_through()
    crew.wait_for(session, "asking")
    crew.place.shows(session, "Attempt to fix test errors?")
    asked = len(crew.server.main())
    crew.allow(session)
    until("the model was asked again", lambda: len(crew.server.main()) > asked, LIMIT_S)


def test_it_is_interrupted_and_killed(crew: Crew, witness: Witness) -> None:
    with witness.seeing("interrupted"):
        session = crew.start_long_work()
        crew.wait_for(session, "working")
        crew.place.call("interrupt", session=session)
        crew.wait_for(session, "idle")
    with witness.seeing("kill and undo"):
        crew.say(session, ferry.AGAIN)
        crew.wait_for_long_work(session)
        folder = crew.place.worktree(session)
        before = contents(folder)
        killed = crew.place.call("kill", session=session)
        assert killed["survivors"] == [] and not folder.exists()
        assert crew.long_commands() == []
        crew.place.call("undo")
        assert contents(folder) == before


def test_an_error_of_the_model_service_is_shown(crew: Crew, witness: Witness) -> None:
    with witness.seeing("API error shown"):
        session = crew.start(ferry.MEND.failing(crew.outfit.failing_status))
        crew.wait_for(session, "error")


def test_a_fork_remembers(crew: Crew, witness: Witness) -> None:
    with witness.seeing("forked with its conversation", NOT_YET.get((witness.agent, "fork"), "")):
        session = crew.start(ferry.loop())
        crew.let_through(session)
        made = crew.place.call("fork", session=session, conversation="whole")
        is_remembered(crew, str(made["session"]))


def is_remembered(crew: Crew, session: str) -> None:
    """The model hears the task of before and the new words, from an agent that works in this session's worktree."""
    crew.wait_for(session, "idle")
    crew.say(session, ferry.ADVICE)
    folder = (
        str(crew.place.worktree(session)) if crew.outfit.has_tools else ""
    )  # aider does not say where it is
    try:
        until("the model was told", lambda: crew.server.count_told(ferry.ADVICE, folder), LIMIT_S)
    except pytest.fail.Exception as e:
        pytest.fail(f"{e}; its screen: {crew.place.lines(session)}")
    assert crew.server.count_told(ferry.TASK, folder) == 1
    crew.server.open_gate()
    crew.place.wait(session, "checked by steer", passes)
    crew.wait_for(session, "idle")
