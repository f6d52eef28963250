"""Turns read off a terminal's stream, for every grammar, and lines that have settled."""

from __future__ import annotations

from pathlib import Path

from steer.detect.finding import Kind
from steer.detect.pipeline import Pipeline
from steer.detect.settled import SettledLines
from steer.detect.source import Source
from steer.detect.terminal import TerminalReader
from steer.model.step import Said, Step

MINI = (
    "mini-swe-agent (step {n}, $0.0{n}):\r\nTHOUGHT: look at it\r\n\r\n```bash\r\ncat part{n}\r\n```\r\n"
    "\x1b[32m⠋\x1b[0m Waiting for the LM to respond...\r\x1b[2K\r\n"
    "User:\r\n<returncode>{n}</returncode>\r\n<output>\r\n"
    "text {n}\r\n</output>\r\n12:00:00 - Log:ERROR: cannot log\r\n\r\n"
)
CLAUDE = "● I will look.\r\n● Bash(cat part{n})\r\n  ⎿  text {n}\r\n     more\r\n\r\n● Done.\r\n\r\n\r\n"
CODEX = "• Ran cat part{n}\r\n  └ text {n}\r\n    more\r\n\r\n• Done.\r\n\r\n\r\n"
SHELL = "$ cat part{n}\r\ntext {n}\r\n"


def read(text: str) -> list[Step]:
    """Steps that are over."""
    reader = TerminalReader()
    entries = [*reader.feed(1.0, text.encode()), *reader.finish()]
    return [e for e in entries if isinstance(e, Step) and e.is_over]


def session(turn: str, count: int) -> str:
    return "".join(turn.replace("{n}", str(n)) for n in range(1, count + 1))


def test_mini_swe_agent() -> None:
    steps = read(session(MINI, 3))
    assert [(s.action, s.exit, s.result) for s in steps] == [
        (f"cat part{n}", n, f"text {n}") for n in (1, 2, 3)
    ]
    entries = TerminalReader().feed(1.0, session(MINI, 2).encode())
    assert [e.text for e in entries if isinstance(e, Said)][:1] == ["THOUGHT: look at it"]


def test_claude() -> None:
    assert [s.action for s in read(session(CLAUDE, 2))] == ["cat part1", "cat part2"]


def test_codex() -> None:
    assert [s.action for s in read(session(CODEX, 2))] == ["cat part1", "cat part2"]


def test_a_shell_is_believed_after_some_prompts() -> None:
    assert read(session(SHELL, 7)) == []
    steps = read(session(SHELL, 12))
    assert [s.action for s in steps][:2] == ["cat part8", "cat part9"]
    assert steps[0].result == "text 8"


def test_an_agent_keeps_its_grammar() -> None:
    steps = read(session(CODEX, 1) + session(SHELL, 20) + session(CODEX, 1))
    assert [s.action for s in steps] == ["cat part1", "cat part1"]


def test_waiting_for_the_model_is_seen() -> None:
    reader = TerminalReader()
    reader.feed(1.0, session(MINI, 1).encode())
    assert reader.waits_at == 0.0  # the grammar was not known yet
    reader.feed(5.0, b"\r\x1b[2K Waiting for the LM to respond...")
    assert reader.waits_at == 5.0


def settled(*pieces: str) -> list[str]:
    lines = SettledLines()
    return [*(line for piece in pieces for line in lines.feed(piece)), *lines.finish()]


def test_what_was_drawn_over_is_gone() -> None:
    assert settled("10 %\r50 %\r100 %\r\nready\r\n") == ["100 %", "ready", ""]
    assert settled("a\r\nb\r\n\x1b[1A\x1b[2Kc\r\n")[:2] == ["a", "c"]


def test_rulers_spinners_and_full_screens_are_left_out() -> None:
    assert [line for line in settled("a\r\n" + "─" * 40 + "\r\n⠋ thinking…\r\nb\r\n") if line] == ["a", "b"]
    assert [
        line
        for line in settled("a\r\nb\r\nc\r\n\x1b[?1049hgame\r\nmore\r\nmore\r\n\x1b[?1049ld\r\n")
        if "m" in line
    ] == []


def test_sequences_may_be_cut_anywhere() -> None:
    text = "a\x1b[31mb\x1b[0m\r\n\x1b]0;title\x07c\r\n\x1b[1Ad\r\n"
    assert settled(*text) == settled(text)


def test_a_result_begins_in_the_line_of_its_sign_and_is_not_indented() -> None:
    reader = TerminalReader()
    entries = reader.feed(1.0, "● Bash(make)\r\n  ⎿  Error: Exit code 2\r\n     a.c:1: error: x\r\n".encode())
    entries += reader.feed(2.0, "       y\r\n● Next\r\n\r\n".encode()) + reader.finish()
    step = next(e for e in entries if isinstance(e, Step) and e.is_over)
    assert (step.result, step.exit, step.is_error) == ("a.c:1: error: x\n  y", 2, True)


def test_the_demo_s_loop_is_found_in_its_recording() -> None:
    recording = Path(__file__).parents[3] / "recordings" / "looping-corrected.cast"
    source = Source(Pipeline())
    found = [*source.feed(recording.read_bytes()), *source.finish()]
    assert [(f.kind, f.step) for f in found if not f.is_over] == [(Kind.REPEATED_FAILURE, 4)]
