"""steer is killed, at every bad moment: no agent ends, no byte and no worktree is lost, nothing happens twice."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from steer.errors import SteerError, UserError
from steer.record.reader import Kind, Reader
from steer.runtime import supervise
from steer.runtime.crash_point import VARIABLE
from tests.e2e.place import Place, View, is_alive, kill_and_wait, parent_of, until

KILLS = 12  # `python -m tests.faults.goals R1 R3` does hundreds

# Prints numbered lines and writes down what it has printed; stops at the number that a file names.
PRINTER = """
import os, select, sys, tty
log, end = open(os.environ["TRUTH"], "ab", buffering=0), os.environ["TRUTH"] + ".end"
tty.setraw(0)
os.write(1, b"\\x1b]7501;state=working\\x1b\\\\")
log.write(b"\\x1b]7501;state=working\\x1b\\\\")
n = 0
while not os.path.exists(end):
    n += 1
    line = ("%07d \\u00e4\\u20ac \\x1b[3%dm%s\\x1b[0m\\r\\n" % (n, n % 8, "x" * (n * 7 % 60))).encode()
    if n % 50 == 0:
        line += b"\\xff\\xfe\\x00"
    cut = n % len(line)
    for part in (line[:cut], line[cut:]):
        while part:
            part = part[os.write(1, part):]
    log.write(line)
    select.select([], [], [], 0.002)
last = b"\\x1b]7501;state=done\\x1b\\\\the end\\r\\n"
os.write(1, last)
log.write(last)
os.read(0, 1)
"""
# Writes down every byte it is given.
LISTENER = """
import os, sys, tty
log = open(os.environ["STDIN_LOG"], "ab", buffering=0)
tty.setraw(0)
sys.stdout.write("\\x1b[?2004hready\\r\\n"); sys.stdout.flush()
while data := os.read(0, 4096):
    log.write(data)
"""


def recorded(path: str) -> bytes:
    """All output in a recording, and that nothing of it is damaged."""
    reader = Reader()
    events = reader.feed(Path(path).read_bytes())
    return b"".join(e.data for e in events if e.kind is Kind.OUTPUT)


def what_lasts(v: View) -> dict[str, Any]:
    """The part of a view that another supervisor must show alike."""
    check = {k: v["check"][k] for k in ("state", "passed", "failed", "text")}
    kept = ("process", "activity", "is_paused", "exit_status", "title", "checkpoints", "diff", "recording")
    return {"spec": v["spec"], "check": check} | {k: v[k] for k in kept}


@contextlib.contextmanager
def supervisor_to_kill(place: Place, *, is_ready: bool) -> Iterator[None]:
    """A supervisor that is killed in the end: one that serves, or one that has only begun to start."""
    if is_ready:
        pid = place.supervisor()
        yield
        kill_and_wait(pid)
        return
    command = [sys.executable, "-m", "steer.runtime.supervise", str(place.common_dir)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield
    process.kill()
    process.wait()


def agent_of(place: Place, session: str) -> int:
    """The process that the session's keeper started."""
    keeper = place.keeper(session)
    # While it becomes the program, a process shows neither its arguments nor its environment.
    found: list[int] = until(
        f"one process of keeper {keeper}", lambda: [p for p in place.processes() if parent_of(p) == keeper]
    )
    assert len(found) == 1, (keeper, found, place.lines(session))
    return found[0]


# -- the supervisor is killed while agents print ---------------------------------------------------------


def test_a_supervisor_killed_at_random_moments_costs_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    truths, sessions = [], []
    for name in ("a", "b", "c"):
        truths.append(place.root / f"truth-{name}")
        monkeypatch.setenv("TRUTH", str(truths[-1]))
        sessions.append(place.start(place.script("printer", PRINTER), name=name, check="true"))
    agents = [agent_of(place, s) for s in sessions]
    for _ in range(KILLS):
        with supervisor_to_kill(place, is_ready=dice.random() < 0.4):
            goal = truths[0].stat().st_size + dice.randrange(6_000)
            until("the agents print on", lambda goal=goal: truths[0].stat().st_size >= goal)
        goal = truths[0].stat().st_size + dice.randrange(1_500)
        until("the agents print on alone", lambda goal=goal: truths[0].stat().st_size >= goal)
        assert all(map(is_alive, agents))
    for truth in truths:
        Path(f"{truth}.end").touch()
    for s in sessions:
        place.wait(s, "done", lambda v: v["activity"] == "idle")
        place.shows(s, "the end")
    assert [agent_of(place, s) for s in sessions] == agents
    for s, truth in zip(sessions, truths, strict=True):
        assert recorded(place.view(s)["recording"]) == truth.read_bytes()
        _assert_shows(place, s, truth.read_bytes())


