"""Detectors on anything at all: no input raises, and how a stream is cut changes nothing."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from steer.detect.finding import Finding
from steer.detect.pipeline import Pipeline
from steer.detect.source import HEAD, Source
from steer.detect.terminal import TerminalReader
from steer.errors import UserError
from steer.model.step import BECOMES, Entry, Said, Step, StepKind, Told, TurnEnd, TurnEnded

PIECES = st.sampled_from(
    [
        *(
            "pytest -q",
            "rm -rf /",
            "cd a && ",
            "rm tests/test_a.py",
            "pip install a b",
            " | ",
            "<<EOF\n",
            "EOF\n",
            "'",
            '"',
        ),
        *(
            "FAILED tests/test_a.py::test_b\n",
            "1 failed",
            "ValueError: x\n",
            "No module named 'a'",
            "\n",
            "\x1b[2J",
            "\x00",
        ),
        *(
            "*** Begin Patch\n*** Update File: a.py\n-assert 1\n+pass\n",
            BECOMES,
            "tests/test_a.py\n",
            "assert f() == 1",
        ),
        *("mock data", "is now complete", "(" * 300),
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=20), max_size=6).map("".join)
TIMES = st.floats(0, 1e10)
STEPS = st.builds(
    Step, st.sampled_from("abcd"), TIMES, st.sampled_from(["Bash", "Edit", "submit"]), st.sampled_from(StepKind), TEXTS,
    TEXTS, st.none() | st.integers(-9, 200), st.booleans(), st.lists(TEXTS, max_size=2).map(tuple), TIMES,
)  # fmt: skip
ENTRIES = STEPS | st.builds(Said, TIMES, TEXTS) | st.builds(Told, TIMES, TEXTS) | st.builds(
    TurnEnded, TIMES, st.sampled_from(TurnEnd)
)  # fmt: skip


@given(st.lists(ENTRIES, max_size=30), TEXTS)
@settings(deadline=None)
def test_no_entry_raises_and_every_finding_is_whole(entries: list[Entry], task: str) -> None:
    pipeline = Pipeline(task, ("src/*",))
    for entry in entries:
        for finding in pipeline.feed(entry):
            assert len(finding.title) <= 60
            assert 0 <= finding.onset_step <= finding.step <= pipeline.steps
    pipeline.passed(1e11)


def findings(data: bytes, cuts: list[int]) -> list[Finding]:
    source = Source(Pipeline())
    places = sorted({c % (len(data) + 1) for c in cuts})
    found: list[Finding] = []
    for start, end in zip([0, *places], [*places, len(data)], strict=True):
        found += source.feed(data[start:end])
    return [*found, *source.finish()]


def transcript(entries: list[tuple[str, str]]) -> bytes:
    pad = json.dumps({"kind": "say", "t": 0.5, "text": "x" * HEAD})
    lines = [pad] + [
        json.dumps(
            {"kind": "tool", "step": n, "t": n, "tool": "bash", "action": action, "obs": obs, "exit": 1}
        )
        for n, (action, obs) in enumerate(entries, 1)
    ]
    return "\n".join(lines).encode()


def recording(entries: list[tuple[str, str]]) -> bytes:
    lines = ['{"version": 2, "width": 80, "height": 24}', json.dumps([0.1, "o", "x" * HEAD])]
    for n, (action, obs) in enumerate(entries, 1):
        turn = f"\r\nmini-swe-agent (step {n}, $0.1):\r\n```bash\r\n{action}\r\n```\r\n"
        turn += f"User:\r\n<output>\r\n{obs}\r\n</output>\r\n"
        lines.append(json.dumps([100.0 * n, "o", turn]))
        lines.append(json.dumps([100.0 * n + 90, "o", "Waiting for the LM to respond"]))
    return "\n".join(lines).encode()


TURNS = st.lists(st.tuples(st.sampled_from(["pytest", "make", "ls"]), TEXTS), min_size=1, max_size=12)


@given(TURNS, st.lists(st.integers(0, 100_000), max_size=8), st.sampled_from([transcript, recording]))
@settings(deadline=None)
def test_every_chunking_finds_the_same(turns: list[tuple[str, str]], cuts: list[int], make: object) -> None:
    data = make(turns)  # type: ignore[operator]
    assert findings(data, cuts) == findings(data, [])


@given(st.binary(max_size=600) | TEXTS.map(lambda t: t.encode("utf-8", "surrogatepass")))
@settings(deadline=None)
def test_no_bytes_raise(data: bytes) -> None:
    for head in (
        b"",
        b'{"version": 2}\n',
        b'{"kind": "say", "text": ""}\n',
        b'{"sessionId": "a", "message": {}}\n',
    ):
        source = Source(Pipeline())
        try:
            list(source.feed(head + data))
            list(source.finish())
        except UserError as e:
            assert e.message
        source.notes()


@given(
    st.lists(
        st.text(max_size=40) | st.sampled_from(["\x1b[2A", "\x1b[999B", "\r", "\n", "• Ran a\n", "  └ b\n"]),
        max_size=30,
    )
)
@settings(deadline=None)
def test_no_output_raises(pieces: list[str]) -> None:
    reader, whole = TerminalReader(), TerminalReader()
    parts = [e for p in pieces for e in reader.feed(1.0, p.encode("utf-8", "replace"))] + reader.finish()
    assert parts == whole.feed(1.0, "".join(pieces).encode("utf-8", "replace")) + whole.finish()
