"""Hooks drop events whatever happens to steer, and what they drop is read once."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from steer.agents.hook import EVENTS, MAX_EVENTS, HookEvent
from steer.runtime.hook_spool import HookSpool


class Heard:
    def __init__(self, root: Path) -> None:
        self.events: list[tuple[str, HookEvent]] = []
        self.root = root / "hooks it's"
        self.spool = HookSpool(self.root, lambda session, event: self.events.append((session, event)))
        self.file = root / "settings.json"
        self.spool.prepare("s1", self.file)

    def fire(self, event: dict[str, object] | bytes) -> subprocess.CompletedProcess[bytes]:
        """Run the hook as an agent does."""
        hooks = json.loads(self.file.read_text())["hooks"]
        assert set(hooks) == set(EVENTS)
        command = hooks["Stop"][0]["hooks"][0]["command"]
        data = event if isinstance(event, bytes) else json.dumps(event).encode()
        return subprocess.run(["sh", "-c", command], input=data, capture_output=True, check=False, timeout=60)


def test_an_event_arrives_once_and_the_agent_notices_nothing(tmp_path: Path) -> None:
    heard = Heard(tmp_path)
    assert heard.file.stat().st_mode & 0o777 == 0o600
    for text in ("one", "two"):
        done = heard.fire({"hook_event_name": "UserPromptSubmit", "prompt": text})
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    heard.spool.read("s1")
    heard.spool.read("s1")
    assert [(s, e.text) for s, e in heard.events] == [("s1", "one"), ("s1", "two")]
    assert list((heard.root / "s1").iterdir()) == []


def test_what_waited_for_a_supervisor_is_read_by_the_next(tmp_path: Path) -> None:
    heard = Heard(tmp_path)
    heard.fire({"hook_event_name": "Stop"})
    heard.spool.read_all()
    assert [e.name for _, e in heard.events] == ["Stop"]


def test_without_its_folder_the_hook_does_nothing(tmp_path: Path) -> None:
    heard = Heard(tmp_path)
    heard.spool.forget("s1")
    done = heard.fire({"hook_event_name": "Stop", "text": "x" * 200_000})
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert not (heard.root / "s1").exists()


def test_a_full_folder_takes_no_more(tmp_path: Path) -> None:
    heard = Heard(tmp_path)
    for i in range(MAX_EVENTS + 1):
        (heard.root / "s1" / f"e{i}").write_text("{}")
    before = len(list((heard.root / "s1").iterdir()))
    assert heard.fire({"hook_event_name": "Stop"}).returncode == 0
    assert len(list((heard.root / "s1").iterdir())) == before


def test_links_pipes_and_nonsense_are_removed_unread(tmp_path: Path) -> None:
    heard = Heard(tmp_path)
    folder = heard.root / "s1"
    secret = tmp_path / "secret"
    secret.write_text(json.dumps({"hook_event_name": "Stop"}))
    (folder / "elink").symlink_to(secret)
    os.mkfifo(folder / "epipe")
    (folder / "ehuge").write_bytes(b" " * 300_000)
    heard.fire(b"\xff{")
    heard.spool.read("s1")
    assert heard.events == []
    assert list(folder.iterdir()) == []
    assert secret.exists()
