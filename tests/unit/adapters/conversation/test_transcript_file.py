"""Transcripts on disk: found, followed through everything that can happen to a file, copied."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from pathlib import Path

import pytest

from steer.adapters.conversation.file import read_whole, remove_copy, write_new
from steer.adapters.conversation.place import announced, by_id, by_worktree
from steer.adapters.conversation.source import DatabaseSource, FileSource
from steer.errors import AgentError, EnvironmentFault
from steer.model.step import Conversing, Step, Told
from steer.transcript.format import reader_for


def rollout(home: Path, id: str, cwd: str, day: str = "2026/01/02") -> Path:
    path = home / "sessions" / day / f"rollout-2026-01-02T03-04-05-{id}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    meta = {"id": id, "cwd": cwd}
    path.write_text(
        json.dumps({"timestamp": "2026-01-02T03:04:05Z", "type": "session_meta", "payload": meta}) + "\n"
    )
    return path


WHERE = "sessions/*/*/*/rollout-*-{}.jsonl"


def test_a_transcript_is_found_by_its_id(tmp_path: Path) -> None:
    path = rollout(tmp_path, "abc", "/w")
    found = by_id(tmp_path, WHERE.format("abc"), "abc")
    assert found is not None and (found.id, found.path) == ("abc", path)
    assert by_id(tmp_path, WHERE.format("other"), "other") is None
    assert by_id(tmp_path / "missing", WHERE.format("abc"), "abc") is None


def test_the_newest_of_the_worktree_is_found_and_no_older_one(tmp_path: Path) -> None:
    rollout(tmp_path, "other", "/elsewhere")
    rollout(tmp_path, "mine", "/w")
    began = 1767322000.0  # before that day
    found = by_worktree(tmp_path, [WHERE.format("*")], "codex", "/w", began)
    assert found is not None and found.id == "mine"
    assert by_worktree(tmp_path, [WHERE.format("*")], "codex", "/w", time.time() + 60) is None
    assert by_worktree(tmp_path, [WHERE.format("*")], "claude", "/w", began) is None


def test_a_file_beside_the_folder_says_whose_it_is(tmp_path: Path) -> None:
    for name in ("one", "two"):
        folder = tmp_path / "tmp" / name / "chats"
        folder.mkdir(parents=True)
        (folder.parent / ".project_root").write_text(f"/w/{name}\n")
        header = {"sessionId": f"id-{name}", "projectHash": "h", "startTime": "2026-01-02T03:04:05Z"}
        (folder / "session-x.jsonl").write_text(json.dumps(header) + "\n")
    found = by_worktree(
        tmp_path, ["tmp/*/chats/session-*.jsonl"], "gemini", "/w/two", 1.0, "../.project_root"
    )
    assert found is not None and found.id == "id-two"


def test_a_link_is_no_transcript(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x\n")
    link = tmp_path / "rollout-a.jsonl"
    link.symlink_to(secret)
    assert by_id(tmp_path, "rollout-*.jsonl", "a") is None
    assert not FileSource(link).has_news()
    with pytest.raises(AgentError):
        read_whole(link)


def test_what_a_running_agent_announces_is_believed_by_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "1.json").write_text(json.dumps({"pid": os.getpid(), "sessionId": "mine"}))
    (tmp_path / "2.json").write_text(json.dumps({"pid": 1 << 22, "sessionId": "dead"}))
    (tmp_path / "3.json").write_text("not json")
    (tmp_path / "4.json").write_text('{"pid": "x"}')
    assert announced(tmp_path, "*.json") == {}  # this process is no session's agent
    monkeypatch.setattr(
        "steer.adapters.conversation.place._session_of", lambda pid: {os.getpid(): "s1"}.get(pid, "")
    )
    assert announced(tmp_path, "*.json") == {"s1": "mine"}


def test_a_file_is_read_as_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "t"
    source = FileSource(path)
    assert not source.has_news()
    path.write_bytes(b"one")
    assert source.has_news() and source.read() == b"one"
    assert not source.has_news() and source.read() == b""
    with path.open("ab") as f:
        f.write(b" two")
    assert source.has_news() and source.read() == b" two" and not source.was_replaced


def test_a_replaced_or_shortened_file_is_noticed(tmp_path: Path) -> None:
    for change in ("replaced", "shorter"):
        path = tmp_path / change
        path.write_bytes(b"one two")
        source = FileSource(path)
        assert source.has_news() and source.read()
        if change == "replaced":
            other = tmp_path / "other"
            other.write_bytes(b"something else")
            other.rename(path)
        else:
            path.write_bytes(b"o")
        assert source.has_news() and source.was_replaced


def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    assert not FileSource(path).has_news() and FileSource(path).read() == b""
    with pytest.raises(AgentError, match="not a regular file"):
        read_whole(path)


def test_copies_never_overwrite(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "copy"
    write_new(path, b"mine")
    assert path.read_bytes() == b"mine" and path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(EnvironmentFault, match="cannot be written"):
        write_new(path, b"other")
    assert path.read_bytes() == b"mine"
    remove_copy(path)
    remove_copy(path)
    assert not path.exists()


class Opencode:
    """The tables of opencode 1.18.33, as far as they are read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("pragma journal_mode=wal")
        columns = "id text primary key, parent_id text, directory text, version text, time_created int"
        self.db.execute(f"create table session ({columns})")
        self.db.execute(
            "create table message (id text primary key, session_id text, time_updated int, data text)"
        )
        columns = "id text primary key, message_id text, session_id text, time_updated int, data text"
        self.db.execute(f"create table part ({columns})")

    def session(self, id: str, directory: str, at: int, parent: str | None = None) -> None:
        self.db.execute("insert into session values (?,?,?,?,?)", (id, parent, directory, "1.18.33", at))

    def message(self, id: str, at: int, **data: object) -> None:
        self.db.execute("insert or replace into message values (?,'ses_1',?,?)", (id, at, json.dumps(data)))

    def part(self, id: str, message: str, at: int, **data: object) -> None:
        row = (id, message, at, json.dumps(data))
        self.db.execute("insert or replace into part values (?,?,'ses_1',?,?)", row)


