"""Live detection: entries and printed lines to flags, and when those go away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from steer.model import event as ev
from steer.model.flag import Flag, Severity
from steer.model.session import Activity, ProcessState, SessionSpec, SessionView
from steer.model.step import Step, StepKind, Told
from steer.runtime.detection import FLOOD_BYTES_PER_S, Detection

SPEC = SessionSpec("s1", "one", ("agent",), "/w", "b", "abc", task="make the tests pass")
FAILED = (
    "E   assert 3 == 4\nFAILED test_shop.py::test_total - assert 3 == 4\n=== 1 failed, 2 passed in 0.1s ==="
)


class World:
    """`flags` are those that the session has now."""

    def __init__(self, folder: Path, *, reads_terminal: bool = False) -> None:
        self.now = 1_700_000_000.0
        self.flags: tuple[Flag, ...] = ()
        self.view = SessionView(SPEC, ProcessState.RUNNING, Activity.WORKING)
        self.detection = Detection(lambda _: self.view, self._emit, lambda: self.now, lambda _: folder)
        self.detection.begin(SPEC, reads_terminal=reads_terminal)
        self._count = 0

    def _emit(self, event: ev.Event) -> None:
        if isinstance(event, ev.FlagsFound):
            assert event.source == "steps"
            self.flags = event.flags

    def rules(self) -> list[str]:
        return [f.rule for f in self.flags]

    def run_tests(self, result: str = FAILED, status: int = 1) -> None:
        self._count += 1
        self.now += 1
        step = Step(
            f"t{self._count}", self.now, "Bash", StepKind.RUN, "pytest -q", result, status, bool(status)
        )
        self.detection.entry("s1", replace(step, ended_at=self.now))


def test_the_same_failure_is_flagged_and_goes_with_success(tmp_path: Path) -> None:
    w = World(tmp_path)
    for _ in range(3):
        w.run_tests()
    assert w.rules() == ["same-error"] and w.flags[0].severity is Severity.WARN
    assert "test_shop.py::test_total" in "".join(w.flags[0].evidence)
    w.run_tests("=== 3 passed in 0.1s ===", 0)
    assert w.rules() == []


def test_a_correction_answers_the_flags_and_a_relapse_is_urgent(tmp_path: Path) -> None:
    w = World(tmp_path)
    for _ in range(3):
        w.run_tests()
    w.detection.entry("s1", Told(w.now, "the total is computed in pricing.py"))
    assert w.rules() == []
    for _ in range(3):
        w.run_tests()
    assert w.rules() == ["same-error"] and w.flags[0].severity is Severity.URGENT


def test_a_check_of_steers_own_that_passes_ends_what_failed(tmp_path: Path) -> None:
    w = World(tmp_path)
    for _ in range(3):
        w.run_tests()
    w.detection.passed_check("s1")
    assert w.rules() == []


def test_silence_is_flagged_only_while_the_agent_works(tmp_path: Path) -> None:
    w = World(tmp_path)
    w.run_tests("=== 3 passed ===", 0)
    w.now += 200
    w.view = replace(w.view, activity=Activity.IDLE)
    w.detection.look()
    assert w.rules() == []
    w.view = replace(w.view, activity=Activity.WORKING)
    w.detection.look()
    assert w.rules() == ["silence"]
    w.detection.end("s1")
    assert w.rules() == []


def test_an_agent_without_a_transcript_is_read_from_its_terminal_but_not_in_a_flood(tmp_path: Path) -> None:
    def turn(n: int) -> bytes:
        begin = f"mini-swe-agent (step {n}, $0.01):\n```bash\npytest -q\n```\n"
        return (begin + f"User:\n<returncode>1</returncode>\n{FAILED}\n").replace("\n", "\r\n").encode()

    w = World(tmp_path, reads_terminal=True)
    for n in range(1, 6):
        w.now += 1
        w.detection.output("s1", turn(n), w.now)
    assert "same-error" in w.rules()
    flooded = World(tmp_path, reads_terminal=True)
    for n in range(1, 6):
        flooded.detection.output("s1", b"x\r\n" * FLOOD_BYTES_PER_S, flooded.now)
        flooded.detection.output("s1", turn(n), flooded.now)
    assert flooded.rules() == []


def test_what_the_parent_did_is_not_the_forks(tmp_path: Path) -> None:
    w = World(tmp_path)
    w.detection.begin(replace(SPEC, created_at=w.now + 2.5), reads_terminal=False)
    for _ in range(4):
        w.run_tests()
    assert w.rules() == []
