"""When a tree is walked to count it, and when it is too large."""

from __future__ import annotations

import pytest

from steer.runtime.keeping import crowd, tree
from steer.runtime.keeping.crowd import Crowd


class Machine:
    """Pretends how many processes there are, and counts how often somebody walks the tree."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.others, self.mine, self.walks = 0, 0, 0
        patch.setattr(crowd, "processes_of_machine", lambda: self.others + self.mine)
        patch.setattr(tree, "descendants", self._walk)

    def _walk(self, root: int) -> list[tree.Process]:
        self.walks += 1
        return [tree.Process(n, root, "S", n, "x") for n in range(self.mine)]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def test_a_machine_with_fewer_processes_is_not_walked(machine: Machine) -> None:
    watched = Crowd(1000)
    machine.others, machine.mine = 500, 499
    assert not watched.is_over(1) and machine.walks == 0
    machine.mine = 1001
    assert watched.is_over(1) and watched.count == 1001


def test_a_busy_machine_is_walked_when_it_has_grown_only(machine: Machine) -> None:
    watched = Crowd(1000)
    machine.others, machine.mine = 5000, 100
    for _ in range(100):
        assert not watched.is_over(1)
    assert machine.walks == 1
    machine.others -= 300  # somebody ends while the tree grows
    assert not watched.is_over(1)
    for mine in range(100, 1001, 50):
        machine.mine = mine
        assert not watched.is_over(1)
    assert machine.walks < 8
    machine.mine = 1300
    assert watched.is_over(1)


def test_however_it_grows_it_is_noticed_before_it_is_half_as_large_again(machine: Machine) -> None:
    watched = Crowd(1000)
    machine.others = 1000
    while machine.mine < 2000 and not watched.is_over(1):
        machine.mine += 7
    assert 1000 < machine.mine < 1500


def test_what_may_go_on_is_as_large_again_until_it_is_small(machine: Machine) -> None:
    watched = Crowd(1000)
    machine.mine = 1500
    assert watched.is_over(1)
    watched.allow_more()
    assert not watched.is_over(1) and watched.to_json() == {"processes": 0, "limit": 1000}
    machine.mine = 2501
    assert watched.is_over(1)
    watched.allow_more()
    machine.mine = 10
    assert not watched.is_over(1)
    machine.mine = 1001
    assert watched.is_over(1), "the exception ended with the crowd"


def test_no_limit_is_none(machine: Machine) -> None:
    machine.mine = 10**6
    assert not Crowd(0).is_over(1) and machine.walks == 0


def test_the_machine_is_counted() -> None:
    assert crowd.processes_of_machine() > 1
