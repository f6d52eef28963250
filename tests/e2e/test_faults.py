"""Bad moments that belong to no single part: what is killed, stopped, wiped or used up beside steer."""

from __future__ import annotations

import json
import os
import resource
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from steer.errors import SteerError
from steer.runtime import left_over, wire
from steer.runtime.keeping import tree
from tests.e2e.escapees import ESCAPEES, WAYS
from tests.e2e.place import Place, View, is_alive, kill_and_wait, until

ESCAPING = "import os, sys, time, signal\n" + ESCAPEES + "while 1: time.sleep(1000)\n"


def test_a_shell_of_the_operators_in_the_worktree_outlives_a_kill(place: Place) -> None:
    s = place.start(["sleep", "1000"])
    (place.worktree(s) / "work").write_text("mine\n")
    shell = subprocess.Popen(["sleep", "1000"], cwd=place.worktree(s))
    try:
        place.call("kill", session=s)
        assert shell.poll() is None
        place.call("undo")
        assert (place.worktree(s) / "work").read_text() == "mine\n"
    finally:
        shell.kill()
        shell.wait()


def test_a_kill_names_who_else_works_in_the_worktree_and_leaves_them_alone(place: Place) -> None:
    s = place.start(["sleep", "1000"], name="a")
    place.start(["sleep", "1000"], name="quiet")
    folder = place.worktree(s)
    (folder / "deep").mkdir()
    held = "f = open('held', 'w'); import os; os.chdir('/'); print(flush=True); input()"
    with ExitStack() as stack:
        shell = stack.enter_context(subprocess.Popen(["sleep", "1000"], cwd=folder / "deep"))
        holder = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", held], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        )
        assert holder.stdout and holder.stdout.readline()
        try:
            done = place.run("kill", "a", "--json")
            assert done.status == 0, done.err
            found = {p["pid"]: p["name"] for p in json.loads(done.out)["outsiders"]}
            assert set(found) == {shell.pid, holder.pid} and found[shell.pid] == "sleep"
            assert f"{shell.pid} sleep" in place.view(s)["note"]
            assert (shell.poll(), holder.poll()) == (None, None)
            assert "still" not in place.run("kill", "quiet").out
            place.call("undo")
            place.call("undo")
            said = place.run("kill", "a").out
            assert f"still working in its worktree, which is in the trash now: {shell.pid} sleep" in said
        finally:
            shell.kill()
            holder.kill()


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_a_tmux_server_that_was_there_before_its_work_is_named(place: Place) -> None:
    """The agent hands its work to a server outside of its tree: what runs there is no descendant."""
    server = ["tmux", "-S", str(place.root / "tmux"), "-f", "/dev/null"]
    subprocess.run([*server, "new-session", "-d", "-s", "mine", "sleep 1000"], check=True, cwd="/")
    try:
        hand = shlex.join([*server, "new-window", "-d", "-c", "PLACE", "exec sleep 1234"]).replace(
            "PLACE", '"$PWD"'
        )
        s = place.start(["/bin/sh", "-c", f"{hand}; echo handed; exec sleep 1000"])
        place.shows(s, "handed")
        made = place.call("kill", session=s)
        (found,) = made["outsiders"]
        assert found["name"] == "sleep" and is_alive(found["pid"])
    finally:
        subprocess.run([*server, "kill-server"], check=False)


def test_two_kills_at_once_are_one(place: Place) -> None:
    s = place.start(["sleep", "1000"])
    work = place.worktree(s) / "work"
    work.write_text("mine\n")

    def kill(_: int) -> str:
        try:
            place.call("kill", session=s)
        except SteerError as e:
            return e.message
        return ""

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(kill, range(8)))
    assert said.count("") == 1, said
    assert all("being killed" in words or "killed already" in words for words in said if words), said
    assert [o["state"] for o in place.operations("kill")] == ["done"]
    place.call("undo")
    assert work.read_text() == "mine\n"


def escaped(place: Place, session: str) -> dict[str, int]:
    folder = place.worktree(session)
    until("all have escaped", lambda: len(list(folder.glob("pid.*"))) == len(WAYS))
    return {p.suffix[1:]: int(p.read_text()) for p in folder.glob("pid.*")}