def _assert_shows(place: Place, session: str, truth: bytes) -> None:
    """The scrollback is what an emulator makes of the whole stream, byte by byte in order."""
    from steer.term.emulator import Emulator

    emulator = Emulator(80, 24)
    emulator.feed(truth)
    assert place.lines(session) == emulator.lines()


def test_the_next_supervisor_shows_the_same_fleet(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUTH", str(place.root / "truth"))
    working = place.start(place.script("printer", PRINTER), name="working", check="echo 3 passed")
    ended = place.start(["/bin/sh", "-c", "echo bye; exit 3"], name="ended")
    killed = place.start(["sleep", "1000"], name="killed")
    paused = place.start(["sleep", "1000"], name="paused")
    place.wait(ended, "ended", lambda v: v["process"] == "failed")
    place.call("respawn", session=ended)
    place.wait(ended, "ended", lambda v: v["process"] == "failed" and v["spec"]["generation"] == 2)
    place.call("kill", session=killed)
    place.call("pause", session=paused)
    place.call("rename", session=working, name="renamed")
    (place.worktree(working) / "new.txt").write_text("new\n")
    place.wait(working, "checked", lambda v: v["check"]["state"] == "passed" and v["diff"]["files"] == 1)
    place.wait(working, "working", lambda v: v["activity"] == "working")
    Path(f"{place.root / 'truth'}.end").touch()
    place.wait(working, "done", lambda v: v["activity"] == "idle")
    place.shows(working, "the end")
    before = {v["spec"]["id"]: what_lasts(v) for v in place.views()}
    undo, lines = place.call("view")["fleet"]["undo"], place.lines(working)
    place.kill_supervisor()
    offline = json.loads(place.run("ls", "--json").out)["sessions"]
    assert {v["spec"]["name"]: v["process"] for v in offline} == {
        "renamed": "running",
        "ended": "failed",
        "paused": "running",
    }
    assert {v["spec"]["id"]: what_lasts(v) for v in place.views()} == before
    assert place.call("view")["fleet"]["undo"] == undo
    assert place.lines(working) == lines
    place.call("continue", session=paused)
    assert place.view(paused)["is_paused"] is False


# -- the supervisor is killed in the middle of an intervention -------------------------------------------


def arm(place: Place, patch: pytest.MonkeyPatch, point: str) -> None:
    """Start a supervisor that is killed at `point`."""
    patch.setenv(VARIABLE, point)
    place.supervisor()
    patch.delenv(VARIABLE)


@pytest.fixture
def armed(place: Place, monkeypatch: pytest.MonkeyPatch, point: str) -> str:
    """The point, with a supervisor that will be killed there from the beginning of the test."""
    arm(place, monkeypatch, point)
    return point


@pytest.fixture
def crash(place: Place, monkeypatch: pytest.MonkeyPatch) -> Any:
    """crash(point, method, **params): the call, on a supervisor that is killed at that point."""

    def run(point: str, method: str, *, is_armed: bool = False, **params: Any) -> None:
        if not is_armed:
            place.kill_supervisor()
            arm(place, monkeypatch, point)
        with place.client() as client, pytest.raises(SteerError, match="ended before it answered"):
            client.call(method, **params)
        until("its supervisor is gone", lambda: not supervise.is_serving(place.paths))

    return run


def leftovers(place: Place) -> list[str]:
    """Branches, worktrees and admin folders; what half-done work would leave behind is among them."""
    found = [str(p.relative_to(place.common_dir)) for p in place.common_dir.glob("worktrees/*")]
    found += [str(p.relative_to(place.common_dir)) for p in place.common_dir.glob("steer-adding*")]
    found += [p.name for p in place.paths.worktrees.glob("*")] + [
        p.name for p in place.paths.worktrees.glob(".*")
    ]
    found += [p.name for p in (place.paths.state / "adding").glob("*")]
    listed = subprocess.run(
        ["git", "for-each-ref", "--format=%(refname)", "refs/heads"],
        cwd=place.repo,
        capture_output=True,
        check=True,
    )
    return sorted(found + listed.stdout.decode().split())


def orders(place: Place) -> list[Path]:
    """Launch files: they hold an agent's environment."""
    return list(place.paths.sessions.glob("*/*launch*"))


@pytest.mark.parametrize(
    "point", ["start.begun", "start.planned", "begin.added", "begin.saved", "begin.ordered"]
)
def test_a_start_killed_before_its_agent_ran_is_rolled_back(
    place: Place, armed: str, crash: Any, point: str
) -> None:
    before, env = leftovers(place), dict(os.environ)
    crash(point, "start", is_armed=True, task="t", argv=["sleep", "1000"], agent="s", name="new", env=env)
    assert place.views() == []
    assert (leftovers(place), orders(place)) == (before, [])
    assert place.operations("start")[-1]["state"] == "failed"
    place.start(["sleep", "1000"], name="new")  # name, folder and branch are free again
    assert [(v["spec"]["name"], v["spec"]["branch"]) for v in place.views()] == [("new", "steer/new")]


@pytest.mark.parametrize("point", ["begin.launched", "begin.attached"])
def test_a_start_killed_after_its_agent_ran_is_finished(
    place: Place, armed: str, crash: Any, point: str
) -> None:
    crash(
        point,
        "start",
        is_armed=True,
        task="t",
        argv=["sleep", "1000"],
        agent="s",
        name="new",
        env=dict(os.environ),
    )
    v = place.view("new")
    assert (v["process"], place.operations("start")[-1]["state"], orders(place)) == ("running", "done", [])
    assert v["spec"]["id"] == place.call("view")["fleet"]["undo"]["session"]
    assert len(sleepers(place)) == 1


@pytest.mark.parametrize(
    ("point", "is_there"), [("fork.planned", False), ("begin.added", False), ("begin.launched", True)]
)
def test_a_fork_killed_in_between_is_all_or_nothing(
    place: Place, crash: Any, point: str, is_there: bool
) -> None:
    parent = place.start(["sleep", "1000"], name="mother")
    (place.worktree(parent) / "work").write_text("mine\n")
    before = leftovers(place)
    crash(point, "fork", session=parent, env=dict(os.environ))
    names = [v["spec"]["name"] for v in place.views()]
    assert (place.worktree(parent) / "work").read_text() == "mine\n"
    assert place.view(parent)["process"] == "running"
    if is_there:
        assert names == ["mother", "mother-fork"]
        assert (place.worktree("mother-fork") / "work").read_text() == "mine\n"
        assert place.view("mother-fork")["process"] == "running"
    else:
        assert (names, leftovers(place)) == (["mother"], before)


@pytest.mark.parametrize("point", ["kill.begun", "kill.stopped", "kill.checkpointed"])
def test_a_kill_that_had_no_plan_yet_is_given_up(place: Place, armed: str, crash: Any, point: str) -> None:
    s = place.start(["sleep", "1000"])
    (place.worktree(s) / "work").write_text("mine\n")
    crash(point, "kill", is_armed=True, session=s)
    assert place.operations("kill")[-1]["state"] == "failed"
    assert place.view(s)["spec"]["place"] == "worktree"
    assert (place.worktree(s) / "work").read_text() == "mine\n"
    place.call("kill", session=s)
    place.call("undo")
    assert (place.worktree(s) / "work").read_text() == "mine\n"


@pytest.mark.parametrize("point", ["kill.planned", "kill.moved", "kill.saved"])
def test_a_kill_that_had_its_plan_is_finished_and_can_be_undone(
    place: Place, armed: str, crash: Any, point: str
) -> None:
    s = place.start(["sleep", "1000"])
    folder, keeper = place.worktree(s), place.keeper(s)
    (folder / "work").write_text("mine\n")
    crash(point, "kill", is_armed=True, session=s)
    assert place.operations("kill")[-1]["state"] == "done"
    assert place.view(s)["spec"]["place"] == "trash" and not folder.exists()
    until("its keeper is gone", lambda: not is_alive(keeper))
    place.call("undo")
    assert (folder / "work").read_text() == "mine\n"
    assert "refs/heads/steer/a" in leftovers(place)


@pytest.mark.parametrize(
    ("point", "is_taken"),
    [
        ("undo.begun", False),
        ("undo.begun", True),
        ("undo.restored", False),
        ("undo.restored", True),
        ("undo.saved", True),
        ("undo.marked", False),
    ],
)
def test_an_undo_of_a_kill_killed_anywhere_is_finished(
    place: Place, armed: str, crash: Any, point: str, is_taken: bool
) -> None:
    s = place.start(["sleep", "1000"])
    folder = place.worktree(s)
    (folder / "work").write_text("mine\n")
    place.call("kill", session=s)
    if is_taken:
        folder.mkdir()
    crash(point, "undo", is_armed=True)
    v = place.view(s)
    assert (Path(v["spec"]["worktree"]) / "work").read_text() == "mine\n"
    assert v["spec"]["worktree"] == str(folder) + ("-2" if is_taken else "")
    assert (v["spec"]["place"], place.operations("undo")[-1]["state"]) == ("worktree", "done")
    assert place.operations("kill")[-1]["state"] == "undone"
    place.call("respawn", session=s)
    assert place.view(s)["process"] == "running"


@pytest.mark.parametrize("point", ["kill.stopped", "kill.planned", "kill.moved", "undo.marked"])
def test_an_undo_of_a_start_killed_in_between_loses_no_work(
    place: Place, armed: str, crash: Any, point: str
) -> None:
    s = place.start(["sleep", "1000"])
    (place.worktree(s) / "work").write_text("mine\n")
    crash(point, "undo", is_armed=True)
    undo, start = place.operations("undo")[-1], place.operations("start")[-1]
    if point == "kill.stopped":
        assert (undo["state"], start["state"], place.view(s)["spec"]["place"]) == (
            "failed",
            "done",
            "worktree",
        )
    else:
        assert (undo["state"], start["state"], place.view(s)["spec"]["place"]) == ("done", "undone", "trash")
        place.call("undo")
    assert (place.worktree(s) / "work").read_text() == "mine\n"


@pytest.mark.parametrize("point", ["respawn.begun", "respawn.saved", "begin.launched"])
def test_a_respawn_killed_in_between_can_be_repeated(place: Place, crash: Any, point: str) -> None:
    s = place.start(["/bin/sh", "-c", "echo $STEER_NAME; sleep 0$WAIT"], env={**os.environ, "WAIT": ""})
    place.wait(s, "ended", lambda v: v["process"] == "exited")
    crash(point, "respawn", session=s, env={**os.environ, "WAIT": "1000"})
    assert place.operations("respawn")[-1]["state"] == "unknown"
    if place.view(s)["process"] != "running":
        place.call("respawn", session=s, env={**os.environ, "WAIT": "1000"})
    assert place.view(s)["process"] == "running"
    place.keeper(s)  # there is exactly one


@pytest.mark.parametrize(
    ("point", "typed"),
    [
        ("inject.begun", b""),
        ("inject.typed", b"\x1b[200~do it\x1b[201~"),
        ("inject.submitted", b"\x1b[200~do it\x1b[201~\r"),
    ],
)
def test_an_inject_is_never_typed_twice(
    place: Place, armed: str, crash: Any, monkeypatch: pytest.MonkeyPatch, point: str, typed: bytes
) -> None:
    log = place.root / "stdin"
    monkeypatch.setenv("STDIN_LOG", str(log))
    s = place.start(place.script("listener", LISTENER))
    place.shows(s, "ready")
    crash(point, "inject", is_armed=True, session=s, text="do it", token="t1")
    again = place.call("inject", session=s, text="do it", token="t1")
    assert again["delivery"] == "unknown"
    assert place.operations("inject")[-1]["state"] == "unknown"
    # A key afterwards proves that nothing else is under way.
    place.call("send_keys", session=s, keys=["z"])
    until("the key arrived", lambda: log.read_bytes().endswith(b"z"))
    assert log.read_bytes() == typed + b"z"
    assert [o["kind"] for o in place.operations()].count("inject") == 1


# -- starting and stopping -------------------------------------------------------------------------------


def sleepers(place: Place) -> list[int]:
    return [p for p in place.processes() if b"sleep\x00" in Path(f"/proc/{p}/cmdline").read_bytes()]


def supervisors(place: Place) -> list[int]:
    return [
        p for p in place.processes() if b"steer.runtime.supervise" in Path(f"/proc/{p}/cmdline").read_bytes()
    ]


def test_fifty_at_once_start_one_supervisor(place: Place) -> None:
    place.start(["sleep", "1000"])
    place.kill_supervisor()
    with ThreadPoolExecutor(50) as pool:
        sockets = set(pool.map(lambda _: supervise.ensure_supervisor(place.common_dir), range(50)))
    assert sockets == {place.paths.socket}
    until("the losers are gone", lambda: len(supervisors(place)) == 1)
    assert supervisors(place) == [place.supervisor()]
    assert place.view("a")["process"] == "running"


def test_stale_sockets_locks_and_pids_are_no_obstacle(place: Place) -> None:
    import socket

    supervise.make_folders(place.paths)
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(place.paths.socket))
    stale.close()
    bystander = subprocess.Popen(["sleep", "1000"])
    for path in (place.paths.lock, place.paths.runtime / "supervisor.pid"):
        path.write_text(str(bystander.pid))
    try:
        s = place.start(["sleep", "1000"])
        keeper, socket_path = place.keeper(s), place.paths.keeper_socket(s)
        place.kill_supervisor()
        kill_and_wait(keeper)
        assert socket_path.exists()
        assert place.view(s)["process"] == "lost"
        place.call("respawn", session=s)
        assert (place.view(s)["process"], bystander.poll()) == ("running", None)
        place.kill_supervisor()
        place.paths.socket.unlink(missing_ok=True)
        place.paths.socket.write_text("a file")
        assert place.view(s)["process"] == "running"
    finally:
        bystander.kill()
        bystander.wait()


