"""Programs that leave processes behind in every way there is, and where those processes are."""

from __future__ import annotations

import os
from pathlib import Path

from tests.e2e.stage import is_alive

# Nine ways to outlive one's parent. Each escapee writes its pid into a file named after the way.
ESCAPEES = r"""
def stay(name):
    with open('new.' + name, 'w') as f: f.write(str(os.getpid()))
    os.rename('new.' + name, 'pid.' + name)
    while 1: time.sleep(1000)

def spawn(name, *steps):
    if os.fork() == 0:
        for step in steps: step()
        stay(name)

def deaf():
    for n in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT): signal.signal(n, signal.SIG_IGN)
def daemon():
    if os.fork(): os._exit(0)
def closed():
    for fd in range(3): os.close(fd)
def cleared():
    os.execve(sys.executable, [sys.executable, '-I', '-S', '-c',
        'import os,time; f=open("new.cleared","w"); f.write(str(os.getpid())); f.close(); '
        'os.rename("new.cleared", "pid.cleared"); time.sleep(100000)'], {})
def nohup():
    os.execvp('nohup', ['nohup', sys.executable, '-I', '-S', '-c',
        'import os,time; f=open("new.nohup","w"); f.write(str(os.getpid())); f.close(); '
        'os.rename("new.nohup", "pid.nohup"); time.sleep(100000)'])
def stopped():
    with open('new.stopped', 'w') as f: f.write(str(os.getpid()))
    os.rename('new.stopped', 'pid.stopped')
    os.kill(os.getpid(), signal.SIGSTOP)

spawn('plain')
spawn('deaf', deaf)
spawn('setpgid', lambda: os.setpgid(0, 0), deaf)
spawn('setsid', os.setsid, deaf)
spawn('daemon', daemon, os.setsid, daemon, deaf)
spawn('closed', os.setsid, daemon, deaf, closed)
spawn('cleared', os.setsid, daemon, deaf, cleared)
spawn('nohup', nohup)
spawn('stopped', stopped)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
"""
WAYS = ("plain", "deaf", "setpgid", "setsid", "daemon", "closed", "cleared", "nohup", "stopped")

REFORKERS = r"""
def run():
    os.setsid()
    while 1:
        if os.fork(): os._exit(0)
        time.sleep(0.005)
for _ in range(12):
    if os.fork() == 0: run()
print('all here', flush=True)
"""

SLEEPERS = """
for _ in range(200):
    if os.fork() == 0:
        os.setsid()
        time.sleep(100000)
print('all here', flush=True)
"""


def living(folder: Path) -> list[int]:
    """Processes whose working folder is `folder`: all that a program started there has started."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if (entry / "cwd").readlink() == folder and is_alive(int(entry.name)):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def escapees(folder: Path) -> dict[str, int]:
    """Way -> process id, as the process itself sees it, of those that have settled."""
    return {p.suffix[1:]: int(p.read_text()) for p in folder.glob("pid.*")}