def test_what_escaped_ends_as_soon_as_its_killed_keeper_is_missed(place: Place) -> None:
    other = place.start(["cat"], name="other")
    s = place.start(place.script("escaping", ESCAPING))
    pids = escaped(place, s)
    kill_and_wait(place.keeper(s))
    for name, pid in pids.items():
        until(f"{name} has ended", lambda pid=pid: not is_alive(pid))
    view = place.wait(s, "told", lambda v: "left behind" in v["note"])
    assert view["process"] == "lost" and "and ended" in view["note"]
    place.call("inject", session=other, text="hello")
    place.shows(other, "hello")


def test_what_escaped_ends_when_nobody_was_there_to_miss_its_keeper(place: Place) -> None:
    s = place.start(place.script("escaping", ESCAPING))
    pids = escaped(place, s)
    keeper = place.keeper(s)
    place.kill_supervisor()
    kill_and_wait(keeper)
    assert is_alive(pids["cleared"])
    place.wait(s, "lost", lambda v: v["process"] == "lost")
    for name, pid in pids.items():
        until(f"{name} has ended", lambda pid=pid: not is_alive(pid))


@pytest.mark.parametrize("how", ["kill", "respawn"])
def test_what_escaped_does_not_outlive_a_killed_keeper(place: Place, how: str) -> None:
    s = place.start(place.script("escaping", ESCAPING))
    folder = place.worktree(s)
    pids = escaped(place, s)
    for path in folder.glob("pid.*"):
        path.unlink()
    kill_and_wait(place.keeper(s))
    place.wait(s, "lost", lambda v: v["process"] == "lost")
    place.call(how, session=s)
    assert [name for name, pid in pids.items() if is_alive(pid)] == []
    if how == "respawn":
        pids = escaped(place, s)
        assert all(is_alive(pid) for pid in pids.values()), "what was started anew is left alone"


def test_a_keeper_that_cannot_be_reached_is_no_reason_to_end_its_agent(place: Place) -> None:
    s = place.start(["cat"])
    keeper, socket_path = place.keeper(s), place.paths.keeper_socket(s)
    (agent,) = tree.descendants(keeper)
    os.kill(keeper, signal.SIGSTOP)  # it cannot put its socket back
    try:
        place.kill_supervisor()
        socket_path.unlink()
        assert place.view(s)["process"] == "lost"
        assert left_over.keepers_of([s, "s2345abcd"]) == {s: keeper}
        assert [p.pid for p in left_over.left_over([s])[s]] == [agent.pid]
        view = place.wait(s, "told", lambda v: "does not answer" in v["note"])
        assert f"pid {keeper}" in view["note"] and is_alive(agent.pid)
    finally:
        os.kill(keeper, signal.SIGCONT)
    place.wait(s, "found again", lambda v: v["process"] == "running")
    place.call("inject", session=s, text="hello")
    place.shows(s, "hello")


def test_a_stopped_keeper_holds_up_no_new_supervisor(place: Place) -> None:
    stopped = place.start(["cat"], name="stopped")
    other = place.start(["cat"], name="other")
    keeper = place.keeper(stopped)
    os.kill(keeper, signal.SIGSTOP)
    try:
        place.kill_supervisor()
        place.call("inject", session=other, text="hello")
        place.shows(other, "hello")
        assert place.view(stopped)["process"] == "lost"
    finally:
        os.kill(keeper, signal.SIGCONT)
    place.wait(stopped, "found again", lambda v: v["process"] == "running")
    place.call("inject", session=stopped, text="hello")
    place.shows(stopped, "hello")


def silence(view: View) -> dict[str, Any]:
    return next((f for f in view["flags"] if f["rule"] == "recorder-silent"), {})


def test_a_stopped_keeper_holds_up_nobody_and_loses_nothing(place: Place) -> None:
    count = "i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo line $i; done; exec sleep 1000"
    stopped = place.start(["/bin/sh", "-c", f"read go; {count}"], name="stopped")
    other = place.start(["cat"], name="other")
    place.call("inject", session=stopped, text="go")
    keeper = place.keeper(stopped)
    os.kill(keeper, signal.SIGSTOP)
    try:
        assert place.call("inject", session=other, text="hello")["delivery"] == "unverified"
        place.shows(other, "hello")
        assert place.view(stopped)["process"] == "running"
        flag = silence(place.wait(stopped, "flagged", silence))
        assert flag["title"] == f"recorder does not answer (pid {keeper})" and flag["severity"] == "urgent"
        assert f"kill -CONT {keeper}" in flag["evidence"][0]
        with pytest.raises(SteerError, match=f"kill -CONT {keeper}"):
            place.call("kill", session=stopped)
        assert place.view(stopped)["process"] == "running"
        assert not silence(place.view(other))
    finally:
        os.kill(keeper, signal.SIGCONT)
    place.wait(stopped, "no longer flagged", lambda v: not silence(v))
    place.shows(stopped, "line 2000")
    lines = [x for x in place.lines(stopped) if x.startswith("line ")]
    assert lines == [f"line {n}" for n in range(1, 2001)][-len(lines) :] and len(lines) > 1000


