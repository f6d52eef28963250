"""Transcripts drawn as recordings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steer.model.step import BECOMES, Arrival, Entry, Said, Step, StepKind, Told, TurnEnd, TurnEnded
from steer.record.reader import Event, Kind
from steer.replay.conversation import COLS, Drawing
from steer.replay.index import perform
from steer.replay.keyframe import blank
from steer.replay.mark import MarkKind, kind_of
from steer.runtime.recording_file import RecordingFile

TRANSCRIPTS = Path(__file__).parents[2] / "fixtures" / "transcripts"
T = 1_700_000_000.0


def drawn(*entries: Entry) -> tuple[Drawing, list[Event], list[str]]:
    drawing = Drawing("t")
    events = list(drawing.draw(entries))
    emulator = blank(drawing.header)
    perform(emulator, events)
    return drawing, events, [line for line in emulator.lines() if line.strip()]


def run(id: str, at: float, **result: object) -> Step:
    return Step(id, at, "Bash", StepKind.RUN, f"do {id}", **result)  # type: ignore[arg-type]


def test_times_are_those_of_the_entries() -> None:
    drawing, events, _ = drawn(
        Told(T, "go"), run("a", T + 2), run("a", T + 2, result="ok", ended_at=T + 9), Said(T + 8, "x")
    )
    assert drawing.header.timestamp == T
    assert sorted({e.at for e in events}) == [0.0, 2.0, 9.0]


def test_a_turn_reads_like_a_session() -> None:
    _, events, lines = drawn(
        Told(T, "fix it", Arrival.QUEUED),
        Told(T, "fix it"),
        Said(T + 1, "I will\nnow"),
        run("a", T + 2),
        run("b", T + 3),
        run("a", T + 2, result="one\ntwo", exit=1, ended_at=T + 4),
        run("b", T + 3, result="fine", ended_at=T + 5),
        TurnEnded(T + 6, TurnEnd.FAILED, "no more money"),
    )
    assert lines == [
        "  (queued) fix it", "> fix it", "● I will", "  now", "$ do a", "$ do b", "$ do a", "  ✗ failed (status 1)",
        "  one", "  two", "$ do b", "  fine", "✗ failed: no more money",
    ]  # fmt: skip
    marks = [e.text for e in events if e.kind is Kind.MARKER]
    assert marks == [
        "told: fix it",
        "step Bash: do a",
        "step Bash: do b",
        "failed (status 1): Bash: do a",
        "failed: no more money",
    ]
    assert kind_of(marks[0]) is MarkKind.INTERVENTION


def test_edits_are_diffs() -> None:
    edit = Step("e", T, "Edit", StepKind.EDIT, f"a.py\nold\nline{BECOMES}new")
    assert drawn(edit)[2] == ["Edit: a.py", "  -old", "  -line", "  +new"]
    patch = "*** Begin Patch\n*** Update File: b.py\n-x\n+y\n*** End Patch"
    lines = drawn(Step("p", T, "apply_patch", StepKind.EDIT, patch, files=("b.py",)))[2]
    assert lines[0] == "apply_patch: b.py" and "  -x" in lines and "  +y" in lines


def test_long_results_keep_their_ends() -> None:
    result = "\n".join(str(i) for i in range(1000))
    lines = drawn(run("a", T), run("a", T, result=result, ended_at=T))[2]
    assert len(lines) < 50 and "  … 960 more lines" in lines and lines[-1] == "  999"


@given(
    st.lists(
        st.text(
            st.characters(codec="utf-8") | st.sampled_from("\x1b\x9b\x07\r\n[]m2J;?h\u202e"), max_size=30
        ),
        min_size=3,
        max_size=3,
    )
)
def test_no_escape_sequence_comes_from_a_text(texts: list[str]) -> None:
    one, two, three = texts
    _, events, _ = drawn(
        Told(T, one), Said(T, two), run("a", T), run("a", T, result=three, ended_at=T),
        Step("b", T, one, StepKind.OTHER, two), Step("c", T, three, StepKind.EDIT, f"{one}\n{two}{BECOMES}{three}"),
        TurnEnded(T, TurnEnd.FAILED, three),
    )  # fmt: skip
    for event in events:
        data = event.data.decode() if event.kind is Kind.OUTPUT else event.text
        assert not re.search(
            "[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]", re.sub("\x1b\\[[0-9;]*m", "", data)
        ), data


@pytest.mark.parametrize("path", sorted(TRANSCRIPTS.glob("*.jsonl")), ids=lambda p: p.stem)
def test_the_agents_own_files_open_as_recordings(path: Path) -> None:
    recording = RecordingFile(path)
    recording.load()
    assert recording.problems == [] and recording.transcript == path.stem.split("-")[0]
    assert recording.index.header is not None and recording.index.header.cols == COLS
    assert recording.index.header.timestamp > 1e9 and recording.index.timeline.output_bytes > 100
    assert any(m.kind is MarkKind.INTERVENTION for m in recording.index.timeline.marks)
    recording.close()


def test_flags_stand_where_they_were_found() -> None:
    recording = RecordingFile(TRANSCRIPTS / "claude-loop.jsonl")
    recording.load()
    flags = [m for m in recording.index.timeline.marks if m.kind is MarkKind.FLAG]
    assert flags and all(0 < m.at <= recording.index.timeline.duration for m in flags)
    recording.close()
