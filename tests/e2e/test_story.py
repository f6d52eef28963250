"""A day with steer, told on the demo's scripted agents: real terminals, worktrees, recordings, supervisors."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from steer.demo.sandbox import PROJECT, session_wish
from steer.errors import SteerError, UserError
from tests.e2e.place import Place, is_alive, make_place, until

COUNTER = """
import itertools, sys, time
for i in itertools.count():
    print("tick", i, flush=True)
    time.sleep(0.02)
"""
ECHO = """
import os, sys, tty
log = open(os.environ["STDIN_LOG"], "ab", buffering=0)
tty.setraw(0)
sys.stdout.write("\\x1b[?2004hready\\r\\n"); sys.stdout.flush()
while data := os.read(0, 4096):
    log.write(data)
"""


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The demo's project: two bugs, and tests that say so."""
    files = {
        str(p.relative_to(PROJECT)): p.read_text()
        for p in PROJECT.rglob("*")
        if p.is_file() and "__pycache__" not in p.parts
    }
    with make_place(monkeypatch, files | {".gitignore": "__pycache__/\n*.ignored\n"}) as place:
        yield place


def begin(place: Place, scenario: str, pace: float = 0) -> str:
    return str(place.call("start", **session_wish(scenario, pace))["sessions"][0])


def project_passes(place: Place, session: str) -> bool:
    done = subprocess.run(
        [sys.executable, "-B", "-m", "unittest"],
        cwd=place.worktree(session),
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


# -- four agents -----------------------------------------------------------------------------------------


def test_four_agents_one_of_which_needs_a_word_and_one_an_answer(shop: Place) -> None:
    healthy, asking, drifting = (begin(shop, name) for name in ("healthy", "asking", "drifting"))
    looping = begin(shop, "looping", pace=0.6)

    shop.wait(healthy, "finished", lambda v: v["activity"] == "idle")
    shop.wait(healthy, "checked", lambda v: v["check"]["state"] == "passed")
    shop.wait(drifting, "finished", lambda v: v["activity"] == "idle")
    assert {f["path"] for f in shop.call("diff", session=drifting)["files"]} >= {
        "README.md",
        "shop/currency.py",
    }

    # The looping one fails its check again and again, until it is told how.
    shop.wait(looping, "failing", lambda v: v["check"]["state"] == "failed")
    preview = shop.call("preview", session=looping, text="round half up in integers")
    assert preview["is_bracketed"] and not preview["refusal"]
    sent = shop.call(
        "inject",
        session=looping,
        text="round half up in integers",
        digest=preview["digest"],
        generation=preview["generation"],
    )
    assert sent["delivery"] == "unverified"
    shop.wait(looping, "finished", lambda v: v["activity"] == "idle")
    shop.wait(looping, "checked", lambda v: v["check"]["state"] == "passed")
    assert project_passes(shop, looping)

    # The asking one waits for an answer, says what it asks, and gets it.
    v = shop.wait(asking, "asking", lambda v: v["activity"] == "asking")
    assert v["activity_text"] == "remove shop/legacy.py?"
    assert [f["rule"] for f in v["flags"]] == ["asking"]
    assert any("remove shop/legacy.py?" in line for line in shop.call("explain", session=asking)["lines"])
    shop.call("send_keys", session=asking, keys=["2"])
    shop.wait(asking, "finished", lambda v: v["activity"] == "idle")
    assert (shop.worktree(asking) / "old-prices.txt").read_text() == "pen 120\npaper 450\nink 899\n"


# -- kill and undo ---------------------------------------------------------------------------------------


def git(folder: Path, *args: str, ok: tuple[int, ...] = (0,)) -> bytes:
    done = subprocess.run(["git", *args], cwd=folder, capture_output=True, check=False)
    assert done.returncode in ok, done.stderr
    return done.stdout


def make_a_mess(folder: Path) -> None:
    """Every state that a path can be in at once: a conflict, staged, unstaged, untracked, ignored, a link, a mode."""
    base = git(folder, "rev-parse", "--abbrev-ref", "HEAD").decode().strip()
    git(folder, "checkout", "-qb", "theirs")
    (folder / "README.md").write_text("theirs\n")
    git(folder, "commit", "-qam", "theirs")
    git(folder, "checkout", "-q", base)
    (folder / "README.md").write_text("ours\n")
    git(folder, "commit", "-qam", "ours")
    git(folder, "merge", "theirs", ok=(1,))
    (folder / "staged.txt").write_bytes(b"staged\r\n\xff\x00")
    git(folder, "add", "staged.txt")
    (folder / "staged.txt").write_text("and changed again\n")
    (folder / "shop/pricing.py").write_text("unstaged\n")
    (folder / "untracked \udcff.bin").write_bytes(bytes(range(256)))
    (folder / "secret.ignored").write_text("TOKEN=1\n")
    (folder / "link").symlink_to("../nowhere")
    (folder / "tool.sh").write_text("#!/bin/sh\n")
    (folder / "tool.sh").chmod(0o755)
    (folder / "empty").mkdir()


def picture(folder: Path) -> dict[str, object]:
    """All there is below `folder`: contents, modes, links, times."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        info = path.lstat()
        what: object = None
        if path.is_symlink():
            what = path.readlink()
        elif path.is_file():
            what = path.read_bytes()
        found[os.fsdecode(path.relative_to(folder))] = (stat.filemode(info.st_mode), info.st_mtime_ns, what)
    return found


def index_of(folder: Path) -> bytes:
    return Path(os.fsdecode(git(folder, "rev-parse", "--git-path", "index")).strip()).read_bytes()


def test_a_killed_session_comes_back_byte_for_byte(shop: Place) -> None:
    s = shop.start(["sleep", "1000"])
    folder = shop.worktree(s)
    make_a_mess(folder)
    before, index, said = picture(folder), index_of(folder), git(folder, "status", "--porcelain=v2")
    index = index_of(folder)
    shop.call("kill", session=s)
    v = shop.view(s)
    assert (v["spec"]["place"], v["process"]) == ("trash", "exited")
    assert not folder.exists()
    branches = git(shop.repo, "for-each-ref", "--format=%(refname)", "refs/heads").decode().split()
    assert f"refs/heads/{v['spec']['branch']}" not in branches
    git(shop.repo, "gc", "-q", "--prune=now")

    undone = shop.call("undo")
    assert "is back as it was" in undone["summary"]
    assert index_of(folder) == index
    assert picture(folder) == before
    assert git(folder, "status", "--porcelain=v2") == said
    shop.call("respawn", session=s)
    assert shop.view(s)["process"] == "running"


def test_a_kill_ends_every_process_of_the_tree(shop: Place) -> None:
    s = shop.start(
        ["/bin/sh", "-c", "trap '' HUP TERM; setsid sleep 1001 & (setsid sleep 1002 &) ; echo up; sleep 1003"]
    )
    shop.shows(s, "up")
    tree = [p for p in shop.processes() if b"sleep" in Path(f"/proc/{p}/cmdline").read_bytes()[:5]]
    assert len(tree) == 3
    shop.call("kill", session=s)
    assert not [p for p in tree if is_alive(p)]


# -- fork, respawn, pause --------------------------------------------------------------------------------


def test_a_fork_carries_the_files_and_leaves_the_parent_alone(shop: Place) -> None:
    parent = shop.start(["sleep", "1000"], name="mother", task="first task")
    folder = shop.worktree(parent)
    make_a_mess(folder)
    before, index = picture(folder), index_of(folder)
    plan = shop.call("plan_fork", session=parent)
    assert plan["name"] == "mother-fork" and any("ignored" in line for line in plan["left"])
    made = shop.call("fork", session=parent, task="second task")
    child = shop.view(made["session"])
    assert child["process"] == "running"
    assert (child["spec"]["parent"], child["spec"]["task"]) == (parent, "second task")
    copy = picture(Path(child["spec"]["worktree"]))
    assert {k: v[2] for k, v in copy.items()} == {  # type: ignore[index]
        k: v[2]  # type: ignore[index]
        for k, v in before.items()
        if k not in (".git", "secret.ignored")
    } | {".git": copy[".git"][2]}  # type: ignore[index]
    assert (picture(folder), index_of(folder)) == (before, index)

    shop.call("undo")  # of the fork: it goes to the trash, the parent stays
    assert shop.view(child["spec"]["id"])["spec"]["place"] == "trash"
    assert (shop.view(parent)["process"], picture(folder)) == ("running", before)


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["echo", "fix a"], ["echo", "do b"]),
        (["agent", "--task=fix a", "-a"], ["agent", "--task=do b", "-a"]),
        (["/bin/sh", "-c", "agent 'fix a' | cat"], ["/bin/sh", "-c", "agent 'do b' | cat"]),
        (["cat", "prefix a.txt"], ["cat", "prefix a.txt"]),
    ],
)
def test_a_fork_with_another_task_changes_only_the_task(argv: list[str], expected: list[str]) -> None:
    from steer.runtime.intervention.fork import with_task

    assert with_task(tuple(argv), "fix a", "do b") == tuple(expected)


def test_a_respawn_is_a_new_generation_with_a_new_recording(shop: Place) -> None:
    s = shop.start(["echo", "first life"])
    first = shop.wait(s, "ended", lambda v: v["process"] == "exited")
    shop.call("respawn", session=s)
    second = shop.wait(s, "ended again", lambda v: v["process"] == "exited" and v["spec"]["generation"] == 2)
    assert first["recording"] != second["recording"]
    assert all("first life" in Path(v["recording"]).read_text() for v in (first, second))
    with pytest.raises(UserError, match="still running"):
        shop.call("respawn", session=shop.start(["sleep", "1000"], name="b"))


def test_pause_stops_the_whole_tree_and_continue_lets_it_go_on(shop: Place) -> None:
    s = shop.start(shop.script("counter", COUNTER))
    shop.shows(s, "tick 3")
    agent = next(p for p in shop.processes() if b"counter.py" in Path(f"/proc/{p}/cmdline").read_bytes())

    def state() -> str:
        return Path(f"/proc/{agent}/stat").read_text().rpartition(")")[2].split()[0]

    shop.call("pause", session=s)
    assert (state(), shop.view(s)["is_paused"]) == ("T", True)
    seen = shop.lines(s)[-5:]
    assert shop.lines(s)[-5:] == seen
    shop.call("undo")
    assert shop.view(s)["is_paused"] is False
    until("it runs again", lambda: state() != "T")
    shop.call("pause", session=s)
    shop.call("continue", session=s)
    assert shop.view(s)["is_paused"] is False

    # Undo walks back over what is left: continue, pause, start.
    assert [shop.call("undo")["summary"] for _ in range(2)] == ["undid: continue a", "undid: pause a"]
    assert "was killed" in shop.call("undo")["summary"]
    assert shop.view(s)["spec"]["place"] == "trash"


def test_undo_is_not_stuck_at_what_cannot_be_undone_any_more(shop: Place) -> None:
    s = shop.start(["sleep", "1000"])
    shop.call("pause", session=s)
    shop.call("kill", session=s)
    shop.call("undo")  # the kill; its processes do not come back, so there is nothing left to continue
    assert "was killed" in shop.call("undo")["summary"]


# -- words -----------------------------------------------------------------------------------------------


def test_interrupt_broadcast_and_keys_arrive_as_bytes(shop: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions, logs = [], []
    for name in ("a", "b"):
        log = shop.root / f"stdin-{name}"
        monkeypatch.setenv("STDIN_LOG", str(log))
        sessions.append(shop.start(shop.script("echo", ECHO), name=name))
        logs.append(log)
        shop.shows(sessions[-1], "ready")
    done = shop.call("broadcast", sessions=[*sessions, "s99999999"], text="to all\nof you")
    assert [r["delivery"] for r in done["results"].values()] == ["unverified", "unverified", "not delivered"]
    assert shop.call("interrupt", session=sessions[0])["delivery"] == "unverified"
    shop.call("send_keys", session=sessions[0], keys=["y", "shift+tab", "ctrl+d", "escape"])
    paste = b"\x1b[200~to all\nof you\x1b[201~\r"
    until("a has all", lambda: logs[0].read_bytes() == paste + b"\x03y\x1b[Z\x04\x1b")
    until("b has the text", lambda: logs[1].read_bytes() == paste)
    with pytest.raises(UserError, match="no key"):
        shop.call("send_keys", session=sessions[0], keys=["nonsense"])


def test_names_log_search_and_text(shop: Place) -> None:
    s = shop.start(["/bin/sh", "-c", "seq -f 'line %g Ende' 1 100; sleep 1000"], name="old")
    shop.shows(s, "line 100 Ende")
    shop.call("rename", session="old", name="New Name!")
    assert shop.view(s)["spec"]["name"] == "new-name"
    other = shop.start(["sleep", "1000"], name="new-name")
    assert shop.view(other)["spec"]["name"] == "new-name-2"
    found = shop.call("search", session=s, query="line 42 e")["matches"]
    assert found == [[41, 0, 9]]
    assert shop.call("search", session=s, query="line 42 E")["matches"] == [[41, 0, 9]]
    assert shop.call("search", session=s, query="LINE 42")["matches"] == []
    assert shop.call("text", session=s, start=[41, 5], end=[42, 6])["text"] == "42 Ende\nline 43"
    kinds = [(o["kind"], o["state"]) for o in shop.operations()]
    assert kinds == [("start", "done"), ("rename", "done"), ("start", "done")]
    with pytest.raises(UserError) as e:
        shop.call("view_of", session="nobody")
    with pytest.raises(UserError) as e:
        shop.call("kill", session="nobody")
    assert "new-name, new-name-2" in e.value.hint


def test_many_starts_of_the_same_name_at_once(shop: Place) -> None:
    shop.supervisor()
    command = [sys.executable, "-m", "steer", "run", "same", "-a", "sleep 1000"]
    started = [
        subprocess.Popen(command, cwd=shop.repo, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(5)
    ]
    said = [p.communicate(timeout=60)[0] for p in started]
    assert [p.returncode for p in started] == [0] * 5, said
    specs = [v["spec"] for v in shop.views()]
    for key in ("name", "worktree", "branch"):
        assert len({s[key] for s in specs}) == 5


def test_gc_plans_and_refuses_what_is_alive(shop: Place) -> None:
    live, dead = shop.start(["sleep", "1000"], name="live"), shop.start(["sleep", "1000"], name="dead")
    (shop.worktree(dead) / "work.txt").write_text("not committed anywhere\n")
    place = shop.worktree(live)
    shop.call("kill", session=dead)
    items = shop.call("gc_plan")["items"]
    assert items and not any(i["is_safe"] for i in items)
    with pytest.raises(SteerError, match="nothing was removed"):
        shop.call("gc", paths=[str(place)])
    with pytest.raises(SteerError, match="nothing was removed"):
        shop.call("gc", paths=[items[0]["path"]])
    assert place.is_dir()
    shop.call("undo")
    assert (shop.worktree(dead) / "work.txt").exists()


def test_a_check_runs_on_what_was_saved_not_in_the_worktree(shop: Place) -> None:
    s = shop.start(["sleep", "1000"], check="test -f wanted && touch made-by-check")
    (shop.worktree(s) / "other").touch()
    shop.wait(s, "failed", lambda v: v["check"]["state"] == "failed")
    (shop.worktree(s) / "wanted").touch()
    shop.wait(s, "passed", lambda v: v["check"]["state"] == "passed")
    assert not (shop.worktree(s) / "made-by-check").exists()
