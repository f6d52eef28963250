"""Each format, from files that the agents themselves wrote (model scripted) and from lines written here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from steer.errors import UserError
from steer.model.step import (
    MAX_TEXT,
    Arrival,
    Conversing,
    Entry,
    Said,
    Spent,
    Step,
    StepKind,
    Told,
    TurnEnd,
    TurnEnded,
)
from steer.transcript import reader as reader_module
from steer.transcript.format import FORMATS, reader_for, recognise
from steer.transcript.tally import Tally, one_line

FIXTURES = Path(__file__).parents[2] / "fixtures" / "transcripts"


def read(name: str, since: float = 0.0, inherited_usd: float | None = None) -> list[Entry]:
    data = (FIXTURES / name).read_bytes()
    reader = reader_for(name.split("-")[0], since, inherited_usd)
    entries = reader.feed(data) + reader.finish()
    assert reader.problems == [] and reader.refusal == ""
    return entries


def of(format: str, *records: Any) -> list[Entry]:
    reader = reader_for(format)
    return reader.feed("".join(json.dumps(r) + "\n" for r in records).encode())


def steps(entries: list[Entry]) -> list[Step]:
    """Each in its newest state, in the order they began."""
    return list({e.id: e for e in entries if isinstance(e, Step)}.values())


def ends(entries: list[Entry]) -> list[TurnEnd]:
    return [e.end for e in entries if isinstance(e, TurnEnded)]


def told(entries: list[Entry]) -> list[tuple[str, Arrival]]:
    return [(e.text, e.arrival) for e in entries if isinstance(e, Told)]


def tally(entries: list[Entry]) -> Tally:
    made = Tally()
    for entry in entries:
        made.add(entry)
    return made


@pytest.mark.parametrize("path", sorted(FIXTURES.iterdir()), ids=lambda p: p.name)
def test_a_file_is_recognised_by_its_beginning(path: Path) -> None:
    assert recognise(path.read_bytes()[:4096]) == path.name.split("-")[0]


@pytest.mark.parametrize(
    "head", [b"", b"\x00\xff\n", b"{}\n", b'{"type":"user"}\n', b"# notes\n", b"[1,2]\n"]
)
def test_what_is_no_transcript_is_not_recognised(head: bytes) -> None:
    assert recognise(head) is None


def test_an_unknown_format_is_refused_by_name() -> None:
    with pytest.raises(UserError, match="'vim'"):
        reader_for("vim")


@pytest.mark.parametrize(
    "name",
    ["claude-loop.jsonl", "codex-loop.jsonl", "gemini-loop.jsonl", "qwen-loop.jsonl", "opencode-loop.json"],
)
def test_the_same_work_reads_the_same_from_every_agent(name: str) -> None:
    """The scripted model runs the tests, reads, edits, runs, edits, runs, and claims to be done."""
    entries = read(name)
    done = steps(entries)
    kinds = [s.kind for s in done]
    if kinds[1] is StepKind.RUN:  # Codex reads by `cat`
        kinds[1] = StepKind.READ
    run, edit = StepKind.RUN, StepKind.EDIT
    assert kinds == [run, StepKind.READ, edit, run, edit, run]
    assert all(s.is_over and s.ended_at >= s.at > 1.7e9 for s in done)
    tests = [s for s in done if "pytest" in s.action]
    assert [s.action for s in tests] == ["python -m pytest -q"] * 3
    assert all(s.exit and s.is_error for s in tests)
    edits = [s for s in done if s.kind is edit]
    assert all(s.files and s.files[0].endswith("shop/cart.py") and s.exit in (0, None) for s in edits)
    assert all("round(" in s.action for s in edits)
    assert told(entries)[-1][0].strip('"') == "fix the discount test"
    said = [e.text for e in entries if isinstance(e, Said)]
    assert said[0] == "I'll run the test suite to see the failure." and "should pass" in said[-1]
    assert len([e for e in entries if isinstance(e, Conversing)]) == 1
    if not name.startswith("gemini"):
        assert ends(entries) == [TurnEnd.DONE]
    made = tally(entries)
    assert made.steps == 6 and made.step_text.endswith(f"python -m pytest -q (exit {tests[0].exit})")
    assert made.usage.input and made.usage.output and made.usage.cache_read and made.usage.context
    assert made.usage.model in ("claude-opus-5-5", "fake-model", "gemini-3.8-flash")


def test_claude_usage_is_counted_once_an_answer_and_money_is_its_own_total() -> None:
    usage = tally(read("claude-loop.jsonl")).usage
    assert (usage.input, usage.output, usage.cache_read, usage.cache_write) == (21000, 389, 84000, 2100)
    assert usage.cost_usd == pytest.approx(0.11908)
    assert usage.context == 5100 + 12000 + 300


def test_a_fork_does_not_spend_again_what_its_parent_spent() -> None:
    forked_at = 1795258771.0  # between the parent's last answer and the fork's first
    entries = read("claude-fork.jsonl", forked_at, inherited_usd=0.11908)
    usage = tally(entries).usage
    assert (usage.input, usage.output) == (5100, 24)
    assert usage.cost_usd == pytest.approx(0.14386 - 0.11908)
    assert len(steps(entries)) == 6  # what it remembers is there


def test_a_fork_of_unknown_cost_claims_none() -> None:
    assert tally(read("claude-fork.jsonl", 1795258771.0)).usage.cost_usd is None


def test_claude_messages_while_it_works_are_queued_then_submitted() -> None:
    assert told(read("claude-queued.jsonl")) == [
        ("first task please", Arrival.SUBMITTED),
        ("also look at this", Arrival.QUEUED),
        ("also look at this", Arrival.SUBMITTED),
        ("second prompt here", Arrival.SUBMITTED),
    ]
    assert steps(read("claude-queued.jsonl"))[0].exit == 0


def test_codex_and_qwen_messages_in_a_turn() -> None:
    assert [t for t, _ in told(read("codex-steered.jsonl"))] == [
        "first task please",
        "also look at this",
        "second prompt here",
    ]
    assert [t for t, _ in told(read("qwen-steered.jsonl"))] == ["first task please", "also look at this"]


@pytest.mark.parametrize("name", ["claude-error.jsonl", "codex-error.jsonl", "qwen-error.jsonl"])
def test_an_error_of_the_model_server_ends_the_turn(name: str) -> None:
    (end,) = [e for e in read(name) if isinstance(e, TurnEnded)]
    assert end.end is TurnEnd.FAILED and "tool_result" in end.text


def test_gemini_says_that_it_was_cancelled() -> None:
    entries = read("gemini-cancelled.jsonl")
    assert ends(entries) == [TurnEnd.INTERRUPTED]
    assert steps(entries)[0].is_error


def claude(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "sessionId": "c1", "timestamp": "2026-01-02T03:04:05Z", "cwd": "/w", **more}


def prompt(content: Any, **more: Any) -> dict[str, Any]:
    return claude("user", message={"role": "user", "content": content}, **more)


def test_claude_interruptions_and_notes_are_not_words_of_the_operator() -> None:
    note = "<system-reminder>be quiet</system-reminder>"
    entries = of(
        "claude",
        prompt(f"{note}please fix it"),
        prompt("[Request interrupted by user]"),
        prompt([{"type": "text", "text": "secret skill"}], isMeta=True),
        prompt("summary of before", isCompactSummary=True),
        prompt("<local-command-stdout>ok</local-command-stdout>"),
        prompt("<command-name>/clear</command-name><command-args></command-args>"),
        prompt("<task-notification>done</task-notification>", origin={"kind": "task"}),
    )
    assert [t for t, _ in told(entries)] == ["please fix it", "/clear"]
    assert ends(entries) == [TurnEnd.INTERRUPTED]


def test_claude_subagents_add_to_what_was_spent_and_to_nothing_else() -> None:
    usage = {"input_tokens": 10, "output_tokens": 5}
    block = {"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": "ls"}}
    side = claude("assistant", isSidechain=True, message={"id": "m", "usage": usage, "content": [block]})
    main = claude("assistant", message={"id": "n", "model": "big", "usage": usage, "content": [block]})
    made = tally(of("claude", main, side, prompt("do", isSidechain=True)))
    assert (made.steps, made.usage.input, made.usage.context, made.usage.model) == (1, 20, 10, "big")


def test_claude_follows_a_new_id() -> None:
    ids = [e.id for e in of("claude", prompt("a"), prompt("b", sessionId="c2")) if isinstance(e, Conversing)]
    assert ids == ["c1", "c2"]


def codex(kind: str, **payload: Any) -> dict[str, Any]:
    return {"timestamp": "2026-01-02T03:04:05Z", "type": kind, "payload": payload}


def test_codex_statuses_from_every_version() -> None:
    def call(id: str, output: Any) -> list[dict[str, Any]]:
        given = json.dumps({"command": ["bash", "-lc", "make"]})
        begun = codex("response_item", type="function_call", name="shell", call_id=id, arguments=given)
        return [begun, codex("response_item", type="function_call_output", call_id=id, output=output)]

    old = json.dumps({"output": "no rule", "metadata": {"exit_code": 2, "duration_seconds": 0.1}})
    entries = of(
        "codex",
        *call("a", old),
        *call("b", "Chunk ID: 1\nProcess exited with code 3\nOutput:\nx"),
        *call("c", "Exit code: 0\nOutput:\nok"),
        *call("d", "Process running with session ID 7"),
        codex("event_msg", type="exec_command_end", call_id="d", exit_code=4),
    )
    assert [(s.action, s.exit, s.is_error) for s in steps(entries)] == [
        ("make", 2, True),
        ("make", 3, True),
        ("make", 0, False),
        ("make", 4, True),
    ]
    assert steps(entries)[0].result == "no rule"


def test_codex_polls_are_waiting_and_patches_name_their_files() -> None:
    poll = json.dumps({"session_id": 1, "chars": ""})
    typed = json.dumps({"session_id": 1, "chars": "y\n"})
    patch = "*** Begin Patch\n*** Update File: a/b.py\n@@\n*** Add File: c.py\n*** End Patch"
    entries = of(
        "codex",
        codex("response_item", type="function_call", name="write_stdin", call_id="1", arguments=poll),
        codex("response_item", type="function_call", name="write_stdin", call_id="2", arguments=typed),
        codex("response_item", type="custom_tool_call", name="apply_patch", call_id="3", input=patch),
    )
    assert [(s.kind, s.files) for s in steps(entries)] == [
        (StepKind.WAIT, ()),
        (StepKind.RUN, ()),
        (StepKind.EDIT, ("a/b.py", "c.py")),
    ]


def test_codex_totals_that_are_repeated_count_once() -> None:
    def count(n: int) -> dict[str, Any]:
        total = {"input_tokens": 100 * n, "cached_input_tokens": 50 * n, "output_tokens": 10 * n}
        last = {"input_tokens": 100, "cached_input_tokens": 50, "output_tokens": 10}
        info = {"total_token_usage": total, "last_token_usage": last}
        return codex("event_msg", type="token_count", info=info)

    usage = tally(of("codex", count(1), count(1), count(2), codex("event_msg", type="token_count"))).usage
    assert (usage.input, usage.cache_read, usage.output, usage.context) == (100, 100, 20, 110)


def test_codex_turns_end_in_three_ways() -> None:
    entries = of(
        "codex",
        codex("event_msg", type="task_complete"),
        codex("event_msg", type="turn_aborted", reason="interrupted"),
        codex("event_msg", type="task_complete", error={"message": "quota"}),
    )
    assert ends(entries) == [TurnEnd.DONE, TurnEnd.INTERRUPTED, TurnEnd.FAILED]


def test_the_first_codex_format_is_refused_in_one_sentence() -> None:
    reader = reader_for("codex")
    reader.feed(b'{"id":"x","timestamp":"2025-05-01","instructions":null}\n{"type":"message"}\n')
    assert "cannot read" in reader.refusal and reader.feed(b"{}\n") == []


def test_an_older_gemini_file_is_one_value() -> None:
    call = {"id": "t", "name": "run_shell_command", "args": {"command": "make"}, "status": "success"}
    call["result"] = [{"functionResponse": {"response": {"output": "Exit Code: 2"}}}]
    value = {
        "sessionId": "g",
        "projectHash": "h",
        "startTime": "2026-01-02T03:04:05Z",
        "messages": [
            {"id": "1", "type": "user", "content": "hello", "timestamp": "2026-01-02T03:04:05Z"},
            {"id": "2", "type": "gemini", "content": "hi", "toolCalls": [call], "tokens": {"input": 5}},
        ],
    }
    for data in (json.dumps(value, indent=2).encode(), json.dumps(value).encode()):
        assert recognise(data) == "gemini"
        reader = reader_for("gemini")
        entries = reader.feed(data) + reader.finish()
        assert [type(e) for e in entries] == [Conversing, Told, Said, Spent, Step]
        assert steps(entries)[0].exit == 2


def test_opencode_rows_that_change_are_told_once() -> None:
    def tool(state: dict[str, Any]) -> dict[str, Any]:
        return {
            "part": {
                "id": "p",
                "messageID": "m",
                "type": "tool",
                "tool": "bash",
                "callID": "c",
                "state": state,
            }
        }

    given = {"input": {"command": "make"}, "time": {"start": 1795258514725}}
    running = tool({"status": "running", **given})
    over = tool({"status": "completed", **given, "output": "x", "metadata": {"exit": 2}})
    failed = {"id": "m", "role": "assistant", "time": {"created": 1, "completed": 2}}
    failed["error"] = {"name": "APIError", "data": {"message": "no credit"}}
    entries = of(
        "opencode",
        {"session": {"id": "ses_1", "directory": "/w", "version": "1.18.33"}},
        {"message": {"id": "m", "role": "assistant", "time": {"created": 1795258512344}}},
        running,
        running,
        over,
        over,
        {"message": failed},
        {"message": failed},
    )
    assert [type(e) for e in entries] == [Conversing, Step, Step, TurnEnded]
    assert steps(entries)[0].exit == 2 and ends(entries) == [TurnEnd.FAILED]


def test_aider_history() -> None:
    text = """
