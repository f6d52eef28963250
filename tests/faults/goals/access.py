"""R18: everything that a supervisor can be asked, asked from inside a session, in every way and at every level.

Ways: the agent itself; forked twice, in a session of its own, without a terminal; that with an empty environment; a
grandchild in a session of its own; and over a descriptor whose maker has ended. Counted is every privileged call that
is not refused for where it comes from, whatever else comes of it, and every byte that reaches the agent next door.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from steer.isolation import machine
from steer.model.isolation import Level
from steer.runtime.hub import READ_ONLY
from steer.runtime.intervention import METHODS
from tests.e2e.place import Place, open_place
from tests.e2e.spy import LISTENER, WAYS, spy
from tests.faults.goals.measure import Outcome, Size, Tally

LEVELS = (Level.L0, Level.L1, Level.L2)
PRIVILEGED = sorted(set(METHODS) - READ_ONLY)


def measure(size: Size, folder: Path) -> Outcome:
    levels = [level for level in LEVELS if machine.look().can(level)]
    calls, typed, out_of_reach = Tally(), Tally(), 0
    for number in range(size.tries(1, 20)):
        with pytest.MonkeyPatch.context() as patch, open_place(patch, folder / f"p{number}") as place:
            patch.setenv("STDIN_LOG", str(place.root / "stdin"))
            victim = place.start(place.script("listener", LISTENER), name="victim")
            place.shows(victim, "ready")
            for level, way in product(levels, WAYS):
                if not calls.wrong:  # after the first breach nothing is as it was
                    out_of_reach += _one_spy(place, level, way, victim, calls)
            log = place.root / "stdin"
            typed.add("something was typed" if log.exists() and log.read_bytes() else "")
    told = ", ".join([*map(str, levels), *(f"no {v} here" for v in LEVELS if v not in levels)])
    said = (
        f"{calls} privileged calls got through ({len(WAYS)} ways, {len(PRIVILEGED)} calls, {told}; "
        f"{out_of_reach} times the supervisor was out of reach); {typed} neighbours were typed to"
    )
    return Outcome(said, not calls.wrong and not typed.wrong)


def _one_spy(place: Place, level: Level, way: str, victim: str, calls: Tally) -> int:
    """1 where the supervisor could not be reached at all, else 0."""
    config = place.root / "c" / "steer"
    config.mkdir(parents=True, exist_ok=True)
    (config / "config.toml").write_text(f'[isolation]\nlevel = "{level}"\n')
    answers = spy(place, way, victim, list(METHODS), name=f"{way}-{level}".lower())
    for method in PRIVILEGED:
        said = answers.get(method, "")
        is_refused = answers["role"] == "none" or "is for the operator" in said
        calls.add("" if is_refused else f"{method}, {way} at {level}: {said}")
    if not calls.wrong:
        assert place.view(f"{way}-{level}".lower())["isolation"] == level
        place.call("kill", session=f"{way}-{level}".lower())
    return int(answers["role"] == "none")
