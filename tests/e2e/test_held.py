"""Processes that a kill cannot end, or cannot be rid of: another user's, and those that a tracer holds."""

from __future__ import annotations

import asyncio
import ctypes
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from steer.runtime.keeping import tree
from tests.e2e.place import Place, is_alive, kill_and_wait, until
from tests.e2e.stage import Stage, python

_PR_CAPBSET_DROP, _CAP_KILL = 24, 5  # linux/prctl.h, linux/capability.h
NOBODY = 65534
GIVEN_UP = """
import os, time
if os.fork() == 0:
    os.setsid()  # else the end of its terminal would end it
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
    print(f"child {os.getpid()} of {os.getuid()}", flush=True)
    time.sleep(100000)
time.sleep(100000)
"""
TRACER = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
if libc.ptrace(16, int(sys.argv[1]), 0, 0):
    print(os.strerror(ctypes.get_errno()), flush=True)
    sys.exit(1)
print("held", flush=True)
sys.stdin.read()
"""


def without_the_right_to_kill() -> None:
    """As a plain user is to root: only one's own user's processes can be signalled (kill(2), capabilities(7))."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_CAPBSET_DROP, _CAP_KILL, 0, 0, 0)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can start a process of another user")
def test_a_child_of_another_user_is_named_and_nothing_is_moved(place: Place) -> None:
    agent = shlex.join(place.script("mixed", GIVEN_UP))
    done = place.run("run", "work", "--name", "a", "-a", agent, preexec_fn=without_the_right_to_kill)
    assert done.status == 0, done.err
    place.shows("a", f"of {NOBODY}")
    line = next(x for x in place.lines("a") if x.startswith("child "))
    pid, folder = int(line.split()[1]), place.worktree("a")
    try:
        done = place.run("kill", "a")
        assert done.status != 0 and f"still there: {pid} python" in done.err
        assert is_alive(pid) and folder.exists()
        assert [o["state"] for o in place.operations("kill")] == ["failed"]
        assert f"{pid} python" in place.view("a")["note"]
    finally:
        kill_and_wait(pid)
    assert place.run("kill", "a").status == 0
    assert not folder.exists()


def tracing(pid: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", TRACER, str(pid)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_a_process_that_a_tracer_holds_is_killed_and_the_stop_comes_to_its_end(stage: Stage) -> None:
    async def story() -> None:
        session = stage.start(
            python("if os.fork() == 0: time.sleep(100000)\nprint('up', flush=True)\ntime.sleep(1e5)")
        )
        client = await stage.connect(session)
        await client.when(b"up")
        assert session.result
        child = next(p.pid for p in tree.descendants(session.pid) if p.parent == session.result.child_pid)
        with tracing(child) as tracer:
            try:
                assert tracer.stdout
                if (said := tracer.stdout.readline()) != b"held\n":
                    pytest.skip(f"nothing can be traced here: {said.decode().strip()}")
                until("it stands still", lambda: Path(f"/proc/{child}/stat").read_text().split()[2] == "t")
                assert (await client.request("stop", soft=[15], grace_s=0.1))["survivors"] == []
                assert not is_alive(child) and not is_alive(session.result.child_pid)
            finally:
                tracer.send_signal(signal.SIGKILL)

    asyncio.run(story())