# aider chat started at 2026-01-02 03:04:05

> Aider v0.86.2

#### fix the bug
#### in cart.py

I will change the rounding.

> Tokens: 2.3k sent, 120 received. Cost: $0.01 message, $0.01 session.
> Applied edit to shop/cart.py
> Running pytest -q
"""
    reader = reader_for("aider")
    entries = reader.feed(text.encode()) + reader.finish()
    kinds = [Conversing, Told, Said, Spent, TurnEnded, Step, Step]
    assert [type(e) for e in entries] == kinds
    assert told(entries)[0][0] == "fix the bug\nin cart.py"
    usage = tally(entries).usage
    assert (usage.input, usage.output, usage.cost_usd) == (2300, 120, 0.01)
    assert steps(entries)[0].files == ("shop/cart.py",)


def test_a_broken_line_is_a_problem_with_its_number_and_the_rest_is_read() -> None:
    reader = reader_for("claude")
    lines = [json.dumps(prompt("one")), '{"type":', '"text"', json.dumps(prompt("two"))]
    entries = reader.feed("\n".join(lines).encode() + b"\n")
    assert [t for t, _ in told(entries)] == ["one", "two"]
    assert [p.line for p in reader.problems] == [2, 3]


def test_a_huge_line_is_left_out_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "MAX_LINE_BYTES", 1000)
    reader = reader_for("claude")
    huge = json.dumps(prompt("x" * 5000)).encode()
    quiet = b'{"type":"api-request-shape","x":"' + b"y" * 5000 + b'"}\n'
    entries = reader.feed(huge + b"\n" + quiet + json.dumps(prompt("after")).encode() + b"\n")
    assert [t for t, _ in told(entries)] == ["after"]
    assert [p.line for p in reader.problems] == [1]


@pytest.mark.parametrize("format", [f for f in FORMATS if f != "aider"])
def test_a_foreign_file_is_refused_in_one_sentence(format: str) -> None:
    reader = reader_for(format)
    assert reader.feed(b'{"level":"info"}\n' * 60) == []
    assert reader.title in reader.refusal


def test_a_long_result_keeps_its_head_and_its_tail() -> None:
    block = {"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": "make"}}
    words = "Exit code 2\n" + "x" * 100_000 + "the end"
    result = {"type": "tool_result", "tool_use_id": "t", "content": words, "is_error": True}
    (step,) = steps(of("claude", claude("assistant", message={"content": [block]}), prompt([result])))
    assert len(step.result) <= MAX_TEXT and step.result.endswith("the end") and step.exit == 2
    assert one_line(step) == "Bash: make (exit 2)"
