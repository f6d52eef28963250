"""A steer that was upgraded while a fleet ran: the new program meets what the old one left behind."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import steer
from steer.runtime import wire
from steer.runtime.client import FleetClient
from steer.runtime.supervise import ensure_supervisor, make_folders
from tests.e2e.place import DEADLINE_S, Place, until


def install(place: Place, version: str) -> Path:
    """Where this program is installed once more, as if it were of another version."""
    folder = place.root / f"steer-{version}"
    package = folder / "steer"
    shutil.copytree(Path(steer.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    init = package / "__init__.py"
    init.write_text(init.read_text().replace(f'"{steer.__version__}"', f'"{version}"'))
    return folder


def run_two(place: Place, program: Path) -> list[str]:
    """Sessions that this program started, with its supervisor; they print what they are told."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(program))
        for name in ("one", "two"):
            done = place.run("run", "work", "-a", "echo ready; cat", "--name", name)
            assert done.status == 0, done.err
        said = place.run("--version")
    assert program.name.partition("-")[2] in said.out
    return ["one", "two"]


def test_an_older_supervisor_makes_room_and_agents_go_on(place: Place) -> None:
    names = run_two(place, install(place, "0.0.9"))
    with_old = place.paths.log.read_text().count("serving")
    done = place.run("ls", "--json")
    assert done.status == 0, done.err
    assert place.call("ping")["version"] == steer.__version__
    assert place.paths.log.read_text().count("serving") == with_old + 1
    for name in names:
        view = place.view(name)
        assert view["process"] == "running"
        place.shows(view["spec"]["id"], "ready")
        assert (
            place.call("inject", session=view["spec"]["id"], text=f"hello {name}")["delivery"] == "unverified"
        )
        place.shows(view["spec"]["id"], f"hello {name}")


def test_many_at_once_find_one_new_supervisor(place: Place) -> None:
    run_two(place, install(place, "0.0.9"))
    out = place.root / "pids"
    ask = (
        "import sys; from pathlib import Path; from steer.runtime import supervise; "
        "from steer.runtime.sync_client import SyncClient; "
        "client = SyncClient(supervise.ensure_supervisor(Path(sys.argv[1]))); "
        "open(sys.argv[2], 'a').write(str(client.call('ping')) + '\\n')"
    )
    started = [
        os.posix_spawn(
            sys.executable, [sys.executable, "-c", ask, str(place.common_dir), str(out)], dict(os.environ)
        )
        for _ in range(6)
    ]
    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in started] == [0] * 6
    assert set(out.read_text().splitlines()) == {str(place.call("ping"))}
    assert {v["process"] for v in place.views()} == {"running"}


def test_from_inside_a_session_an_older_one_is_left_alone(place: Place) -> None:
    old = install(place, "0.0.9")
    out = place.root / "out"
    new = Path(steer.__file__).parents[1]
    ask = f"PYTHONPATH={new} {sys.executable} -m steer ls >{out}.new 2>&1; mv {out}.new {out}; sleep 1000"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(old))
        done = place.run("run", "work", "-a", ask, "--name", "one")
        assert done.status == 0, done.err
        until("it has asked", out.exists)
        assert "one" in out.read_text()
        assert place.paths.log.read_text().count("serving") == 1
        assert place.run("down").status == 0


def test_a_newer_supervisor_is_left_alone_and_said(place: Place) -> None:
    newer = install(place, "99.0")
    run_two(place, newer)
    done = place.run("ls")
    assert (done.status, done.out) == (4, "")
    assert "99.0" in done.err and "hint:" in done.err and "Traceback" not in done.err
    assert place.paths.log.read_text().count("serving") == 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(newer))
        assert place.run("down").status == 0
    until("nothing of it is left", lambda: not place.processes())


def test_whatever_answers_nobody_but_a_supervisor_is_ended(place: Place) -> None:
    make_folders(place.paths)
    with subprocess.Popen(["sleep", "1000"]) as innocent, socket.socket(socket.AF_UNIX) as door:
        door.bind(str(place.paths.socket))
        door.listen()
        threading.Thread(target=_answer_falsely, args=(door, innocent.pid), daemon=True).start()
        assert place.call("ping")["version"] == steer.__version__
        assert innocent.poll() is None
        innocent.kill()


def _answer_falsely(door: socket.socket, pid: int) -> None:
    """Says to everybody that it is a supervisor of long ago, and a process that it is not."""
    said = {"t": "result", "id": 1, "value": {"pid": pid, "version": "0"}}
    while True:
        try:
            with door.accept()[0] as made:
                made.recv(65536)
                made.sendall(wire.pack_json("J", said))
        except OSError:
            return


def test_an_open_board_says_that_its_supervisor_is_newer_now(place: Place) -> None:
    newer = install(place, "99.0")
    place.start(["cat"])
    asyncio.run(_watch_while(place, newer))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(newer))
        assert place.run("down").status == 0


class Sink:
    """Hears what a board would show while it has no supervisor."""

    def __init__(self) -> None:
        self.said = asyncio.Event()

    def disconnected(self, reason: str) -> None:
        if "99.0" in reason:
            self.said.set()

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


async def _watch_while(place: Place, newer: Path) -> None:
    sink = Sink()
    client = FleetClient(lambda: ensure_supervisor(place.common_dir))
    await client.connect(sink)
    env = {**os.environ, "PYTHONPATH": str(newer)}
    done = await asyncio.to_thread(place.run, "ls", env=env)
    assert done.status == 0, done.err
    await asyncio.wait_for(sink.said.wait(), DEADLINE_S)
    await client.close()
