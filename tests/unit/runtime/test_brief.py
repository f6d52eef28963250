"""How a fork's agent is given its brief: on its command line, or typed, and never said to be given where it is not."""

from __future__ import annotations

import tomllib

import pytest

from steer.agents.catalog import SHIPPED
from steer.agents.profile import Profile, read_profile
from steer.errors import AgentError
from steer.model.session import SessionSpec
from steer.runtime.intervention.memory import told_first
from steer.runtime.intervention.opening import Opening

BRIEF = "You go on here."


def spec(*argv: str, task: str = "") -> SessionSpec:
    return SessionSpec("s2", "child", argv, "/w/child", "b", "", task=task)


def profile(name: str) -> Profile:
    return read_profile(name, tomllib.loads((SHIPPED / f"{name}.toml").read_text("utf-8")), name)


def given(name: str, child: SessionSpec) -> Opening:
    return told_first(Opening(child.argv, "id"), child, profile(name), BRIEF)


def test_it_stands_instead_of_the_task() -> None:
    told = Opening(("claude", "--", BRIEF), "id")
    assert given("claude", spec("claude", "--", "mend it", task="mend it")) == told
    assert given("claude", spec("claude")) == told


@pytest.mark.parametrize("task", ["", "mend it"])
def test_it_is_typed_where_the_command_line_takes_no_words(task: str) -> None:
    assert given("aider", spec("aider", task=task)) == Opening(("aider",), "id", typed=BRIEF)


def test_an_agent_that_can_be_told_in_neither_way_is_refused() -> None:
    for child in (spec("thing"), spec("thing", task="mend it")):
        with pytest.raises(AgentError, match="takes no task, so it cannot be given a brief"):
            told_first(Opening(child.argv), child, Profile("thing"), BRIEF)
    with pytest.raises(AgentError, match="takes no task"):
        given("aider", spec("/bin/sh", "-c", "aider | tee log"))
