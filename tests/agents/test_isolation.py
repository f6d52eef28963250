"""Real agents at each level of isolation: each does its task and commits it; at its own it is resumed too."""

from __future__ import annotations

from pathlib import Path

import pytest

from steer.agents.catalog import load_catalog
from steer.isolation import machine
from steer.model.isolation import Level
from tests.agents.crew import LIMIT_S, Crew
from tests.agents.outfit import OUTFITS
from tests.agents.table import Witness
from tests.agents.test_story import is_remembered, passes
from tests.e2e.place import until
from tests.model_server import ferry

# (agent, level) -> why steer does not give that by itself. Take an entry out and the test runs.
NOT_YET = {
    ("claude", Level.L2): "it cannot write ~/.claude.json and asks at each start what it asked before",
}


def levels(agent: str) -> list[tuple[str, str]]:
    """(what the configuration says, the level that holds then): the default, and the others that steer can give."""
    default = load_catalog({}).get(agent).isolation.max or Level.L0
    return [("", default), *((level, level) for level in (Level.L1, Level.L2) if level != default)]


def branch_tip(crew: Crew, branch: str) -> str:
    path = Path(crew.place.common_dir, "refs", "heads", branch)
    return path.read_text().strip() if path.exists() else ""


@pytest.mark.parametrize(
    ("crew", "wished", "level"),
    [(agent, *pair) for agent in OUTFITS for pair in levels(agent)],
    indirect=["crew"],
)
def test_it_works_commits_and_is_resumed(crew: Crew, witness: Witness, wished: str, level: Level) -> None:
    if why := machine.look().missing.get(level):
        pytest.skip(why)
    crew.level = wished
    has_tools = crew.outfit.has_tools
    with witness.seeing(f"works at {level}", NOT_YET.get((witness.agent, level), "")):
        session = crew.start(ferry.DELIVER if has_tools else ferry.MEND)
        spec = crew.place.view(session)["spec"]
        crew.wait_for(session, "working")
        view = crew.place.wait(session, "checked by steer", passes)
        assert view["isolation"] == level and view["note"] == ""
        if has_tools:
            until("it committed", lambda: branch_tip(crew, spec["branch"]) not in ("", spec["base"]), LIMIT_S)
        crew.wait_for(session, "idle")
        folder = spec["worktree"] if has_tools else ""  # aider does not say where it is
        assert crew.server.count_told(ferry.TASK, folder) == 1
    if wished:
        return
    with witness.seeing(f"resumed at {level}"):
        crew.place.call("kill", session=session)
        crew.place.call("undo")
        made = crew.place.call("respawn", session=session, conversation="resume")
        assert made["notes"] == []  # else why it could not be resumed
        is_remembered(crew, session)
        assert crew.place.view(session)["isolation"] == level
