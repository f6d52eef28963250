"""A program inside a session that asks the supervisor for everything, in every way to come to a connection."""

from __future__ import annotations

import json
from pathlib import Path

import steer
from tests.e2e.place import Place, until

WAYS = ("direct", "forked", "cleared", "grandchild", "inherited")

# `spy.py HOW OUT SOCKET PATHS VICTIM ASKED`: writes what it was answered to OUT, in its folder: its role, and per
# method "done" or why not. Where it cannot connect, the role is "none".
PROGRAM = """
import json, os, socket, sys, time
how, out, where, path, victim, asked = sys.argv[1:7]
sys.path[:0] = json.loads(path)
from pathlib import Path
from steer.errors import SteerError
from steer.runtime.sync_client import SyncClient

def become_grandchild():
    if os.fork(): os.wait(); import signal; signal.pause()
    os.setsid()
    if how == "grandchild":
        if os.fork(): os.wait(); os._exit(0)
        os.setsid()
    else:
        if os.fork(): os._exit(0)
        for fd in (0, 1, 2): os.close(fd); os.open(os.devnull, os.O_RDWR)

def inherited():
    '''Whoever connected these has ended: nobody can be asked any more where it came from.'''
    made = [socket.socket(socket.AF_UNIX) for _ in range(12)]
    pid = os.fork()
    if pid == 0:
        for s in made: s.connect(where)
        os._exit(0)
    os.waitpid(pid, 0)
    return made

def connect(s=None):
    '''A connection and its role; None where it is closed.'''
    client = SyncClient(Path(where), timeout_s=30)
    if s:
        client.close()
        client._socket = s
        s.settimeout(30)
    client._send({"t": "hello", "protocol": 1})
    hello = next((m for m in client.messages() if m["t"] == "hello"), None)
    return (client, hello["role"]) if hello else None

def best():
    '''The connection with the most rights that can be had.'''
    if how != "inherited":
        return connect()
    found = None
    for _ in range(10):
        for made in filter(None, map(try_connect, inherited())):
            found = found or made
            if made[1] == "operator": return made
    while not found:  # closed at once where there are too many, until the supervisor has seen that others have ended
        time.sleep(0.05)
        found = connect()
    return found

def try_connect(s):
    try: return connect(s)
    except SteerError: return None

if how in ("forked", "cleared", "grandchild") and "again" not in sys.argv:
    become_grandchild()
if how == "cleared" and "again" not in sys.argv:
    os.execve(sys.executable, [sys.executable, "-S", __file__, *sys.argv[1:7], "again"], {})

def write(name):
    with open(name + ".new", "w") as f: json.dump(answers, f)
    os.rename(name + ".new", name)

answers = {}
try:
    client, answers["role"] = best()
except SteerError:
    answers["role"] = "none"
else:
    for message in (
        {"t": "key", "key": "p", "char": "p"}, {"t": "paste", "text": "pwned"}, {"t": "focus", "has": True},
        {"t": "mouse", "action": "press", "button": 1, "x": 1, "y": 1, "mods": 0},
        {"t": "watch", "cols": 11, "rows": 7},
    ):
        client._send({"s": victim, **message})
    for method, params in json.loads(asked).items():
        if method == "shut_down":  # which may end this program, too
            answers[method] = "done"
            write(out + ".early")
        try:
            client.call(method, session=victim, **params)
            answers[method] = "done"
        except (SteerError, OSError) as e:
            answers[method] = getattr(e, "message", str(e))
write(out)
import signal
signal.pause()
"""
# Writes down every byte that it is given, with every kind of report switched on.
LISTENER = """
import os, sys, tty
log = open(os.environ["STDIN_LOG"], "ab", buffering=0)
tty.setraw(0)
sys.stdout.write("\\x1b[?2004h\\x1b[?1003h\\x1b[?1006h\\x1b[?1004hready\\r\\n"); sys.stdout.flush()
while data := os.read(0, 4096):
    log.write(data)
"""
# What a call is given beside the session, where it needs something.
PARAMS: dict[str, dict[str, object]] = {
    "inject": {"text": "pwned"},
    "preview": {"text": "x"},
    "send_keys": {"keys": ["p"]},
    "rename": {"name": "pwned"},
    "start": {"argv": ["true"]},
    "gc": {"paths": []},
    "cancel": {"progress": "op1"},
    "text": {"start": [0, 0], "end": [1, 1]},
}


def ask(methods: list[str], victim: str) -> dict[str, dict[str, object]]:
    """Method -> its parameters, the harmful ones last."""
    wanted = {m: PARAMS.get(m, {}) for m in sorted(methods, key=lambda m: (m == "shut_down", m))}
    if "broadcast" in wanted:
        wanted["broadcast"] = {"sessions": [victim], "text": "pwned"}
    return wanted


def spy(place: Place, how: str, victim: str, methods: list[str], name: str = "") -> dict[str, str]:
    """What the supervisor answers to a client inside a session of its own."""
    path = json.dumps([str(Path(steer.__file__).parents[1])])
    command = place.script("spy", PROGRAM)
    words = [how, "answers.json", str(place.paths.socket), path, victim, json.dumps(ask(methods, victim))]
    folder = place.worktree(place.start([*command, *words], name=name or f"spy-{how}"))
    out, early = folder / "answers.json", folder / "answers.json.early"

    def told() -> Path | None:
        """The early answers count where the spy was let shut everything down, itself included."""
        return out if out.exists() else early if early.exists() and not place.processes() else None

    return dict(json.loads(until(f"the spy has asked ({how})", told, 240).read_text()))
