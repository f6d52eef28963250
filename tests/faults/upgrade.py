"""`python -m tests.faults.upgrade REVISION`: what a steer of that revision left running is met by this one.

REVISION is a commit or tag of this project's repository. Sessions are started by the old program, its supervisor is
asked by the new one, then killed; a new one takes over. Exit status 1 where something is not as it was.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import pytest

import steer
from steer.errors import SteerError
from tests.e2e.place import Place, is_alive, open_place, until

ROOT = Path(steer.__file__).parents[1]
# Says what it is told, and writes down its process.
AGENT = """
import os, sys
open("pid", "w").write(str(os.getpid()))
print("ready", flush=True)
for line in sys.stdin:
    print("heard", line.strip()[::-1], flush=True)
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.upgrade", description=__doc__)
    parser.add_argument("revision", metavar="REVISION")
    revision = parser.parse_args().revision
    with (
        tempfile.TemporaryDirectory(prefix="steer-upgrade-") as folder,
        pytest.MonkeyPatch.context() as patch,
        open_place(patch, Path(folder) / "p") as place,
    ):
        old = unpack(revision, Path(folder) / "old")
        try:
            for said in meet(place, old):
                print(f"ok      {said}", flush=True)
        except (AssertionError, SteerError, pytest.fail.Exception) as e:
            place.tell()
            raise SystemExit(f"FAILED  {e}") from None


def unpack(revision: str, folder: Path) -> Path:
    """The program as it was, in `folder`. Ends with a sentence where there is no such revision."""
    done = subprocess.run(
        ["git", "-C", str(ROOT), "archive", "--format=tar", revision, "steer"],
        check=False,
        capture_output=True,
    )
    if done.returncode:
        raise SystemExit(f"no revision {revision!r} of this project is here: {done.stderr.decode().strip()}")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def meet(place: Place, old: Path) -> list[str]:
    """What was seen to be right, in sentences."""
    command = " ".join(place.script("agent", AGENT))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(old))
        ask = [sys.executable, "-c", "import steer; print(steer.__file__)"]
        where = subprocess.run(ask, check=True, capture_output=True, cwd=place.repo)
        assert where.stdout.decode().startswith(str(old)), (
            f"the old program is not what runs: {where.stdout!r}"
        )
        for name in ("one", "two", "three"):
            done = place.run("run", "work", "-a", command, "--name", name, cwd=place.repo)
            assert done.status == 0, done.err
    return [*_asked(place), *_taken_over(place), *_steered(place)]


def _asked(place: Place) -> list[str]:
    """The old supervisor still serves when a command line of today asks; it may make room for one of today."""
    for name in ("one", "two", "three"):
        place.shows(name, "ready")
    done = place.run("ls")
    assert done.status == 0 and "three" in done.out, done.err
    place.call("inject", session="one", text="before")
    place.shows("one", "heard erofeb")
    return ["the new command line lists its sessions and types for one"]


def _taken_over(place: Place) -> list[str]:
    pids = {name: _pid(place, name) for name in ("one", "two", "three")}
    before = place.kill_supervisor()
    views = {v["spec"]["name"]: v for v in place.views()}
    assert place.supervisor() != before
    assert {name: v["process"] for name, v in views.items()} == dict.fromkeys(pids, "running"), views
    assert all(is_alive(pid) for pid in pids.values())
    place.shows("one", "heard erofeb")
    return ["after kill -9 of the supervisor another one follows them all, with what they had printed"]


def _steered(place: Place) -> list[str]:
    place.call("inject", session="two", text="after")
    place.shows("two", "heard retfa")
    tree = place.worktree("three")
    (tree / "work.txt").write_text("work\n")
    pid = _pid(place, "three")
    assert place.call("kill", session="three")["survivors"] == []
    assert not tree.exists() and not is_alive(pid)
    place.call("undo")
    assert (tree / "work.txt").read_text() == "work\n"
    place.call("respawn", session="three")
    until("it runs again", lambda: place.view("three")["process"] == "running")
    place.call("fork", session="two")
    said = ["its sessions can be told, killed, brought back, run again and forked"]
    recording = str(place.view("one")["recording"])
    done = place.run("export", recording, "-o", str(place.root / "out.txt"), "--format", "txt")
    assert done.status == 0 and "heard erofeb" in (place.root / "out.txt").read_text(), done.err
    return [*said, "a recording that the old one began and the new one goes on with is exported whole"]


def _pid(place: Place, name: str) -> int:
    path = place.worktree(name) / "pid"
    until("its process is written down", lambda: path.exists() and path.read_text())
    return int(path.read_text())


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.exit(main())
