"""A session that tries to get out, at each level: what it does, and what has to come of it."""

from __future__ import annotations

import errno
import json
import os
import socket

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

def hail(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)

def talk(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        if not s.recv(1):
            raise ConnectionResetError

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
attempt("reach the supervisor", lambda: hail(told["supervisor"]))
attempt("talk to a keeper", lambda: talk(told["keeper"]))
attempt("signal a keeper", lambda: os.kill(told["pid"] or os.getppid(), 0))
attempt("trace a keeper", lambda: trace(told["pid"]))
attempt("write to a terminal of the operator's", lambda: write(told["terminal"]))
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
SOCKET = "reach the supervisor"  # which hears it as a reporter only
KEEPER = "talk to a keeper"  # refused by the keeper itself
TERMINAL = "write to a terminal of the operator's"
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
    master, terminal = os.openpty()
    told = {
        "terminal": os.ttyname(terminal),
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
    os.close(master)
    os.close(terminal)
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
        TERMINAL,
    )
    assert outcome(seen, free) == all_are("done", free)
    assert seen[KEEPER] == "ConnectionResetError"


def test_landlock_keeps_writing_and_signals_inside(place: Place) -> None:
    need(Level.L1)
    session, seen = intrude(place, "L1")
    assert place.view(session)["isolation"] == "L1"
    assert outcome(seen, IN_ITS_OWN) == all_are("done", IN_ITS_OWN)
    assert not [name for name in (*OUTSIDE, KEEPER) if seen[name] == "done"], seen
    reached = (*SECRETS, SOCKET, BESIDE, TERMINAL)
    assert outcome(seen, reached) == all_are("done", reached)
    assert is_alive(place.keeper(place.view("other")["spec"]["id"]))


def test_bubblewrap_hides_others_besides(place: Place) -> None:
    need(Level.L2)
    session, seen = intrude(place, "L2")
    assert place.view(session)["isolation"] == "L2"
    assert outcome(seen, IN_ITS_OWN) == all_are("done", IN_ITS_OWN)
    closed = (*OUTSIDE, *SECRETS, SOCKET, KEEPER, TERMINAL)
    assert not [name for name in closed if seen[name] == "done"], seen
    assert seen[BESIDE] == "done"


PATIENT = """
import signal, sys, time
for name in ("SIGINT", "SIGHUP", "SIGTERM"):
    signal.signal(getattr(signal, name), lambda number, frame: print("caught", signal.Signals(number).name))
print("ready")
while True:
    line = sys.stdin.readline().strip()
    if line == "end":
        sys.exit(7)
"""


@pytest.mark.parametrize("level", ["L1", "L2"])
def test_keys_signals_and_the_exit_status_reach_through(place: Place, level: str) -> None:
    need(Level(level))
    configure(place, f'[isolation]\nlevel = "{level}"\n')
    session = place.start(place.script("patient", PATIENT))
    place.shows(session, "ready")
    place.call("send_keys", session=session, keys=["ctrl+c"])
    place.shows(session, "caught SIGINT")
    place.call("send_keys", session=session, keys=["e", "n", "d", "enter"])
    view = place.wait(session, "ended", lambda v: v["process"] == "failed")
    assert view["exit_status"] == 7 and view["isolation"] == level


@pytest.mark.parametrize("level", ["L1", "L2"])
def test_a_kill_leaves_nothing_and_a_new_supervisor_knows_the_level(place: Place, level: str) -> None:
    need(Level(level))
    configure(place, f'[isolation]\nlevel = "{level}"\n')
    session = place.start(["/bin/sh", "-c", "setsid sleep 1234 & echo ready; exec sleep 1235"])
    place.shows(session, "ready")
    place.kill_supervisor()
    assert place.view(session)["isolation"] == level
    assert place.call("kill", session=session)["survivors"] == []


@pytest.mark.parametrize("level", ["L1", "L2"])
def test_the_check_runs_at_the_level_of_its_session(place: Place, level: str) -> None:
    need(Level(level))
    configure(place, f'[isolation]\nlevel = "{level}"\n')
    outside = place.root / "by-the-check"
    check = f"echo here > mine && touch $TMPDIR/t && ! touch {outside} && echo 1 passed"
    session = place.start(["/bin/sh", "-c", "echo x > new.txt; exec sleep 1000"], check=check)
    view = place.wait(session, "checked", lambda v: v["check"]["state"] in ("passed", "failed", "error"))
    assert view["check"]["state"] == "passed", view["check"]
    assert not outside.exists()


def fake_bwrap(place: Place, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Another bubblewrap before the real one on the PATH of everything started from here on."""
    folder = place.root / "bin"
    folder.mkdir()
    (folder / "bwrap").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


FORBIDDEN = "echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1"
FAILING_LATER = f'case "$*" in *--chdir*) {FORBIDDEN};; esac; exit 0'
DOING_NOTHING = 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"'


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (FORBIDDEN, "setting up uid map: Permission denied"),
        (FAILING_LATER, "setting up uid map: Permission denied"),
        (DOING_NOTHING, "what steer keeps can still be written"),
    ],
)
def test_what_does_not_hold_is_refused_with_the_reason(
    place: Place, monkeypatch: pytest.MonkeyPatch, script: str, words: str
) -> None:
    fake_bwrap(place, monkeypatch, script)
    configure(place, '[isolation]\nlevel = "L2"\n')
    marker = place.root / "ran"
    done = place.run("run", "-a", f"touch {marker}", "--name", "a")
    assert done.status == 4 and words in done.err, done
    assert not marker.exists()
    assert [v for v in place.views() if v["process"] == "running"] == []


@pytest.mark.parametrize("script", [FORBIDDEN, FAILING_LATER, DOING_NOTHING])
def test_what_does_not_hold_is_lowered_where_that_is_allowed(
    place: Place, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    need(Level.L1)
    fake_bwrap(place, monkeypatch, script)
    configure(place, '[isolation]\nlevel = "L2"\non_failure = "lower"\n')
    session = place.start(["sleep", "1000"])
    view = place.view(session)
    assert view["isolation"] == "L1" and view["note"].startswith("isolated at L1 only: "), view


def test_the_operators_own_wrapper(place: Place) -> None:
    configure(place, '[isolation]\nlevel = "L3"\nwrapper = ["env", "WRAPPED=indeed"]\n')
    session = place.start(["/bin/sh", "-c", "echo it is $WRAPPED; exec sleep 1000"])
    place.shows(session, "it is indeed")
    assert place.view(session)["isolation"] == "L3"


def test_only_the_ports_that_were_asked_for(place: Place) -> None:
    need(Level.L1)
    with socket.create_server(("127.0.0.1", 0)) as open_one, socket.create_server(("127.0.0.1", 0)) as closed:
        ports = [s.getsockname()[1] for s in (open_one, closed)]
        configure(place, f'[isolation]\nlevel = "L1"\ntcp_ports = [{ports[0]}]\n')
        program = (
            "import socket, sys, signal\n"
            "for port in sys.argv[1:]:\n"
            "    with socket.socket() as s: print('port', s.connect_ex(('127.0.0.1', int(port))))\n"
            "signal.pause()\n"
        )
        session = place.start([*place.script("caller", program), *map(str, ports)])
        place.shows(session, f"port {errno.EACCES}")
        place.shows(session, "port 0")
