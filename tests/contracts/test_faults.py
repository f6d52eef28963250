"""The table of faults names tests that exist, has every case once, and its page is what the table says."""

from __future__ import annotations

from tests.faults.goals.measure import MODULES
from tests.faults.table import MISSING, PAGE, ROOT, functions, load, node_ids, page

SIZES = {"A": 16, "B": 17, "C": 20, "D": 17, "E": 8, "F": 13, "G": 21, "H": 12}


def test_every_case_is_there_exactly_once() -> None:
    expected = [f"{letter}{n}" for letter, size in SIZES.items() for n in range(1, size + 1)]
    assert [case.id for case in load().cases] == expected
    assert list(load().groups) == list(SIZES)


def test_every_case_says_what_holds_it_or_what_is_missing() -> None:
    for case in load().cases:
        assert case.what and case.expect and case.gate in ("P", "N"), case.id
        assert case.state != MISSING or case.missing, case.id
        assert not case.not_here or not (case.tests or case.command or case.missing), case.id
        assert len(set(case.tests)) == len(case.tests), case.id


def test_every_test_that_is_named_exists() -> None:
    named: dict[str, set[str]] = {}
    for case in load().cases:
        for test in case.tests:
            path, _, name = test.partition("::")
            named.setdefault(path, set()).add(name)
    assert named
    for path, names in named.items():
        assert (ROOT / path).is_file(), path
        assert names <= node_ids(ROOT / path), path


def test_every_module_that_a_command_names_exists() -> None:
    modules = [word for c in load().cases for word in c.command.split() if word.startswith("tests.")]
    assert modules
    for module in modules:
        base = ROOT / module.replace(".", "/")
        assert base.with_suffix(".py").is_file() or (base / "__main__.py").is_file(), module


def test_every_goal_has_a_module_that_measures_it() -> None:
    assert [goal.id for goal in load().goals] == list(MODULES)
    for module in MODULES.values():
        assert "measure" in functions(ROOT / "tests" / "faults" / "goals" / f"{module}.py"), module


def test_the_page_is_what_the_table_says() -> None:
    assert PAGE.read_text("utf-8") == page(load()), "run: python -m tests.faults"
