"""Turns, cuts, copies and briefs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steer.errors import AgentError
from steer.model.step import Arrival, Entry, Said, Step, StepKind, Told, TurnEnd, TurnEnded
from steer.transcript.brief import MAX_BYTES, make_brief
from steer.transcript.copy import copied, new_id
from steer.transcript.format import reader_for
from steer.transcript.turn import kept_lines, turns_of

FIXTURES = Path(__file__).parents[2] / "fixtures" / "transcripts"


def lines(name: str) -> list[bytes]:
    return [line for line in (FIXTURES / name).read_bytes().split(b"\n") if line]


def told(format: str, data: bytes) -> list[str]:
    entries = reader_for(format).feed(data)
    return [e.text for e in entries if isinstance(e, Told) and e.arrival is Arrival.SUBMITTED]


@pytest.mark.parametrize(
    ("name", "format"), [("claude-queued.jsonl", "claude"), ("codex-steered.jsonl", "codex")]
)
def test_a_message_within_a_turn_begins_none(name: str, format: str) -> None:
    turns = turns_of(format, lines(name))
    assert [(t.number, t.text) for t in turns] == [(1, "first task please"), (2, "second prompt here")]
    assert all(0 <= t.start < t.end for t in turns) and turns[0].end <= turns[1].start


@pytest.mark.parametrize(
    ("name", "format"), [("claude-queued.jsonl", "claude"), ("codex-steered.jsonl", "codex")]
)
def test_a_cut_ends_where_its_turn_ends(name: str, format: str) -> None:
    kept = kept_lines(format, lines(name), 1)
    assert kept is not None
    data = b"".join(line + b"\n" for line in kept)
    assert told(format, data) == ["first task please", "also look at this"]
    entries = reader_for(format).feed(data)
    assert isinstance(entries[-1], TurnEnded)
    assert all(e.is_over for e in {e.id: e for e in entries if isinstance(e, Step)}.values())
    assert kept_lines(format, lines(name), 3) is None


def test_a_cut_claude_transcript_has_a_whole_chain_of_parents() -> None:
    kept = kept_lines("claude", lines("claude-queued.jsonl"), 1)
    assert kept is not None
    # the recording was thinned: what is asked is that nothing of the cut names a line behind it
    later = {json.loads(line).get("uuid") for line in lines("claude-queued.jsonl")[len(kept) :]}
    assert not later & {json.loads(line).get("parentUuid") for line in kept} - {None}


def test_a_turn_that_goes_on_is_not_cut_out() -> None:
    open_turn = [line for line in lines("claude-loop.jsonl") if b"end_turn" not in line]
    assert kept_lines("claude", open_turn, 1) is None
    with pytest.raises(AgentError, match="turn 1"):
        copied("claude", b"\n".join(open_turn) + b"\n", old="a", new="b", cwd="/w", turn=1)


def test_a_copy_for_codex_has_its_own_id() -> None:
    data = (FIXTURES / "codex-loop.jsonl").read_bytes()
    old = json.loads(data.split(b"\n")[0])["payload"]["id"]
    made = copied("codex", data, old=old, new="new-id", cwd="/w")
    first, *rest = made.split(b"\n")
    assert json.loads(first)["payload"]["id"] == json.loads(first)["payload"]["session_id"] == "new-id"
    assert rest == data.split(b"\n")[1:]


def test_a_copy_for_qwen_is_about_its_own_worktree_and_ends_before_an_open_action() -> None:
    data = b"".join(line + b"\n" for line in lines("qwen-steered.jsonl") if b'"tool_result"' not in line)
    made = copied("qwen", data, old="x", new="new-id", cwd="/other/tree")
    records = [json.loads(line) for line in made.splitlines()]
    assert {r["sessionId"] for r in records} == {"new-id"} and {r["cwd"] for r in records} == {"/other/tree"}
    assert [r["type"] for r in records] == ["user"]


def test_a_half_written_line_is_not_copied() -> None:
    data = (FIXTURES / "gemini-loop.jsonl").read_bytes()
    assert copied("gemini", data + b'{"id":"half', old="a", new="b", cwd="/w") == data


def test_a_copy_for_opencode_has_new_ids_everywhere_and_the_same_order() -> None:
    data = (FIXTURES / "opencode-loop.json").read_bytes()
    value = json.loads(data)
    old = value["info"]["id"]
    new = new_id("opencode", old)
    made = json.loads(copied("opencode", data, old=old, new=new, cwd="/other/tree"))
    assert new != old and made["info"]["id"] == new and made["info"]["directory"] == "/other/tree"
    text = json.dumps(made)
    for message in value["messages"]:
        for part in (message["info"], *message["parts"]):
            assert part["id"] not in text
    ids = [m["info"]["id"] for m in made["messages"]]
    assert ids == sorted(ids, key=lambda i: i[:16]) and len(set(ids)) == len(ids)
    assert made["messages"][1]["info"]["parentID"] == ids[0]
    assert made["messages"][1]["info"]["path"] == {"cwd": "/other/tree", "root": "/other/tree"}
    with pytest.raises(AgentError, match="turn 9"):
        copied("opencode", data, old=old, new=new, cwd="/w", turn=9)


@pytest.mark.parametrize("data", [b"", b"not json", b"{}", b'{"info":{},"messages":3}'])
def test_an_export_that_cannot_be_read_is_said(data: bytes) -> None:
    with pytest.raises(AgentError, match="nothing that can be read"):
        copied("opencode", data, old="a", new="b", cwd="/w")


def step(id: str, action: str, exit: int = 0, result: str = "") -> Step:
    return Step(id, 1.0, "Bash", StepKind.RUN, action, result, exit, bool(exit), ended_at=2.0)


def test_a_brief_tells_task_corrections_work_and_the_open_failure() -> None:
    edit = Step("e", 1.0, "Edit", StepKind.EDIT, "x", files=("shop/cart.py",), ended_at=2.0)
    entries: list[Entry] = [
        Told(1.0, "make it green"),
        step("1", "pytest -q", 1),
        edit,
        Told(2.0, "not that file"),
        step("2", "pytest -q", 1, "E assert 100 == 90"),
        Said(3.0, "I am stuck."),
        TurnEnded(3.0, TurnEnd.DONE),
    ]
    brief = make_brief("make it green", entries, "try pricing.py")
    assert brief.startswith("try pricing.py")
    for words in (
        "make it green",
        "- not that file",
        "edited shop/cart.py",
        "ran pytest -q: failed with status 1",
        "E assert 100 == 90",
        "I am stuck.",
    ):
        assert words in brief
    assert brief.count("make it green") == 1


def test_a_brief_leads_nobody_back_into_the_other_worktree() -> None:
    edit = Step("e", 1.0, "Edit", StepKind.EDIT, "x", files=("/trees/mother/shop/cart.py",), ended_at=2.0)
    brief = make_brief("go", [edit, Said(1.0, "see /trees/mother/notes.md")], root="/trees/mother")
    assert "/trees/mother" not in brief and "edited shop/cart.py" in brief and "see notes.md" in brief


def test_a_brief_has_a_size() -> None:
    long = "ü" * 9000
    entries: list[Entry] = [
        Told(1.0, long),
        *(step(str(i), long, 1, long) for i in range(50)),
        Said(1.0, long),
    ]
    brief = make_brief(long, entries, long)
    assert len(brief.encode()) <= MAX_BYTES


def test_a_brief_of_nothing_is_the_task() -> None:
    assert "make it green" in make_brief("make it green", [])
    assert "Still failing" not in make_brief("x", [step("1", "make", 1), step("2", "make")])
