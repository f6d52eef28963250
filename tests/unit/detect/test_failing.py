"""Failing sets in the output of checks, as the tools print them."""

from __future__ import annotations

import pytest

from steer.detect.failing import failing

OUTPUTS = {
    "pytest": (
        "FAILED tests/test_cart.py::test_total - AssertionError: assert 3 == 4\n"
        "ERROR tests/test_cart.py::test_tax\n========= 2 failed, 7 passed in 0.12s =========\n",
        2, 7,
    ),
    "unittest": ("FAIL: test_total (shop.CartTest)\n----\nRan 4 tests in 0.1s\n\nFAILED (failures=1)\n", 1, 4),
    "jest": ("  ● Cart › total › adds tax\n\nTests:       1 failed, 5 passed, 6 total\n", 1, 5),
    "vitest": (" FAIL  src/cart.test.ts > total > adds tax 12ms\n      Tests  1 failed (4)\n", 1, -1),
    "mocha": ("  5 passing (12ms)\n  1 failing\n\n  1) Cart total\n", 1, 5),
    "go test": ("--- FAIL: TestTotal (0.00s)\n    cart_test.go:12: got 3, want 4\nFAIL\n", 1, -1),
    "go vet": ("shop/cart.go:12:5: undefined: tax\n", 1, -1),
    "cargo": ("test cart::total ... FAILED\n\ntest result: FAILED. 3 passed; 1 failed; 0 ignored\n", 1, 3),
    "rustc": ("error[E0308]: mismatched types\n  --> src/cart.rs:3:5\n", 1, -1),
    "tsc": ("src/cart.ts(12,5): error TS2322: Type 'string' is not assignable to type 'number'.\n", 1, -1),
    "eslint": (
        "/shop/cart.js\n  12:5  error  'tax' is not defined  no-undef\n\n✖ 1 problem (1 error, 0 warnings)\n", 1, -1,
    ),
    "ruff": ("shop/cart.py:3:8: F401 `os` imported but unused\nFound 1 error.\n", 1, -1),
    "mypy": ('shop/cart.py:7: error: Name "tax" is not defined  [name-defined]\nFound 1 error in 1 file\n', 1, -1),
    "javac": ("src/Cart.java:12: error: cannot find symbol\n", 1, -1),
    "maven": ("[ERROR] CartTest.total:14 expected:<4> but was:<3>\nTests run: 5, Failures: 1, Errors: 0\n", 1, -1),
    "gradle": ("CartTest > total() FAILED\n", 1, -1),
    "cc": ("cart.c:12:5: error: use of undeclared identifier 'tax'\n", 1, -1),
    "make": ("make[1]: *** [Makefile:4: all] Error 2\n", 1, -1),
    "rspec": ("rspec ./spec/cart_spec.rb:12 # Cart total\n", 1, -1),
    "tap": ("not ok 3 - total adds tax\n", 1, -1),
}  # fmt: skip


@pytest.mark.parametrize("tool", OUTPUTS)
def test_what_each_tool_says(tool: str) -> None:
    text, size, passed = OUTPUTS[tool]
    result = failing(text)
    assert result is not None
    assert (result.size, result.passed) == (size, passed)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The tests failed because of an error in the cart.",
        "I fixed 3 failed tests\n",
        "error: something went wrong\n",
        "12:30 error handling is described below\n",
        "cart.py:12: in total\n",
        "cart_test.go:12: phase 2 is done\n",
    ],
)
def test_prose_is_no_finding(text: str) -> None:
    assert failing(text) is None


def test_passing_is_said_in_numbers() -> None:
    result = failing("========= 12 passed in 0.30s =========\n")
    assert result is not None
    assert (result.size, result.passed, result.ids) == (0, 12, frozenset())


def test_ids_do_not_move_with_lines() -> None:
    first, second = failing("a.py:3: error: bad thing\n"), failing("a.py:40: error: bad thing\n")
    assert first is not None
    assert second is not None
    assert first.ids == second.ids


def test_the_set_is_bounded() -> None:
    result = failing("".join(f"FAILED tests/test_a.py::test_{n}\n" for n in range(5000)))
    assert result is not None
    assert len(result.ids) == 400
