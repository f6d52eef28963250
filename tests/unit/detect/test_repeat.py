"""Repeated failure: what is a loop and what only looks like one."""

from __future__ import annotations

import pytest

from tests.unit.detect.scene import edit, flagged, found, run, search, told, wait

ERROR = "Traceback (most recent call last):\n  File \"/shop/cart.py\", line 3\nValueError: no tax for 'XX'\n"
FAILED = "FAILED tests/test_cart.py::test_total\n=== 1 failed, 5 passed in 0.1s ===\n"


def changed(n: int) -> object:
    return edit("shop/cart.py", f"tax = {n}\nreturn tax", f"tax = {n + 1}\nreturn tax")


def failures(count: int) -> list:  # type: ignore[type-arg]
    return [s for n in range(count) for s in (changed(n), run(f"pytest -q -k run{n}", FAILED, 1))]


def test_the_same_failure_behind_different_commands() -> None:
    assert flagged(failures(2)) == []
    assert flagged(failures(3)) == [("same-error", "amber", 6)]
    assert flagged(failures(5)) == [("same-error", "amber", 6), ("same-error", "red", 10)]


def test_the_onset_is_the_third() -> None:
    assert [f.onset_step for f in found(failures(5))] == [6, 6]


def test_line_numbers_paths_and_times_do_not_matter() -> None:
    steps = [
        run(f"python3 /shop/v{n}.py", f"12:0{n} x\n{ERROR.replace('line 3', f'line {n}')}", 1)
        for n in range(3)
    ]
    assert flagged(steps) == [("same-error", "amber", 3)]


def test_other_errors_are_no_loop() -> None:
    assert (
        flagged([run("python3 a.py", f"{name}Error: went wrong", 1) for name in ("Value", "Type", "Key")])
        == []
    )


def test_success_of_the_family_clears() -> None:
    ok = run("pytest -q", "=== 6 passed in 0.1s ===\n")
    assert flagged([*failures(2), ok, *failures(2)]) == []
    over = [f for f in found([*failures(3), ok]) if f.is_over]
    assert [f.rule for f in over] == ["same-error"]


def test_success_of_another_family_does_not() -> None:
    assert flagged([*failures(2), run("ls", "a"), *failures(1)]) == [("same-error", "amber", 7)]


def test_a_shrinking_set_is_progress() -> None:
    sets = [[f"FAILED tests/test_a.py::test_{n}" for n in range(size)] for size in (33, 8, 3, 1)]
    assert flagged([run("pytest", "\n".join(lines), 1) for lines in sets]) == []


def test_a_word_of_the_operator_starts_anew_and_what_comes_back_is_red() -> None:
    assert flagged([*failures(2), told("try the other way"), *failures(2)]) == []
    after = flagged([*failures(3), told("try the other way"), *failures(3)])
    assert after == [("same-error", "amber", 6), ("same-error", "red", 12)]


def test_far_apart_is_no_loop() -> None:
    quiet = [run(f"cat a{n}", "x") for n in range(12)]
    assert flagged([*failures(1), *quiet, *failures(1), *quiet, *failures(1)]) == []


def test_a_missing_tool_is_remembered_longer() -> None:
    quiet = [run(f"cat a{n}", "x") for n in range(7)]
    missing = [
        s for n in range(3) for s in (run(f"javac A{n}.java", "bash: javac: command not found", 127), *quiet)
    ]
    assert ("same-error", "amber", 17) in flagged(missing)


def test_the_same_edit_again() -> None:
    same = [edit("shop/cart.py", "tax = 1", "tax = 2 + rate") for _ in range(3)]
    between = [run("cat a", "x"), run("cat b", "y")]
    assert ("same-edit", "amber", 5) in flagged([same[0], between[0], same[1], between[1], same[2]])
    assert flagged([edit("shop/cart.py", f"tax = {n}", f"rate = {n}") for n in range(4)]) == []


def test_searches_that_find_nothing() -> None:
    assert flagged([search(f"word{n}", "No matches found") for n in range(3)]) == [
        ("empty-search", "amber", 3)
    ]
    assert flagged([run(f"grep -rn word{n} .", "", 1) for n in range(3)]) == [("empty-search", "amber", 3)]
    mixed = [
        search("a", "No matches found"),
        run("make", "ok"),
        search("b", ""),
        run("make all", "ok"),
        search("c", ""),
    ]
    assert flagged(mixed) == []


def test_polling_is_never_a_loop() -> None:
    assert flagged([wait("still running") for _ in range(20)]) == []


@pytest.mark.parametrize("length", range(1, 9))
def test_cycles(length: int) -> None:
    steps = [run(f"cat part{n % length}", f"text {n % length}") for n in range(length * 6)]
    rules = [rule for rule, _, _ in flagged(steps)]
    assert rules == ["cycle"]


def test_a_longer_cycle_and_new_output_are_none() -> None:
    assert flagged([run(f"cat part{n % 9}", f"text {n % 9}") for n in range(54)]) == []
    assert flagged([run("cat log", f"accuracy 0.{n}") for n in range(12)]) == []


def test_what_the_harness_says_of_itself_does_not_count() -> None:
    assert (
        flagged(
            [
                run(f"pytest {n}", "<tool_use_error>Sibling tool call errored</tool_use_error>", 1)
                for n in range(5)
            ]
        )
        == []
    )


def test_errors_between_steps_do_not_count() -> None:
    log = "SomeLibraryError: cannot log\n"
    aside = [run(f"cat > a{n}.py <<'EOF'\nx = 1\nEOF", log) for n in range(2)]
    assert flagged([*aside, *[run(f"python3 a{n}.py | tail", "Done\n" + log) for n in range(4)]]) == []