def test_a_wiped_runtime_folder_loses_no_agent(place: Place) -> None:
    s = place.start(["cat"])
    keeper, supervisor = place.keeper(s), place.supervisor()
    folder = place.root / "r" / "steer"
    shutil.rmtree(folder)
    assert place.supervisor() == supervisor  # asked anew: a second one would take what the first one holds
    until("the keeper listens again", place.paths.keeper_socket(s).exists)
    for path, mode in ((folder, 0o700), (place.paths.runtime, 0o700), (place.paths.keeper_socket(s), 0o600)):
        assert path.stat().st_mode & 0o777 == mode
    place.kill_supervisor()
    assert (place.view(s)["process"], place.keeper(s)) == ("running", keeper)
    assert place.call("inject", session=s, text="hello")["delivery"] == "unverified"
    place.shows(s, "hello")


def test_when_the_folder_for_sockets_is_gone_for_good_they_meet_elsewhere_until_it_is_back(
    place: Place,
) -> None:
    s = place.start(["cat"])
    keeper, supervisor, first = place.keeper(s), place.supervisor(), place.paths
    spare = first.keeper_sockets(s)[-1].parent
    try:
        shutil.rmtree(place.root / "r")  # as at a logout: nobody but the system can make it again
        assert place.paths.runtime == spare != first.runtime
        assert place.supervisor() == supervisor
        until("the keeper listens there", (spare / f"k-{s}.sock").exists)
        for path, mode in ((spare.parent, 0o700), (spare, 0o700), (spare / f"k-{s}.sock", 0o600)):
            assert path.stat().st_mode & 0o777 == mode
        other = place.start(["cat"], name="other")
        place.kill_supervisor()
        assert (place.view(s)["process"], place.keeper(s)) == ("running", keeper)
        supervisor = place.supervisor()
        (place.root / "r").mkdir(mode=0o700)
        assert place.paths.runtime == first.runtime
        assert place.supervisor() == supervisor
        until("the keeper is back", first.keeper_socket(s).exists)
        until("the other one, too", first.keeper_socket(other).exists)
        assert not list(spare.glob("k-*"))
        place.kill_supervisor()
        for session in (s, other):
            assert place.call("inject", session=session, text="hello")["delivery"] == "unverified"
            place.shows(session, "hello")
    finally:
        shutil.rmtree(spare, ignore_errors=True)


def test_a_recording_that_cannot_be_written_is_said_by_every_supervisor_until_it_can(place: Place) -> None:
    s = place.start(["/bin/sh", "-c", "read go; yes | head -c 300000; echo the end; exec sleep 1000"])
    keeper = place.keeper(s)
    before = resource.prlimit(keeper, resource.RLIMIT_FSIZE)
    resource.prlimit(keeper, resource.RLIMIT_FSIZE, (100_000, before[1]))
    place.call("inject", session=s, text="go")
    place.wait(s, "stalled", lambda v: v["recording_note"].startswith("not recorded, agent held"))
    place.kill_supervisor()
    place.wait(s, "stalled still", lambda v: v["recording_note"].startswith("not recorded, agent held"))
    resource.prlimit(keeper, resource.RLIMIT_FSIZE, before)
    place.wait(s, "recorded again", lambda v: not v["recording_note"])
    place.shows(s, "the end")


