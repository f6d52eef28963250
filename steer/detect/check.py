"""What a row of check results says: the same failure after change upon change is a loop, fewer failures are not."""

from __future__ import annotations

from collections.abc import Sequence

from steer.model.flag import Flag, Severity
from steer.model.session import CheckResult

LOOP_AFTER = 3  # checkpoints in a row that failed alike: two may be one fix in two steps
URGENT_AFTER = 6


def repeated_failure(results: Sequence[CheckResult], at: float) -> Flag | None:
    """A flag when the newest results failed without getting better; `results` oldest first, one per checkpoint."""
    alike = 0
    newest = -1  # failing tests of the result after the one looked at
    for result in reversed(results):
        if result.state != "failed" or result.failed > newest >= 0:
            break  # it passed, or more failed then: what came after was progress
        newest = result.failed
        alike += 1
    if alike < LOOP_AFTER:
        return None
    last = results[-1]
    what = f"{last.failed} failing" if last.failed > 0 else "the check fails"
    severity = Severity.URGENT if alike >= URGENT_AFTER else Severity.WARN
    evidence = (last.text, f"{alike} checkpoints in a row without progress")
    return Flag("repeated-failure", f"{what}, no progress", severity, at, evidence, "inject", alike)