def test_opencode_rows_come_once_and_again_when_they_change(tmp_path: Path) -> None:
    db = Opencode(tmp_path / "opencode.db")
    db.session("ses_1", "/w", 1_795_258_510_000)
    db.message("msg_1", 10, role="user", time={"created": 1})
    db.part("prt_1", "msg_1", 10, type="text", text="do it")
    db.message("msg_2", 11, role="assistant", time={"created": 2})
    call = {"type": "tool", "tool": "bash", "callID": "c"}
    db.part("prt_2", "msg_2", 11, **call, state={"status": "running", "input": {"command": "make"}})
    source, reader = DatabaseSource(db.path, "ses_1"), reader_for("opencode")
    assert source.has_news()
    assert [type(e) for e in reader.feed(source.read())] == [Conversing, Told, Step]
    assert not source.has_news()
    state = {"status": "completed", "input": {"command": "make"}, "output": "x", "metadata": {"exit": 2}}
    db.part("prt_2", "msg_2", 12, **call, state=state)
    db.part("prt_3", "msg_2", 12, type="text", text="it failed", time={"end": 12})
    usage = {"input": 5, "output": 1}
    db.message(
        "msg_2", 12, role="assistant", time={"created": 2, "completed": 12}, tokens=usage, finish="tool-calls"
    )
    assert source.has_news()
    assert sorted(type(e).__name__ for e in reader.feed(source.read())) == ["Said", "Spent", "Step"]
    assert source.read() == b""


def test_opencode_sessions_are_found_by_folder_and_subagents_are_not(tmp_path: Path) -> None:
    db = Opencode(tmp_path / "opencode.db")
    db.session("ses_1", "/w", 5_000)
    db.session("ses_2", "/w", 9_000, parent="ses_1")
    db.session("ses_3", "/other", 9_000)
    found = by_worktree(tmp_path, ["opencode.db"], "opencode", "/w", 4.0)
    assert found is not None and found.id == "ses_1"
    assert by_worktree(tmp_path, ["opencode.db"], "opencode", "/w", 6.0) is None
    assert by_id(tmp_path, "opencode.db", "ses_3") is not None
    assert by_id(tmp_path, "opencode.db", "ses_9") is None


def test_a_database_that_is_none_is_no_news(tmp_path: Path) -> None:
    path = tmp_path / "opencode.db"
    path.write_bytes(b"not a database" * 100)
    assert DatabaseSource(path, "ses_1").read() == b""
    assert by_id(tmp_path, "opencode.db", "ses_1") is None
    assert DatabaseSource(tmp_path / "missing.db", "x").read() == b""
    assert not (tmp_path / "missing.db").exists()
