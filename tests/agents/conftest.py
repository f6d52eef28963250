"""Agents that are not installed are skipped, or fail where `STEER_REQUIRE_AGENTS` names them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.agents.crew import Crew, make_crew
from tests.agents.install import pins
from tests.agents.table import Witness


def _need(name: str) -> None:
    pin = pins()[name]
    if pin.is_installed:
        return
    why = f"{name} {pin.version} is not installed: python -m tests.agents.install {name}"
    if name in os.environ.get("STEER_REQUIRE_AGENTS", "").split():
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="module")
def crew(request: pytest.FixtureRequest) -> Iterator[Crew]:
    """One place per agent and test file: agents are slow to start, supervisors and repositories need not be."""
    _need(request.param)
    with make_crew(request.param) as made:
        yield made


@pytest.fixture
def witness(request: pytest.FixtureRequest, crew: Crew) -> Witness:
    return Witness(crew.outfit.name, request.node.user_properties)


@pytest.fixture(autouse=True)
def _alone(request: pytest.FixtureRequest) -> Iterator[None]:
    """No two agents of one place at once: the next test begins with none."""
    yield
    if "crew" in request.fixturenames:
        request.getfixturevalue("crew").end()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """opencode's runtime crashes now and then (seen with 1.18.33), and Gemini CLI may keep a text in its own queue for
    good that was typed while it loads a conversation (0.61.0, in two of six tries on a busy machine): their stories are
    told again then, and the table says what failed at first. Nothing else in this project is run again.
    """
    again = {"opencode": 1, "gemini": 3}
    for item in items:
        callspec = getattr(item, "callspec", None)
        if callspec and (agent := callspec.params.get("crew", "")):
            item.add_marker(pytest.mark.xdist_group(f"{item.path.stem}-{agent}"))  # they share a place
            if agent in again:
                item.add_marker(pytest.mark.flaky(reruns=again[agent]))
