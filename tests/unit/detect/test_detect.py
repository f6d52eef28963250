"""Flags from checkpoints and checks."""

from __future__ import annotations

import pytest

from steer.detect.check import LOOP_AFTER, URGENT_AFTER, repeated_failure
from steer.detect.tree import FileChange, out_of_scope, weakened_tests
from steer.model.flag import Severity
from steer.model.session import CheckResult


def failed(count: int) -> CheckResult:
    return CheckResult("failed", 5, count, f"FAILED (failures={count})")


def test_scope_names_what_lies_outside() -> None:
    changes = [FileChange("shop/a.py", "M"), FileChange("README.md", "M"), FileChange("docs/x.md", "A")]
    flag = out_of_scope(changes, ["shop/*"], 1.0)
    assert flag is not None
    assert flag.count == 2
    assert "README.md" in flag.title
    assert out_of_scope(changes, ["shop", "docs/", "*.md"], 1.0) is None
    assert out_of_scope(changes, [], 1.0) is None


@pytest.mark.parametrize(
    ("change", "is_weaker"),
    [
        (FileChange("tests/test_a.py", "D"), True),
        (FileChange("tests/test_a.py", "M", "-    assert x == 1\n+    pass\n"), True),
        (
            FileChange(
                "tests/test_a.py", "M", "-  self.assertEqual(f(), 3)\n+  self.assertGreater(f(), 0)\n"
            ),
            True,
        ),
        (FileChange("src/a.test.ts", "M", "+  it.skip('x')\n-  it('x')\n"), True),
        (FileChange("tests/test_a.py", "M", "-    assert x == 1\n+    assert x == 2\n"), False),
        (FileChange("tests/test_a.py", "A", "+    assert x\n"), False),
        (FileChange("shop/a.py", "M", "-    assert x\n"), False),
        (FileChange("tests/test_a.py", "M", "-    x = 1\n+    x = 2\n+    assert x == 2\n"), False),
    ],
)
def test_weaker_tests(change: FileChange, is_weaker: bool) -> None:
    assert (weakened_tests([change], 1.0) is not None) is is_weaker


def test_the_same_failure_again_and_again() -> None:
    assert repeated_failure([failed(1)] * (LOOP_AFTER - 1), 1.0) is None
    flag = repeated_failure([failed(1)] * LOOP_AFTER, 1.0)
    assert flag is not None
    assert (flag.severity, flag.count) == (Severity.WARN, LOOP_AFTER)
    again = repeated_failure([failed(1)] * URGENT_AFTER, 1.0)
    assert again is not None
    assert again.severity is Severity.URGENT


def test_progress_is_no_loop() -> None:
    assert repeated_failure([failed(5), failed(4), failed(3), failed(2)], 1.0) is None
    assert repeated_failure([failed(1)] * 5 + [CheckResult("passed", 6, 0)], 1.0) is None
    assert repeated_failure([failed(1), CheckResult("passed", 6, 0), failed(1), failed(1)], 1.0) is None
    assert repeated_failure([], 1.0) is None
