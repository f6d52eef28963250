"""A fork of an agent that takes no words on its command line: the brief is typed as soon as it is ready."""

from __future__ import annotations

import pytest

from tests.agents.crew import LIMIT_S, Crew
from tests.agents.table import Witness
from tests.e2e.place import until
from tests.model_server import ferry
from tests.model_server.conversation import Role

BRIEF = "You go on where another run of this task stopped."


@pytest.mark.parametrize("crew", ["aider"], indirect=True)
def test_a_fork_is_told_a_brief(crew: Crew, witness: Witness) -> None:
    with witness.seeing("forked with a brief"):
        session = crew.start(ferry.loop())
        crew.let_through(session)
        crew.place.wait(session, "with its edit read", lambda v: v["steps"] > 0)
        made = crew.place.call("fork", session=session)
        assert "brief" in made["notes"][-1]
        told = until("the model was told", lambda: _briefs(crew), LIMIT_S)
        assert ferry.TASK in told[0] and "edited ferry/report.py" in told[0]
        crew.wait_for(str(made["session"]), "working")


def _briefs(crew: Crew) -> list[str]:
    asked = [e.request for e in crew.server.main() if e.request]
    return [text for request in asked for text in request.texts(Role.OPERATOR) if BRIEF in text]
