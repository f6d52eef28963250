"""A session that tries to get out, at each level: what it does, and what has to come of it."""

from __future__ import annotations

import json
import os

import pytest

from steer.isolation import machine
from steer.model.isolation import Level
from tests.e2e.place import Place, is_alive, until

# Tries everything and writes down what came of it: "done" or the name of the error.
INTRUDER = """
import ctypes, json, os, signal, socket, subprocess, sys
told = json.loads(os.environ["INTRUDER"])
seen = {}

def attempt(name, action):
    try:
        action()
        seen[name] = "done"
    except OSError as e:
        seen[name] = type(e).__name__
    except subprocess.CalledProcessError as e:
        seen[name] = "refused"

def write(path):
    with open(path, "a") as f:
        f.write("#")

def connect(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)

def trace(pid):
    child = os.fork()
    if not child:  # which ends at once: whom it traces would else stop at its next signal
        libc = ctypes.CDLL(None, use_errno=True)
        libc.ptrace.argtypes = [ctypes.c_long] * 4
        os._exit(ctypes.get_errno() if libc.ptrace(0x4206, pid, 0, 0) else 0)  # PTRACE_SEIZE stops nobody
    if status := os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        raise OSError(status, "ptrace")

def git(*words):
    subprocess.run(["git", *words], check=True, capture_output=True)

common = told["common"]
attempt("write in its worktree", lambda: write("mine.txt"))
attempt("write a temporary file", lambda: write(os.path.join(os.environ.get("TMPDIR", "/tmp"), "steer-t")))
attempt("write outside", lambda: write(told["outside"]))
attempt("write in another worktree", lambda: write(told["other"] + "/a.txt"))
attempt("read another worktree", lambda: open(told["other"] + "/a.txt").read())
attempt("read the home's secrets", lambda: open(told["secret"]).read())
attempt("read steer's state", lambda: open(told["state"]).read())
attempt("write steer's state", lambda: os.close(os.open(told["state"], os.O_WRONLY)))
attempt("write .git/config", lambda: write(common + "/config"))
attempt("plant a hook", lambda: write(common + "/hooks/pre-commit"))
attempt("change info", lambda: write(common + "/info/attributes"))
attempt("write a branch of another folder", lambda: write(common + "/refs/heads/main"))
attempt("write a branch beside its own", lambda: write(common + "/refs/heads/" + told["beside"]))
attempt("connect to the supervisor", lambda: connect(told["supervisor"]))
attempt("connect to a keeper", lambda: connect(told["keeper"]))
attempt("signal a keeper", lambda: os.kill(told["pid"] or os.getppid(), 0))
attempt("trace a keeper", lambda: trace(told["pid"]))
attempt("commit", lambda: (git("add", "mine.txt"), git("commit", "-qm", "mine")))
attempt("make a branch of another name", lambda: git("branch", "elsewhere"))
with open("seen.new", "w") as f:
    json.dump(seen, f)
os.rename("seen.new", "seen.json")
signal.pause()
"""

IN_ITS_OWN = ("write in its worktree", "write a temporary file", "commit")
OUTSIDE = (
    *(
        "write outside",
        "write in another worktree",
        "write steer's state",
        "write .git/config",
        "plant a hook",
    ),
    *("change info", "write a branch of another folder", "signal a keeper", "trace a keeper"),
    "make a branch of another name",
)
SECRETS = ("read another worktree", "read the home's secrets", "read steer's state")
SOCKETS = ("connect to the supervisor", "connect to a keeper")
BESIDE = "write a branch beside its own"  # a reference is renamed into its folder: no level tells them apart


def configure(place: Place, text: str) -> None:
    folder = place.root / "c" / "steer"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(text)


def need(level: Level) -> None:
    if why := machine.look().missing.get(level):
        pytest.skip(why)


def intrude(place: Place, level: str) -> tuple[str, dict[str, str]]:
    """A session at `level` that tried everything; its id and what it saw."""
    configure(place, f'[isolation]\nlevel = "{level}"\n')
    (place.root / "h" / ".ssh").mkdir()
    (place.root / "h" / ".ssh" / "id").write_text("secret")
    (place.common_dir / "info").mkdir(exist_ok=True)
    other = place.start(["sleep", "1000"], name="other")
    told = {
        "outside": str(place.root / "outside.txt"),
        "other": str(place.worktree(other)),
        "secret": str(place.root / "h" / ".ssh" / "id"),
        "state": str(place.paths.session_dir(other) / "session.json"),
        "common": str(place.common_dir),
        "beside": "steer/other",
        "supervisor": str(place.paths.socket),
        "keeper": str(place.paths.keeper_socket(other)),
        "pid": place.keeper(other),
    }
    env = {**os.environ, "INTRUDER": json.dumps(told)}
    session = place.start(place.script("intruder", INTRUDER), name="intruder", env=env)
    found = place.worktree(session) / "seen.json"
    until("the intruder has tried everything", found.exists)
    return session, dict(json.loads(found.read_text()))


def outcome(seen: dict[str, str], names: tuple[str, ...]) -> dict[str, str]:
    return {name: seen[name] for name in names}


def all_are(value: str, names: tuple[str, ...]) -> dict[str, str]:
    return dict.fromkeys(names, value)


def test_without_isolation_an_agent_may_what_the_operator_may(place: Place) -> None:
    session, seen = intrude(place, "L0")
    assert place.view(session)["isolation"] == "L0"
    free = (
        *IN_ITS_OWN,
        *SECRETS,
        "write outside",
        "write .git/config",
        "plant a hook",
        "signal a keeper",
        BESIDE,
    )
    assert outcome(seen, free) == all_are("done", free)


def test_landlock_keeps_writing_and_signals_inside(place: Place) -> None:
    need(Level.L1)
    session, seen = intrude(place, "L1")
    assert place.view(session)["isolation"] == "L1"
    assert outcome(seen, IN_ITS_OWN) == all_are("done", IN_ITS_OWN)
    assert not [name for name in OUTSIDE if seen[name] == "done"], seen
    assert outcome(seen, (*SECRETS, *SOCKETS, BESIDE)) == all_are("done", (*SECRETS, *SOCKETS, BESIDE))
    assert is_alive(place.keeper(place.view("other")["spec"]["id"]))


def test_bubblewrap_hides_others_besides(place: Place) -> None:
    need(Level.L2)
    session, seen = intrude(place, "L2")
    assert place.view(session)["isolation"] == "L2"
    assert outcome(seen, IN_ITS_OWN) == all_are("done", IN_ITS_OWN)
    closed = (*OUTSIDE, *SECRETS, *SOCKETS)
    assert not [name for name in closed if seen[name] == "done"], seen
    assert seen[BESIDE] == "done"
