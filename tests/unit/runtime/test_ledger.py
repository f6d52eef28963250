"""Ledgers of live sessions: kept on disk, gone on with after a crash, and what steer itself adds to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from steer.detect.convergence import explain
from steer.detect.ledger import OWN_CHECK, Cleared, Corrected, Measured, Raised
from steer.model import event as ev
from steer.model.flag import Flag, Severity
from steer.model.operation import Operation
from steer.model.session import CheckResult, SessionSpec, Trend
from steer.model.step import Step, StepKind, Told
from steer.runtime.convergence import FILE, AddedLines, changed, delivered_how, load_ledger, measured, writer
from steer.runtime.detection import Detection

SPEC = SessionSpec(
    id="s1", name="one", argv=("x",), worktree="/w", branch="b", base="", task="make the tests pass", created_at=1e9
)  # fmt: skip
FAILED = "FAILED tests/test_a.py::test_one - assert 1 == 2\n1 failed in 0.1s"


@pytest.fixture(autouse=True)
def _no_rules_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


class World:
    """One session's detection; `again` is what a new supervisor makes of the same disk and transcript."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = 1e9 + 1000
        self.begin()

    def begin(self) -> None:
        self.events: list[ev.Event] = []
        self.detection = Detection(
            lambda session: None, self.events.append, lambda: self.now, lambda session: self.folder
        )
        self.detection.begin(SPEC, reads_terminal=False)

    def flags(self) -> tuple[Flag, ...]:
        return [e for e in self.events if isinstance(e, ev.FlagsFound)][-1].flags

    def trends(self) -> list[Trend]:
        return [e.trend for e in self.events if isinstance(e, ev.TrendChanged)]


def story(corrections: int) -> list[Told | Step]:
    entries: list[Told | Step] = [Told(1e9 + 1, SPEC.task)]
    for i in range(corrections):
        at = 1e9 + 10 * (i + 1)
        entries.append(Step(str(i), at, "Bash", StepKind.RUN, "pytest -q", FAILED, 1, True, ended_at=at + 1))
        entries.append(Told(at + 2, f"the rounding in cart.py is wrong, take {i}"))
    at = 1e9 + 900
    return [*entries, Step("z", at, "Bash", StepKind.RUN, "pytest -q", FAILED, 1, True, ended_at=at)]


def test_a_crash_forgets_nothing_and_counts_nothing_twice(tmp_path: Path) -> None:
    world = World(tmp_path / "s1")
    for entry in story(4):
        world.detection.entry("s1", entry)
    (flag,) = [f for f in world.flags() if f.rule == "correction-loop"]
    assert flag.propose == "restart" and flag.since == 1e9 + 10, "the step before the first correction"
    assert world.trends()[-1] is Trend.STUCK
    kept = (tmp_path / "s1" / FILE).read_bytes()

    with (tmp_path / "s1" / FILE).open("ab") as f:
        f.write(b'{"fact":"corrected","at":1e9,"te')  # torn by the crash
    world.begin()
    assert [f.rule for f in world.flags()] == ["correction-loop"] and world.trends() == [Trend.STUCK]
    for entry in story(4):
        world.detection.entry("s1", entry)
    assert (tmp_path / "s1" / FILE).read_bytes().startswith(kept)
    assert len(load_ledger(tmp_path / "s1").corrections) == 4


def test_what_the_parent_was_told_is_not_the_forks(tmp_path: Path) -> None:
    world = World(tmp_path / "s1")
    for entry in (
        Told(1e9 - 50, "stop touching legacy.py"),
        Told(1e9 + 5, SPEC.task),
        Told(1e9 + 9, "use Decimal"),
    ):
        world.detection.entry("s1", entry)  # fmt: skip
    assert [c.said.text for c in load_ledger(tmp_path / "s1").corrections] == ["use Decimal"]


def test_another_sources_flags_are_what_a_correction_answers_for(tmp_path: Path) -> None:
    world = World(tmp_path / "s1")
    scope = Flag("out-of-scope", "outside", Severity.WARN, 1.0)
    world.detection.flagged("s1", "tree", (scope,))
    world.detection.entry("s1", Told(1e9 + 5, SPEC.task))
    world.now += 1
    world.detection.took("s1", Corrected(world.now, "leave the README alone"))
    world.now += 1
    world.detection.flagged("s1", "tree", ())
    assert explain(load_ledger(tmp_path / "s1")) == [
        "correction: leave the README alone (then: out-of-scope): held"
    ]


def test_only_news_of_flags_count() -> None:
    flags = [Flag("a", "", Severity.WARN, 0, key="x", count=2), Flag("b", "", Severity.WARN, 0)]
    assert changed({"a x": 2, "c": 1}, flags, 9.0) == [Cleared(9.0, "c"), Raised(9.0, "b")]
    assert changed({"a x": 1, "b": 1}, flags, 9.0) == [Raised(9.0, "a x")]


def test_the_own_check_is_measured_by_its_output(tmp_path: Path) -> None:
    log = tmp_path / "check.log"
    log.write_text(FAILED)
    ids = ("tests/test_a.py::test_one",)
    assert measured(CheckResult("failed", 0, 3), log, 5.0) == Measured(5.0, OWN_CHECK, 3, ids)
    assert measured(CheckResult("failed"), tmp_path / "none", 5.0) == Measured(5.0, OWN_CHECK, 1)
    assert measured(CheckResult("passed", 4, 0), log, 5.0) == Measured(5.0, OWN_CHECK, 0)
    assert measured(CheckResult("running"), log, 5.0) is None
    assert measured(CheckResult("error"), log, 5.0) is None


def test_how_much_of_the_changed_lines_is_kept() -> None:
    lines = AddedLines()
    assert lines.share_kept("s", [("a", "+one\n+two\n+three\n+four\n-x")]) is None
    assert lines.share_kept("s", [("a", "+one\n+two\n+three\n+four\n-x")]) is None, "nothing happened"
    assert lines.share_kept("s", [("a", "+one\n+new\n"), ("b", "+two")]) == 0.25
    assert lines.share_kept("other", [("a", "+one")]) is None


def test_how_a_text_was_delivered() -> None:
    said = [
        Operation(1, "inject", "s1", 1.0, detail={"text": "use\nDecimal", "mode": "queue"}),
        Operation(2, "inject", "s2", 1.0, detail={"text": "use Decimal", "mode": "steer"}),
    ]
    assert delivered_how(said, "s1", "use Decimal ") == "queue"
    assert delivered_how(said, "s1", "use floats") == ""


def test_lines_that_are_none_are_left_out(tmp_path: Path) -> None:
    write = writer(tmp_path)
    write(Corrected(1.0, "x"))
    (tmp_path / FILE).open("a").write('[]\n{"fact":"raised"}\n{"fact":"corrected","at":"no"}\n{"fact":"?"}\n')
    write(Corrected(2.0, "y"))
    assert [c.said.text for c in load_ledger(tmp_path).corrections] == ["x", "y"]
