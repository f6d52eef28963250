"""The same story with every agent: it works, errs, is corrected, asks, is stopped, fails, is killed and comes back."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.agents.crew import Crew, tool_processes
from tests.agents.outfit import OUTFITS
from tests.agents.table import TABLE
from tests.e2e.place import View, until
from tests.model_server import ferry

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


def test_it_does_its_task(crew: Crew) -> None:
    with TABLE.seeing(crew.outfit.name, "works on a task"):
        session = crew.start(ferry.MEND)
        crew.wait_for(session, "working")
        crew.place.wait(session, "checked by steer", passes)
        crew.wait_for(session, "idle")
        assert crew.server.count_told(ferry.TASK) == 1


def test_it_is_corrected(crew: Crew) -> None:
    with TABLE.seeing(crew.outfit.name, "loop seen, corrected"):
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


def test_it_asks_and_is_answered(crew: Crew) -> None:
    with TABLE.seeing(crew.outfit.name, "asks, answered"):
        session = crew.start(ferry.permission("touch approved.txt"), asking=True)
        view = crew.wait_for(session, "asking")
        crew.place.shows(session, "touch approved.txt")
        crew.allow(session, view)
        until("the command ran", (crew.place.worktree(session) / "approved.txt").exists)
        crew.wait_for(session, "idle")


def test_it_is_interrupted(crew: Crew) -> None:
    with TABLE.seeing(crew.outfit.name, "interrupted"):
        session = crew.start(ferry.slow())
        until("the long command runs", lambda: tool_processes(crew.place, ferry.LONG))
        crew.wait_for(session, "working")
        crew.place.call("interrupt", session=session)
        crew.wait_for(session, "idle")


def test_an_error_of_the_model_service_is_shown(crew: Crew) -> None:
    with TABLE.seeing(crew.outfit.name, "API error shown"):
        session = crew.start(ferry.MEND.failing(crew.outfit.failing_status))
        crew.wait_for(session, "error")


def test_kill_undo_and_resume(crew: Crew) -> None:
    with TABLE.seeing(crew.outfit.name, "kill and undo"):
        session = crew.start(ferry.slow())
        until("the long command runs", lambda: tool_processes(crew.place, ferry.LONG))
        folder = crew.place.worktree(session)
        before = contents(folder)
        killed = crew.place.call("kill", session=session)
        assert killed["survivors"] == [] and not folder.exists()
        assert tool_processes(crew.place, ferry.LONG) == []
        crew.place.call("undo")
        assert contents(folder) == before
