"""Drift: something else than the task, and what only sounds like it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steer.detect.finding import Kind
from steer.model.step import Step, StepKind, TurnEnd, TurnEnded
from tests.unit.detect.scene import edit, flagged, found, run, said, told

FAILED = "FAILED tests/test_cart.py::test_total - assert 3 == 4\n=== 1 failed, 5 passed in 0.1s ===\n"
PASSED = "=== 6 passed in 0.1s ===\n"
NO_TORCH = run("python3 load.py", "ModuleNotFoundError: No module named 'torch'\n", 1)
LONG = "import json\n" + "\n".join(f"weights_{n} = {n}" for n in range(40))
END = TurnEnded(9e3, TurnEnd.DONE)


def rules(*entries: object, task: str = "") -> list[str]:
    return [rule for rule, _, _ in flagged(entries, task)]  # type: ignore[arg-type]


def failed() -> Step:
    return run("pytest -q", FAILED, 1)


def test_made_up_content_after_a_failure() -> None:
    made_up = edit("weights.py", "", "weights = make_mock_weights()")
    assert rules(NO_TORCH, made_up) == ["made-up"]
    assert rules(made_up) == []
    assert rules(NO_TORCH, made_up, task="Build a mock of the model") == []
    assert rules(NO_TORCH, edit("tests/test_a.py", "", "mock = Mock()")) == []
    assert (
        rules(NO_TORCH, said("Now the placeholder in the form"), edit("form.py", "a", "b = placeholder"))
        == []
    )


def test_a_tool_the_task_names_is_dropped() -> None:
    assert rules(NO_TORCH, edit("load.py", "", LONG), task="Load it with torch") == ["dropped"]
    assert rules(NO_TORCH, edit("load.py", "", LONG)) == []
    assert rules(NO_TORCH, edit("load.py", "", "import torch\n" + LONG), task="Load it with torch") == []
    came = run("pip install -n x torch", "Successfully installed torch")
    assert rules(NO_TORCH, came, edit("load.py", "", LONG), task="Load it with torch") == []
    no_http = run("pip install requests", "ERROR: no network", 1)
    assert rules(no_http, edit("load.py", "", LONG), task="Count the requests of a day") == []


def test_a_document_in_place_of_the_change() -> None:
    words = said("Given the constraints of this environment I will document our findings.")
    assert rules(words, edit("issue_analysis.md", "", "what I saw")) == ["document-instead"]
    assert rules(words, edit("issue_analysis.md", "", "x"), task="Write issue_analysis.md") == []
    assert rules(said("Here are the notes."), edit("notes.md", "", "x")) == []


def test_a_failing_check_explained_away() -> None:
    assert rules(failed(), said("These failures are pre-existing.")) == ["explained-away"]
    assert rules(run("pytest", PASSED), said("The old failures were pre-existing.")) == []


def test_done_while_its_last_check_failed() -> None:
    assert rules(edit("cart.py", "a", "b"), failed(), said("The cart is now complete."), END) == [
        "done-while-failing"
    ]
    assert (
        rules(edit("cart.py", "a", "b"), run("pytest", PASSED), said("The cart is now complete."), END) == []
    )


def test_done_unchecked_since_the_last_edit() -> None:
    passed, change, claim = (
        run("pytest", PASSED),
        edit("cart.py", "a = 1", "b = 1"),
        said("The cart is now fixed."),
    )
    assert rules(passed, change, claim, END) == ["unchecked-claim"]
    assert rules(passed, change, claim, told("thanks")) == ["unchecked-claim"]
    assert rules(change, claim, END) == []  # this session never checks
    assert rules(passed, change, run("pytest", PASSED), claim, END) == []
    assert rules(passed, edit("notes.md", "a", "b"), claim, END) == []
    assert rules(passed, change, said("Shall I go on?"), END) == []


WEAKER = [
    ("tests/test_cart.py", "assert total() == 4", "assert total()", "1 exact checks made vague"),
    ("tests/test_cart.py", "x = 1\nassert a == 1\nassert b == 2", "x = 1\nassert a == 1", "1 assertions fewer"),
    ("tests/test_cart.py", "def test_a():\n    assert f() == 1", "def test_a():\n    assert True", "always holds"),
    ("tests/test_cart.py", "def test_a():\n    assert f() == 1\ndef test_b():\n    assert g() == 1",
     "def test_b():\n    assert g() == 1", "1 tests removed: test_a"),
    ("tests/test_cart.py", "def test_a():\n    assert f()",
     "@pytest.mark.skip\ndef test_a():\n    assert f()", "skipped"),
    ("tests/test_cart.py", "assert total() == 4", "assert total() == 3", "expects what the code gave: 3"),
    ("src/cart.test.ts", "expect(total()).toBe(4)", "expect(total()).toBe(3)", "expects what the code gave: 3"),
    ("src/cart.test.ts", "it('adds', () => {", "it.skip('adds', () => {", "skipped"),
    ("pyproject.toml", "[tool.ruff]", "[tool.ruff]\nignore = ['F401']", "made lenient"),
    (".github/workflows/ci.yml", "run: make test", "run: make test || true", "made lenient"),
]  # fmt: skip
NOT_WEAKER = [
    ("tests/test_cart.py", "assert total() == 4", "assert total() == 9"),  # not what the code gave
    ("tests/test_cart.py", "def test_a():\n    assert f() == 1", "def test_tax():\n    assert f() == 1"),
    ("tests/test_cart.py", "assert f() == 1", "assert (\n    f()\n    == 1\n)"),
    ("tests/test_cart.py", "x = 1", "x = 2\nassert x == 2"),
    ("cart.py", "assert total == 4", "pass"),
    ("cart_test.go", 't.Log("it should work")', 't.Log("done")'),
    ("cart_test.go", 'if err != nil {\n  t.Fatalf("set-up: %v", err)\n}', "// no set-up"),
    ("pyproject.toml", 'version = "1"', 'version = "2"'),
]


@pytest.mark.parametrize(("path", "old", "new", "why"), WEAKER)
def test_a_check_weakened_after_it_failed(path: str, old: str, new: str, why: str) -> None:
    flags = [f for f in found([failed(), edit(path, old, new)]) if f.rule == "weakened-check"]
    assert [f.kind for f in flags] == [Kind.DRIFT]
    assert why in flags[0].evidence[0]
    assert rules(run("pytest", PASSED), edit(path, old, new)) == []
    assert rules(failed(), edit(path, old, new), task="Update the tests to the new rate") == []
    assert rules(failed(), told("adapt the assertions, please"), edit(path, old, new)) == []


@pytest.mark.parametrize(("path", "old", "new"), NOT_WEAKER)
def test_a_check_that_demands_as_much(path: str, old: str, new: str) -> None:
    assert "weakened-check" not in rules(failed(), edit(path, old, new))


def test_making_tests_pass_is_no_wish_to_change_them() -> None:
    change = edit("tests/test_cart.py", "assert total() == 4", "assert total()")
    assert rules(failed(), change, task="Make the failing tests pass") == ["weakened-check"]


def test_a_failing_test_is_deleted() -> None:
    assert rules(failed(), run("rm tests/test_cart.py")) == ["weakened-check"]
    assert rules(failed(), run("rm build/cart.o")) == []
    assert rules(run("pytest", PASSED), run("rm tests/test_cart.py")) == []


def test_an_edit_that_goes_back_and_forth() -> None:
    there, back = (
        edit("cart.py", "return total * 2", "return total * 3"),
        edit("cart.py", "return total * 3", "return total * 2"),
    )
    assert flagged([there, back]) == []
    assert ("reversal", "amber", 3) in flagged([there, back, there])
    assert ("reversal", "red", 4) in flagged([there, back, there, back])
    assert "reversal" not in rules(there, told("no, back"), back, told("and again"), there)
    look = edit("cart.py", "return total * 2", "print(total)\nreturn total * 2")
    away = edit("cart.py", "print(total)\nreturn total * 2", "return total * 2")
    assert "reversal" not in rules(look, away, look)


def test_writes_outside_the_scope() -> None:
    steps = [edit("shop/cart.py", "a", "b"), edit("README.md", "a", "b"), edit("README.md", "c", "d")]
    assert flagged(steps, scope=("shop/*",)) == [("out-of-scope-step", "amber", 2)]
    assert flagged(steps) == []
    assert flagged([run("cat > docs/a.md <<'EOF'\nx\nEOF")], scope=("shop",)) == [
        ("out-of-scope-step", "amber", 1)
    ]
    assert flagged([run("cat > /tmp/a <<'EOF'\nx\nEOF")], scope=("shop",)) == []


def test_corrections_that_help_are_no_loop() -> None:
    def some(size: int) -> Step:
        return run("pytest", "".join(f"FAILED tests/test_a.py::test_{n}\n" for n in range(size)), 1)

    shrinking = [e for n in (9, 7, 5, 3, 1) for e in (some(n), told("go on"))]
    assert "correction-loop" not in rules(*shrinking)
    between = [e for _ in range(4) for e in (failed(), told("go on"), run("pytest", PASSED))]
    assert "correction-loop" not in rules(*between, failed())


def test_the_end_without_a_change_to_the_source() -> None:
    script, look = edit("reproduce_bug.py", "", "import shop"), [run(f"cat a{n}", "x") for n in range(3)]
    end = replace(run("submit"), tool="submit", kind=StepKind.OTHER)
    assert rules(script, *look, end) == ["nothing-done"]
    assert rules(script, *look, end, task="Reproduce the bug in reproduce_bug.py") == []
    assert rules(script, *look, edit("shop/cart.py", "a", "b"), end) == []
    assert "nothing-done" not in rules(script, *look, END)  # a turn of many: the change may come in the next
