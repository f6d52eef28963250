"""An agent runs as the operator's user and is not the operator: what it may ask, and what it may break."""

from __future__ import annotations

import os
import socket
import stat
import struct
import sys
from pathlib import Path
from typing import Any

import pytest

from steer.runtime import wire
from steer.runtime.hub import READ_ONLY
from steer.runtime.intervention import METHODS
from tests.e2e.place import Place, until
from tests.e2e.spy import LISTENER, WAYS, spy


@pytest.mark.parametrize("is_new_supervisor", [False, True])
def test_who_comes_from_inside_a_session_may_look_and_not_act(
    place: Place, monkeypatch: pytest.MonkeyPatch, is_new_supervisor: bool
) -> None:
    log = place.root / "stdin"
    monkeypatch.setenv("STDIN_LOG", str(log))
    victim = place.start(place.script("listener", LISTENER), name="victim")
    place.shows(victim, "ready")
    if is_new_supervisor:
        place.kill_supervisor()
    before = place.view(victim)
    for how in WAYS:
        answers = spy(place, how, victim, list(METHODS))
        assert answers.pop("role") == "reporter"
        refused = {m for m, said in answers.items() if "is for the operator" in said}
        assert refused == set(METHODS) - READ_ONLY
    place.call("send_keys", session=victim, keys=["z"])
    until("the operator's key arrived", lambda: log.read_bytes().endswith(b"z"))
    assert log.read_bytes() == b"z"
    after = place.view(victim)
    assert {k: after[k] for k in ("spec", "process", "is_paused")} == {
        k: before[k] for k in ("spec", "process", "is_paused")
    }
    assert {o["kind"] for o in place.operations()} == {"start"}


def test_an_agent_cannot_start_a_supervisor_that_would_be_its_own(place: Place) -> None:
    """It would end with the agent's session, and all sessions it starts with it."""
    out = place.root / "out"
    wait = "while [ ! -e go ]; do sleep 0.05; done"
    ask = f"cd {place.repo} && $PYTHON -m steer log >{out}.new 2>&1; echo $? >>{out}.new; mv {out}.new {out}"
    s = place.start(
        ["/bin/sh", "-c", f"{wait}; {ask}; sleep 1000"], env={**os.environ, "PYTHON": sys.executable}
    )
    tree = place.worktree(s)
    place.kill_supervisor()
    (tree / "go").touch()
    until("it has asked", out.exists)
    assert "from inside a session" in out.read_text() and out.read_text().endswith("\n4\n")
    assert not [
        p for p in place.processes() if b"steer.runtime.supervise" in Path(f"/proc/{p}/cmdline").read_bytes()
    ]
    assert place.view(s)["process"] == "running"


def test_folders_and_sockets_are_closed_to_others(place: Place) -> None:
    s = place.start(["sleep", "1000"])
    place.call("inject", session=s, text="x")
    found = 0
    for root in (place.root / "s" / "steer", place.root / "r" / "steer", place.paths.worktrees):
        for path in (root, *root.rglob("*")):
            inside_tree = any(p == place.worktree(s) for p in path.parents)
            if not inside_tree and not path.is_symlink():
                way = [p for p in (path, *path.parents) if p.is_relative_to(root)]
                assert any(not stat.S_IMODE(p.stat().st_mode) & 0o077 for p in way), path
                found += 1
    assert found > 10
    for path in (place.paths.socket, place.paths.keeper_socket(s), Path(place.view(s)["recording"])):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("planted", ["link", "file", "open"])
def test_a_planted_runtime_folder_is_refused_in_a_sentence(place: Place, planted: str) -> None:
    folder = place.root / "r" / "steer"
    if planted == "link":
        (place.root / "elsewhere").mkdir(mode=0o700)
        folder.symlink_to(place.root / "elsewhere")
    elif planted == "file":
        folder.write_text("")
    else:
        folder.mkdir()
        folder.chmod(0o777)
    done = place.run("log")
    assert (done.status, done.out) == (4, "")
    assert done.err.startswith(f"steer: {folder} ") and "hint:" in done.err and "Traceback" not in done.err


def _connect(place: Place) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    made.connect(str(place.paths.socket))
    return made


NONSENSE = [
    b"GET / HTTP/1.1\r\n\r\n",
    struct.pack(">IB", 0xFFFFFFFF, ord("J")),
    struct.pack(">IB", 8 * 1024 * 1024, ord("J")) + b"x" * 1000,
    wire.pack("J", b"not json"),
    wire.pack("J", b"[" * 100_000),
    wire.pack("J", b"[]"),
    wire.pack("Z", b"{}"),
    wire.pack_json("J", {"t": "watch", "s": {}, "cols": "x", "rows": None}),
    wire.pack_json("J", {"t": "key", "s": "VICTIM", "key": 5}),
    wire.pack_json(
        "J", {"t": "mouse", "s": "VICTIM", "action": [], "button": 1e300, "x": -1, "y": 1, "mods": 0}
    ),
    wire.pack_json("J", {"t": "ack"}),
    wire.pack_json("J", {"t": "call", "id": 1, "method": "view", "params": "x"}),
    wire.pack_json("J", {"t": "call", "id": [], "method": {}, "params": {"session": {}}}),
    wire.pack_json(
        "J", {"t": "call", "id": 1, "method": "text", "params": {"session": "VICTIM", "start": 1}}
    ),
    wire.pack_json("J", {"t": "call", "id": 1, "method": "log", "params": {"limit": "x"}}),
    os.urandom(5000),
]


def test_nonsense_on_the_socket_disturbs_nobody(place: Place) -> None:
    s = place.start(["cat"])
    before = place.supervisor()
    held: list[Any] = []
    for garbage in NONSENSE:
        with _connect(place) as bad:
            bad.sendall(garbage.replace(b"VICTIM", s.encode()))
            assert place.view(s)["process"] == "running"
        half = _connect(place)  # half a message, and then silence
        half.sendall(struct.pack(">IB", 100, ord("J")) + b"{")
        held.append(half)
    for _ in range(200):
        _connect(place).close()
    assert place.call("inject", session=s, text="hello")["delivery"] == "unverified"
    place.shows(s, "hello")
    assert place.supervisor() == before
    for half in held:
        half.close()


def test_agents_cannot_use_up_the_operators_connections(place: Place) -> None:
    hog = """
import socket, sys, time
held = []
while len(held) < 200:
    s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); held.append(s)
print("held", len(held), flush=True)
time.sleep(1000)
"""
    s = place.start([*place.script("hog", hog), str(place.paths.socket)])
    place.shows(s, "held 200")
    assert place.view(s)["process"] == "running"
    place.call("kill", session=s)
