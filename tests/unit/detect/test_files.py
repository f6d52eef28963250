"""`steer detect` on files of all kinds and states."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from steer.cli.main import main

FAILED = "FAILED tests/test_a.py::test_b\n=== 1 failed in 0.1s ===\n"


def steps(count: int = 3) -> bytes:
    records = [
        {"kind": "tool", "step": n, "t": 10.0 * n, "t_end": 10.0 * n + 1, "tool": "bash", "action": f"pytest -k a{n}",
         "text": "", "obs": FAILED, "exit": 1, "error": True}
        for n in range(1, count + 1)
    ]  # fmt: skip
    return b"".join(json.dumps(r).encode() + b"\n" for r in records)


def cast(count: int = 4) -> bytes:
    lines = [json.dumps({"version": 2, "width": 80, "height": 24})]
    for n in range(1, count + 1):
        turn = (
            f"mini-swe-agent (step {n}, $0.01):\r\n```bash\r\npytest -k a{n}\r\n```\r\nUser:\r\n"
            f"<returncode>1</returncode>\r\n<output>\r\n{FAILED}</output>\r\n\r\n"
        )
        lines.append(json.dumps([10.0 * n, "o", turn.replace("\n", "\r\n").replace("\r\r", "\r")]))
    return "\n".join(lines).encode() + b"\n"


def detect(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, list[dict[str, Any]], str]:
    status = main(["detect", "--json", *map(str, args)])
    out, err = capsys.readouterr()
    return status, [json.loads(line) for line in out.splitlines()], err


@pytest.mark.parametrize("make", [steps, cast])
@pytest.mark.parametrize("is_packed", [False, True])
def test_recognised_by_content(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], make: Any, is_packed: bool
) -> None:
    path = tmp_path / "a"
    path.write_bytes(gzip.compress(make()) if is_packed else make())
    status, flags, err = detect(capsys, path)
    assert (status, err) == (0, "")
    assert [(f["kind"], f["severity"], f["step"], f["onset_step"]) for f in flags] == [
        ("repeated_failure", "amber", 3, 3)
    ]
    assert flags[0]["file"] == str(path)
    assert {"at", "evidence", "proposed"} <= flags[0].keys()


def test_a_bad_line_is_named_and_the_rest_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, *rest = steps().splitlines(keepends=True)
    path = tmp_path / "a.jsonl"
    path.write_bytes(first + b'{"kind": "tool", "act\n' + b"\xff\xfe nothing \x1b[2J\n" + b"".join(rest))
    status, flags, err = detect(capsys, path)
    assert status == 0
    assert [f["step"] for f in flags] == [3]
    assert f"{path}:2: " in err
    assert "\x1b" not in err


def test_a_file_that_ends_within_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(steps() + steps(1)[:30])
    _, flags, _ = detect(capsys, path)
    assert [f["step"] for f in flags] == [3]


def test_a_damaged_packed_file_keeps_what_came_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = gzip.compress(steps(2000), compresslevel=0)
    path = tmp_path / "a.gz"
    path.write_bytes(data[: len(data) - 20])
    status, flags, err = detect(capsys, path)
    assert status == 1
    assert "damaged" in err
    assert str(path) in err
    assert flags


@pytest.mark.parametrize(
    "data", [b"", b"hello\n", b"\x00\x01\x02" * 100, b"[1, 2, 3]\n", b"{}\n", b"{" * 100_000]
)
def test_no_recording_is_one_sentence_and_others_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes
) -> None:
    bad, good = tmp_path / "bad", tmp_path / "good"
    bad.write_bytes(data)
    good.write_bytes(steps())
    status, flags, err = detect(capsys, bad, good)
    assert status == 1
    assert [f["file"] for f in flags] == [str(good)]
    assert len(err.splitlines()) == 1
    assert err.startswith(f"{bad}: ")


def test_no_file_and_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, flags, err = detect(capsys, tmp_path / "none", tmp_path)
    assert (status, flags, len(err.splitlines())) == (1, [], 2)


def test_a_huge_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    huge = json.dumps({"kind": "tool", "step": 0, "tool": "bash", "action": "cat a", "obs": "x " * 4_000_000})
    path = tmp_path / "a.jsonl"
    path.write_bytes(huge.encode() + b"\n" + steps())
    _, flags, _ = detect(capsys, path)
    assert [f["kind"] for f in flags] == ["repeated_failure"]


def test_hostile_text_is_shown_as_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(steps().replace(b"test_b", b"test_\\u001b[2J\\u202e\\u0007"))
    assert main(["detect", str(path)]) == 0
    out, err = capsys.readouterr()
    assert "repeated_failure" in out
    assert not set(out + err) & set("\x1b\x07\u202e")


def test_task_scope_and_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules, path = tmp_path / "rules.toml", tmp_path / "a.jsonl"
    rules.write_text("[repeat]\namber = 2\n")
    write = {"kind": "tool", "step": 9, "tool": "Edit", "obs": "ok",
             "action": 'Edit {"file_path": "b.py", "old_string": "a", "new_string": "b"}'}  # fmt: skip
    path.write_bytes(steps() + json.dumps(write).encode() + b"\n")
    _, flags, _ = detect(capsys, path, "--rules", rules, "--scope", "shop/*")
    assert [(f["rule"], f["step"]) for f in flags] == [("same-error", 2), ("out-of-scope-step", 4)]
    rules.write_text("[repeat]\namber = -1\n")
    status, flags, _ = detect(capsys, path, "--rules", rules)
    assert status != 0
    assert [str(rules) in f["error"]["message"] for f in flags] == [True]
