"""The failing set in a check's output: ids of failing tests, findings of linters and compilers.

Sets tell looping from converging: 33 findings, then 8, then 1 is progress; the same three again is not. An id holds
no line numbers, which move with every edit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_IDS = 400


@dataclass(frozen=True, slots=True)
class Failing:
    """`ids` are what failed; `count` what the output says in numbers (-1: nothing); `passed` likewise."""

    ids: frozenset[str]
    count: int = -1
    passed: int = -1

    @property
    def size(self) -> int:
        return max(len(self.ids), self.count)


# (format, pattern of one finding); groups are joined to the id. Each is anchored to how its tool prints, so that
# prose about errors is not taken for a finding.
_FINDINGS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.M))
    for name, pattern in (
        ("pytest", r"^(?:FAILED|ERROR) ([^\s:]+\.py(?:::\S+)?)"),
        ("pytest", r"^_{3,} (?:ERROR at \w+ of )?([\w\[\].-]+) _{3,}$"),
        ("unittest", r"^(?:FAIL|ERROR): (\w+) \(([\w.]+)"),
        ("jest", r"^\s*● (.+ › .+)$"),
        ("vitest", r"^\s*(?:FAIL|×|✗|✕)\s+(\S.*? > .+?)(?:\s+\d+ms)?$"),
        ("mocha", r"^\s{2,}\d+\) (\S.*)$"),
        ("go test", r"^\s*--- FAIL: (\S+)"),
        ("go", r"^(\S+\.go):\d+:\d+: (.+)$"),  # without a column it is what a test logs
        ("cargo test", r"^test (\S+) \.\.\. FAILED"),
        ("rustc", r"^error(\[E\d+\]: .+)$"),
        ("tsc", r"^(\S+\.[cm]?tsx?)[(:]\d+[,:]\d+\)?(?: -|:) error (TS\d+: .+)$"),
        ("eslint", r"^\s+\d+:\d+\s+error\s+(.+?)\s{2,}(\S+)$"),
        ("mypy", r"^(\S+\.pyi?):\d+(?::\d+)?: error: (.+)$"),
        ("ruff", r"^(\S+\.pyi?):\d+:\d+: ([A-Z]+\d+ .+)$"),
        ("javac", r"^(?:\[ERROR\] )?(\S+\.(?:java|kt|scala)):\[?\d+(?:,\d+\])?:? (?:error: )?(.+)$"),
        ("maven", r"^\[ERROR\]\s+(\w+(?:\.\w+)*):\d+"),
        ("gradle", r"^(\S+) > (\S.*) FAILED$"),
        ("cc", r"^(\S+\.(?:c|cc|cpp|cxx|h|hpp|m|mm)):\d+(?::\d+)?: (?:fatal )?error: (.+)$"),
        ("make", r"^make(?:\[\d+\])?: \*\*\* (.+?)(?:\.  Stop\.)?$"),
        ("rspec", r"^rspec (\S+?):\d+"),
        ("tap", r"^not ok \d+ -? ?(.+)$"),
    )
)
_COUNTS = tuple(
    re.compile(pattern, re.M)
    for pattern in (
        r"^=+ (?:.*?)(\d+) failed",
        r"^FAILED \((?:failures|errors)=(\d+)",
        r"^Tests:\s+(\d+) failed",
        r"^\s*Tests\s+(\d+) failed",
        r"Tests run: \d+, Failures: (\d+)",
        r"test result: FAILED\. \d+ passed; (\d+) failed",
        r"^Found (\d+) errors?\b",
        r"(\d+) problems? \(",
        r"^\s+(\d+) failing$",
    )
)
_PASSED = tuple(
    re.compile(pattern, re.M)
    for pattern in (
        r"^=*.*?(\d+) passed",
        r"^Ran (\d+) tests? in",
        r"^Tests:.*?(\d+) passed",
        r"^\s+(\d+) passing",
        r"test result: ok\. (\d+) passed",
    )
)
_NUMBERS = re.compile(r"0x[0-9a-fA-F]+|\d+")


def failing(text: str) -> Failing | None:
    """The failing set in `text`; None where no known tool speaks in it."""
    ids: set[str] = set()
    for name, pattern in _FINDINGS:
        for found in pattern.finditer(text):
            ids.add(
                f"{name} " + _NUMBERS.sub("#", " ".join(found.groups())[:160])
                if name != "pytest"
                else found[1]
            )
            if len(ids) >= MAX_IDS:
                break
    count, passed = _largest(_COUNTS, text), _largest(_PASSED, text)
    if not ids and count < 0 and passed < 0:
        return None
    return Failing(frozenset(ids), count, passed)


def _largest(patterns: tuple[re.Pattern[str], ...], text: str) -> int:
    found = [int(m) for pattern in patterns for m in pattern.findall(text)]
    return max(found, default=-1)