def test_without_file_descriptors_a_start_is_refused_and_the_others_go_on(place: Place) -> None:
    s = place.start(["cat"], name="running")
    supervisor = place.supervisor()
    before = resource.prlimit(supervisor, resource.RLIMIT_NOFILE)
    used = max(int(p.name) for p in Path(f"/proc/{supervisor}/fd").iterdir())
    with place.client() as client:
        client.call("view")
        resource.prlimit(supervisor, resource.RLIMIT_NOFILE, (used + 2, before[1]))
        wish = {"task": "work", "agent": "script", "argv": ["cat"], "name": "new", "env": dict(os.environ)}
        with pytest.raises(SteerError) as refused:
            client.call("start", **wish)
        assert "\n" not in refused.value.message and "Traceback" not in refused.value.message
        print(refused.value.message)
        resource.prlimit(supervisor, resource.RLIMIT_NOFILE, before)
    assert place.supervisor() == supervisor
    assert [v["spec"]["name"] for v in place.views()] == ["running"]
    place.call("inject", session=s, text="hello")
    place.shows(s, "hello")
    place.start(["cat"], name="new")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_another_user_is_refused_even_where_folders_are_open(place: Place) -> None:
    place.start(["sleep", "1000"])
    for path in (place.root, *place.paths.socket.parents):
        if path.is_relative_to(place.root):
            path.chmod(0o755)
    place.paths.socket.chmod(0o666)
    code = (
        "import os, socket, sys; os.setgid(65534); os.setuid(65534); s = socket.socket(socket.AF_UNIX); "
        "s.connect(sys.argv[1]); s.settimeout(60); print(len(s.recv(100)))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(place.paths.socket)], capture_output=True, check=False
    )
    assert (done.stdout.strip(), done.returncode) == (b"0", 0), done.stderr


def test_a_file_that_nobody_may_read_is_killed_and_comes_back(place: Place) -> None:
    s = place.start(["sleep", "1000"])
    locked = place.worktree(s) / "locked"
    locked.mkdir()
    (locked / "secret").write_text("mine\n")
    (locked / "secret").chmod(0)
    locked.chmod(0)
    place.call("kill", session=s)
    assert not locked.exists()
    place.call("undo")
    assert locked.stat().st_mode & 0o777 == 0
    locked.chmod(0o700)
    (locked / "secret").chmod(0o600)
    assert (locked / "secret").read_text() == "mine\n"


def test_who_stops_reading_is_let_go_and_the_agent_goes_on(place: Place) -> None:
    s = place.start(["/bin/sh", "-c", "read go; yes | head -c 3000000; echo the end; exec sleep 1000"])
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.settimeout(60)
        deaf.connect(str(place.paths.socket))
        deaf.sendall(wire.pack_json("J", {"t": "hello", "protocol": 1}))
        deaf.sendall(wire.pack_json("J", {"t": "watch", "s": s, "cols": 80, "rows": 24}))
        place.call("inject", session=s, text="go")
        place.shows(s, "the end")
        ask = wire.pack_json(
            "J", {"t": "call", "id": 1, "method": "screen", "params": {"session": s, "all": True}}
        )
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            for _ in range(100_000):
                deaf.sendall(ask)
    assert place.view(s)["process"] == "running"


def test_the_last_of_many_sizes_wins(place: Place) -> None:
    report = "import os, signal; signal.signal(28, lambda *a: print('size', *os.get_terminal_size(), flush=True))\n"
    s = place.start(place.script("sizes", report + "print('up', flush=True)\nwhile 1: signal.pause()\n"))
    place.shows(s, "up")
    with place.client() as client:
        client._send({"t": "hello", "protocol": 1})
        for n in range(3000):
            client._send({"t": "watch", "s": s, "cols": 40 + n % 90, "rows": 10 + n % 30})
        client._send({"t": "watch", "s": s, "cols": 77, "rows": 33})
        place.shows(s, "size 77 33")
        assert sum("size" in x for x in place.lines(s)) < 1000


SLOW_EXPORT = """
import sys, time
from pathlib import Path
from steer.export.destination import write_whole
def pieces():
    for n in range(1000):
        yield b"half" * 10_000
        if n == 10:
            print("under way", flush=True)
            time.sleep(1000)
write_whole(Path(sys.argv[1]), pieces(), may_replace=True)
"""


def test_a_killed_export_leaves_the_source_and_no_file_of_its_name(tmp_path: Path) -> None:
    for before in (None, b"an older export"):
        target = tmp_path / "out.txt"
        if before:
            target.write_bytes(before)
        with subprocess.Popen([sys.executable, "-c", SLOW_EXPORT, target], stdout=subprocess.PIPE) as export:
            assert export.stdout and export.stdout.readline() == b"under way\n"
            export.kill()
        assert (target.read_bytes() if target.exists() else None) == before
