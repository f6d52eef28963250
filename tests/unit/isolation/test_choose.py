"""Which level a session gets, and the sentence where it does not get the one that was named."""

from __future__ import annotations

import pytest

from steer.config.schema import Isolation
from steer.errors import IsolationFault
from steer.isolation.choose import choose
from steer.isolation.machine import Machine
from steer.isolation.room import Needs
from steer.model.isolation import Level

ALL = Machine(7, "/usr/bin/bwrap")
NO_BWRAP = Machine(7, "", {Level.L2: "L2 needs bubblewrap"})
NOTHING = Machine(0, "", {Level.L1: "L1 needs Landlock", Level.L2: "L2 needs bubblewrap"})
L0, L1, L2, L3 = Level


@pytest.mark.parametrize(
    ("wish", "wished", "most", "machine", "levels", "why"),
    [
        (Isolation(), "auto", L2, ALL, (L2, L1, L0), ""),
        (Isolation(), "auto", L1, ALL, (L1, L0), ""),
        (Isolation(), "auto", None, ALL, (L0,), ""),  # nobody has seen how that agent bears it
        (Isolation(), "auto", L2, NO_BWRAP, (L1, L0), ""),
        (Isolation(), "auto", L2, NOTHING, (L0,), ""),
        (Isolation(at_least="L1"), "auto", None, ALL, (L1,), ""),
        (Isolation(at_least="L1"), "auto", L2, NO_BWRAP, (L1,), ""),
        (Isolation(on_failure="refuse"), "auto", L2, ALL, (L2, L1, L0), ""),
        (Isolation(), "L2", None, ALL, (L2,), ""),
        (Isolation(), "L0", L2, ALL, (L0,), ""),
        (Isolation(at_least="L2"), "L0", L2, ALL, (L2,), ""),
        (Isolation(on_failure="lower"), "L2", None, NO_BWRAP, (L1, L0), "L2 needs bubblewrap"),
        (Isolation(on_failure="lower", at_least="L1"), "L2", None, NO_BWRAP, (L1,), "L2 needs bubblewrap"),
        (Isolation(wrapper=("firejail",)), "L3", None, NOTHING, (L3,), ""),
    ],
)
def test_the_levels_to_try(
    wish: Isolation, wished: str, most: Level | None, machine: Machine, levels: tuple[Level, ...], why: str
) -> None:
    found = choose(wish, wished, Needs(most), machine)
    assert (found.levels, found.why) == (levels, why)


@pytest.mark.parametrize(
    ("wish", "wished", "machine", "words"),
    [
        (Isolation(), "L2", NO_BWRAP, "L2 needs bubblewrap"),
        (Isolation(), "L3", ALL, "isolation.wrapper"),
        (Isolation(at_least="L1"), "auto", NOTHING, "L1 needs Landlock"),
        (Isolation(at_least="L2", on_failure="lower"), "L2", NO_BWRAP, "L2 needs bubblewrap"),
    ],
)
def test_what_is_refused_and_why(wish: Isolation, wished: str, machine: Machine, words: str) -> None:
    with pytest.raises(IsolationFault) as caught:
        choose(wish, wished, Needs(), machine)
    assert words in caught.value.message and caught.value.exit_code == 4