def test_after_a_reboot_worktrees_are_there_and_agents_can_be_run_again(place: Place) -> None:
    s = place.start(["sleep", "1000"])
    assert len(sleepers(place)) == 1
    ended = place.start(["true"], name="ended")
    place.wait(ended, "ended", lambda v: v["process"] == "exited")
    (place.worktree(s) / "work").write_text("mine\n")
    place.end_everything()
    place.wipe_runtime()
    listed = json.loads(place.run("ls", "--json").out)["sessions"]
    assert {v["spec"]["name"]: v["process"] for v in listed} == {"a": "lost", "ended": "exited"}
    assert not supervisors(place)
    v = place.view(s)
    assert v["process"] == "lost" and "worktree is intact" in v["note"]
    assert place.view(ended)["process"] == "exited"
    assert (place.worktree(s) / "work").read_text() == "mine\n"
    assert len(sleepers(place)) == 0
    place.call("respawn", session=s)
    assert (place.view(s)["process"], place.view(s)["spec"]["generation"]) == ("running", 2)
    place.call("kill", session=s)
    place.call("undo")
    assert (place.worktree(s) / "work").read_text() == "mine\n"


def test_a_killed_keeper_is_one_lost_session(place: Place) -> None:
    lost, other = place.start(["sleep", "1000"], name="lost"), place.start(["sleep", "1000"], name="other")
    agent = agent_of(place, lost)
    kill_and_wait(place.keeper(lost))
    v = place.wait(lost, "lost", lambda v: v["process"] == "lost")
    assert "keeper" in v["note"]
    until("its agent is hung up", lambda: not is_alive(agent))
    for method in ("pause", "interrupt", "inject"):
        with pytest.raises(UserError, match="not running"):
            place.call(method, session=lost, text="x")
    assert place.view(other)["process"] == "running"
    place.call("pause", session=other)
    place.call("respawn", session=lost)
    assert place.view(lost)["process"] == "running"


def test_a_terminated_supervisor_leaves_in_order(place: Place) -> None:
    place.start(["sleep", "1000"])
    pid = place.supervisor()
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    until("it has left", lambda: not is_alive(pid))
    assert not place.paths.socket.exists()
    assert place.view("a")["process"] == "running"


def test_a_crash_point_does_nothing_unless_it_is_named() -> None:
    command = "from steer.runtime.crash_point import crash_point as c; c('a'); c('b'); print('alive')"

    def run(at: str) -> int:
        env = {**os.environ, VARIABLE: at}
        return subprocess.run([sys.executable, "-c", command], env=env, check=False).returncode

    assert (run(""), run("c"), run("b")) == (0, 0, -signal.SIGKILL)
