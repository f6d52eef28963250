"""Finding and stopping processes; what cannot be stopped is named."""

import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from steer.runtime import left_over
from steer.runtime.keeping import inherited, stop, tree
from steer.runtime.keeping.bucket import Bucket
from steer.runtime.keeping.loop import Loop

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc and pidfds are Linux's")


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", "1000"])


def test_a_process_is_read_whatever_its_name() -> None:
    code = "import ctypes; ctypes.CDLL(None).prctl(15, b') R 1 (', 0, 0, 0); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout
        child.stdout.readline()
        found = tree.read_process(child.pid)
        assert found and found.name == ") R 1 (" and found.parent == os.getpid()
        assert tree.is_inside_session(child.pid, os.getpid())
        child.kill()
    assert tree.read_process(child.pid) is None
    assert not tree.is_inside_session(os.getpid(), child.pid)
    assert tree.is_inside_session(child.pid, os.getpid()), "who has ended may have hidden where it came from"


def test_a_pid_that_was_used_again_is_not_hit() -> None:
    with sleeper() as child:
        found = tree.read_process(child.pid)
        assert found
        assert not tree.send(found._replace(started=found.started - 1), signal.SIGKILL)
        assert child.poll() is None
        assert tree.send(found, signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL


def test_survivors_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process in uninterruptible sleep cannot be made at will, so one is pretended."""
    stuck = tree.Process(4711, os.getpid(), "D", 1, "nfs-reader")
    monkeypatch.setattr(tree, "has_children", lambda: True)
    monkeypatch.setattr(tree, "kill", lambda root: None)
    monkeypatch.setattr(tree, "descendants", lambda root: [stuck])
    monkeypatch.setattr(stop, "SWEEP_LIMIT_S", 0.03)
    loop = Loop()
    answers: list[dict[str, Any]] = []
    stop.Stop(loop, lambda signals: None).request([], 0, answers.append)
    while not answers:
        loop.run_once()
    signal.set_wakeup_fd(-1)
    assert answers == [{"ok": True, "survivors": [{"pid": 4711, "name": "nfs-reader"}]}]


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    bucket = Bucket(rate=10, burst=100, at=0)
    assert bucket.has(0, 100)
    bucket.take(0, 120)
    assert not bucket.has(1, 1) and bucket.wait_s(1, 5) == pytest.approx(1.5)
    assert bucket.has(4.5, 25) and not bucket.has(4.5, 26)
    assert bucket.wait_s(1000, 10**9) == 0
    assert Bucket(0, 0, 0).has(0, 10**9)


def test_a_session_s_mark_stays_whatever_a_process_does_to_be_forgotten() -> None:
    code = (
        "import os, subprocess, sys; from steer.runtime.keeping.inherited import set_inherited; "
        "set_inherited('s2345abcd'); subprocess.run(['setsid', '-w', 'env', '-i', sys.executable, '-I', '-S', '-c', "
        "'import os; print(os.getpid(), flush=True); input()'])"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout and child.stdin
        pid = int(child.stdout.readline())
        assert inherited.read_mark(pid) == inherited.mark_of("s2345abcd") != inherited.mark_of("s2345abce")
        found = left_over.left_over(["s2345abce", "s2345abcd"])
        assert pid in [p.pid for p in found["s2345abcd"]] and set(found) == {"s2345abcd"}
        child.stdin.write(b"\n")
    assert inherited.read_mark(os.getpid()) != inherited.mark_of("s2345abcd")
    assert inherited.read_mark(child.pid) == 0
