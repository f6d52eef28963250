"""What steer knows of sessions and operations, after crashes, power cuts and full disks in the middle of a write."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from steer.config.path import RepositoryPath
from steer.errors import EnvironmentFault
from steer.model.operation import Operation, OperationState
from steer.model.session import SessionSpec
from steer.runtime.journal import Journal
from steer.runtime.store import Store, append_line, read_lines, write_atomically


def journal(path: Path) -> Journal:
    return Journal(path, lambda: 5.0, lambda operation: None)


def written(path: Path) -> bytes:
    """A log of three operations; its bytes."""
    log = journal(path)
    for n in range(3):
        operation = log.begin("kill", f"s{n}", f"kill sünde {n}", is_undoable=True, n=n)
        log.finish(operation, OperationState.DONE)
    return path.read_bytes()


@pytest.mark.parametrize("tail", [b"", b"\0" * 700, b"\xff" * 30], ids=["cut", "zeros", "garbage"])
def test_a_log_that_is_cut_anywhere_keeps_what_is_whole_and_goes_on(tmp_path: Path, tail: bytes) -> None:
    path = tmp_path / "operations.jsonl"
    whole = written(path)
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut] + tail)
        lines = whole[:cut].count(b"\n") + (
            0 < cut < len(whole) and whole[cut : cut + 1] == b"\n" and not tail
        )
        log = journal(path)
        assert len(log.load()) == (lines + 1) // 2
        new = log.begin("fork", "s9", "fork it")
        again: list[Operation] = journal(path).load()
        assert again[-1] == new and len(again) == (lines + 1) // 2 + 1
        assert all(o.state is OperationState.DONE for o in again[: lines // 2])


def test_a_session_that_is_cut_anywhere_is_one_sentence_and_the_others_are_there(tmp_path: Path) -> None:
    store = Store(RepositoryPath(state=tmp_path, runtime=tmp_path / "r", worktrees=tmp_path / "w"))
    spec = SessionSpec("s1", "a", ("sh",), str(tmp_path), "steer/a", "0" * 40, created_at=1.0)
    other = SessionSpec("s2", "b", ("sh",), str(tmp_path), "steer/b", "0" * 40, created_at=2.0)
    store.save(spec)
    store.save(other)
    path = tmp_path / "sessions/s1/session.json"
    whole = path.read_bytes()
    assert store.load_all() == ([spec, other], [])
    for damaged in (
        *(whole[:cut] for cut in range(len(whole))),
        b"\0" * 500,
        b"[" * 100_000,
        b"[]",
        b"{}",
        b"\xff",
    ):
        path.write_bytes(damaged)
        found, problems = store.load_all()
        assert found[-1:] == [other] and len(found) + len(problems) == 2
        assert all("\n" not in problem for problem in problems)


def test_what_a_full_disk_took_in_part_is_an_error_and_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.jsonl"
    append_line(path, {"n": 1})
    real = os.write
    answers: list[int] = [4, -errno.ENOSPC]

    def full(fd: int, data: bytes) -> int:
        if not answers:
            return real(fd, data)
        if (size := answers.pop(0)) < 0:
            raise OSError(-size, os.strerror(-size))
        return real(fd, data[:size])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(EnvironmentFault, match="No space"):
        append_line(path, {"n": 2})
    answers += [1, 2, 1]
    append_line(path, {"n": 3})
    assert read_lines(path) == [{"n": 1}, {"n": 3}]


def test_names_are_on_the_disk_before_anything_relies_on_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut keeps only what was synced: the file before it gets its name, then the folder that has the name."""
    done: list[str] = []

    def note(real: Callable[..., object], what: Callable[..., str]) -> Callable[..., object]:
        def call(*args: object) -> object:
            done.append(what(*args))
            return real(*args)

        return call

    def synced(fd: int) -> str:
        return "sync " + Path(f"/proc/self/fd/{fd}").readlink().name

    monkeypatch.setattr(os, "fsync", note(os.fsync, synced))
    monkeypatch.setattr(os, "fdatasync", note(os.fdatasync, synced))
    monkeypatch.setattr(Path, "rename", note(Path.rename, lambda a, b: f"rename {a.name} {b.name}"))
    folder = tmp_path / "folder"
    folder.mkdir()
    write_atomically(folder / "a", b"x")
    assert done == ["sync .a.new", "rename .a.new a", "sync folder"]
    done.clear()
    append_line(folder / "b", 1)
    append_line(folder / "b", 2)
    assert done == ["sync b", "sync folder", "sync b"]
