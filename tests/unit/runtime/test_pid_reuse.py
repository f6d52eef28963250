"""Process ids that are really used again, in a namespace whose counter can be set (pid_namespaces(7))."""

from __future__ import annotations

import subprocess
import sys

import pytest

ROUNDS = 100
CODE = """
import os, signal, sys, time
from steer.runtime.keeping import tree

def sleeper():
    pid = os.fork()
    if pid == 0:
        time.sleep(1000)
    return pid

def end(pid):
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)

tick = 1 / os.sysconf("SC_CLK_TCK")
hits = refusals = 0
for _ in range(int(sys.argv[1])):
    old = sleeper()
    seen = tree.read_process(old)
    time.sleep(2 * tick)  # a start time is told in ticks
    end(old)
    with open("/proc/sys/kernel/ns_last_pid", "w") as f:
        f.write(str(old - 1))
    new = sleeper()
    assert new == old, (new, old)
    refusals += not tree.send(seen, signal.SIGKILL)
    hits += os.waitpid(new, os.WNOHANG) != (0, 0)
    end(new)
print(refusals, hits)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="pid namespaces are Linux's")
def test_a_pid_that_is_another_process_by_now_is_not_hit() -> None:
    inside = ["unshare", "--pid", "--fork", "--mount-proc"]
    if subprocess.run([*inside, "test", "-w", "/proc/sys/kernel/ns_last_pid"], check=False).returncode:
        pytest.skip("no pid namespace with a counter that can be set can be made here")
    done = subprocess.run(
        [*inside, sys.executable, "-c", CODE, str(ROUNDS)], capture_output=True, check=False, timeout=300
    )
    assert done.stdout.split() == [b"%d" % ROUNDS, b"0"], done.stderr.decode()
