"""Real agents inside Landlock and bubblewrap: each does its task, commits it, and is resumed there."""

from __future__ import annotations

from pathlib import Path

import pytest

from steer.isolation import machine
from steer.model.isolation import Level
from tests.agents.crew import LIMIT_S, Crew
from tests.agents.outfit import OUTFITS
from tests.agents.table import Witness
from tests.e2e.place import View, until
from tests.model_server import ferry

pytestmark = [
    pytest.mark.parametrize("crew", OUTFITS, indirect=True),
    pytest.mark.parametrize("level", [Level.L1, Level.L2]),
]


def branch_tip(crew: Crew, branch: str) -> str:
    path = Path(crew.place.common_dir, "refs", "heads", branch)
    return path.read_text().strip() if path.exists() else ""


def passes(view: View) -> bool:
    return bool(view["check"]["state"] == "passed")


def enter(crew: Crew, level: Level) -> None:
    if why := machine.look().missing.get(level):
        pytest.skip(why)
    crew.level = level


def test_it_works_commits_and_is_resumed_inside(crew: Crew, witness: Witness, level: Level) -> None:
    enter(crew, level)
    has_tools = crew.outfit.has_tools
    with witness.seeing(f"works at {level}"):
        session = crew.start(ferry.DELIVER if has_tools else ferry.MEND)
        spec = crew.place.view(session)["spec"]
        view = crew.place.wait(session, "checked by steer", passes)
        assert view["isolation"] == level and view["note"] == ""
        if has_tools:
            until("it committed", lambda: branch_tip(crew, spec["branch"]) not in ("", spec["base"]), LIMIT_S)
        crew.wait_for(session, "idle")
    with witness.seeing(f"resumed at {level}"):
        crew.place.call("kill", session=session)
        crew.place.call("undo")
        assert crew.place.call("respawn", session=session, conversation="resume")["notes"] == []
        crew.wait_for(session, "idle")
        crew.say(session, ferry.ADVICE)
        folder = spec["worktree"] if has_tools else ""  # aider does not say where it is
        until("the model was told", lambda: crew.server.count_told(ferry.ADVICE, folder), LIMIT_S)
        assert crew.place.view(session)["isolation"] == level
