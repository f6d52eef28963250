"""The command line from outside: every verb as its own process, what it says, and how it ends."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pygit2
import pytest

from tests.e2e.place import Done, Place, make_repository, until

VERBS = (
    "run", "send", "wait", "fork", "kill", "respawn", "interrupt", "pause", "continue", "undo", "rename",
    "approve", "check-repo", "compare", "detect", "flags", "restart",
    "ls", "read", "diff", "log", "explain", "replay", "export",
    "demo", "gc", "down", "doctor", "config", "keys", "completion",
)  # fmt: skip
# C0 but newline, DEL, C1 as UTF-8 or raw, bidi and zero-width characters: nothing that acts on a terminal.
_RAW_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
HOSTILE = "x\x1b]52;c;cHduZWQ=\x07\x1b[31m\r\u202eevil\u200b\x9b2J\ttab\nline"


def assert_harmless(done: Done) -> None:
    text = done.raw.decode("utf-8")  # and it is UTF-8
    assert not _RAW_CONTROL.search(text), repr(text)
    assert "Traceback" not in text


def assert_fails(done: Done, status: int, *words: str) -> None:
    """One sentence on stderr, perhaps a hint, nothing on stdout."""
    assert (done.status, done.out) == (status, ""), done
    assert done.err.startswith("steer: ") and len(done.err.splitlines()) <= 2, done.err
    for word in words:
        assert word in done.err
    assert_harmless(done)


def value(done: Done) -> Any:
    assert done.status == 0, done
    return json.loads(done.out)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(tmp_path: Path, verb: str) -> None:
    done = Place(tmp_path).run(verb, "--help", cwd=tmp_path)
    assert (done.status, done.err) == (0, "")
    assert f"usage: steer {verb}" in done.out and len(done.out.splitlines()) > 4
    words = done.out.split("\n\n")[1]  # after the usage: what it does
    assert len(words.split()) > 4 and not words.startswith(("options:", "positional")), words


def test_the_list_of_verbs_is_whole(place: Place) -> None:
    listed = re.findall(r"^    ([a-z-]+)(?: |$)", place.run("--help").out, re.M)
    assert set(listed) == set(VERBS)


# -- a working day on the command line -------------------------------------------------------------------


def test_a_session_from_run_to_undo(place: Place) -> None:
    made = value(place.run("run", "say hello", "-a", "cat -u", "--name", "one", "--check", "true", "--json"))
    assert len(made["sessions"]) == 1 and made["notes"] == []
    done = place.run("run", "-a", "sh -c 'echo task: $STEER_TASK; exit 3'", "two words", "-n", "2")
    assert (done.status, len(done.out.splitlines())) == (0, 2)
    waited = place.run("wait", "two-words", "two-words-2", "--timeout", "60", "--json")
    assert value(waited) == {"waiting": []}

    sent = value(place.run("send", "one", "how are", "you?", "--json"))
    assert sent["delivery"] == "unverified"
    assert place.run("send", "one", "-", input=b"from stdin").status == 0
    assert place.run("send", "one", "-k", "y", "enter").status == 0
    assert place.run("send", "one", "--no-enter", "half a line").status == 0
    place.shows("one", "half a line")
    place.shows("one", "from stdin")
    place.shows("one", "y")
    assert "how are you?" in place.run("read", "one").out
    assert value(place.run("read", "one", "--all", "--json"))["lines"]
    assert "task: two words" in place.run("read", "two-words").out

    (place.worktree("one") / "new.txt").write_text("a line\n")
    assert place.run("diff", "one", "--stat").out == "A new.txt +1 -0\n"
    assert "+a line" in place.run("diff", "one").out
    assert [f["path"] for f in value(place.run("diff", "one", "--json"))["files"]] == ["new.txt"]
    rows = {line.split()[0]: line for line in place.run("ls").out.splitlines()}
    assert "failed" in rows["two-words"] and "cat" in rows["one"]

    assert place.run("pause", "one").status == 0
    assert "paused" in place.run("explain", "one").out
    assert place.run("continue", "one").status == 0
    assert place.run("rename", "one", "uno").out == "one is now uno\n"
    assert value(place.run("fork", "uno", "--plan", "--json"))["name"] == "uno-fork"
    assert place.run("fork", "uno", "--name", "kid").out.startswith("kid ")
    assert (place.worktree("kid") / "new.txt").exists()
    assert place.run("interrupt", "kid").status == 0
    place.wait("kid", "ended", lambda v: v["process"] in ("exited", "failed"))
    assert place.run("respawn", "kid").status == 0

    assert place.run("kill", "uno").status == 0
    assert "uno" not in place.run("ls").out and "in the trash" in place.run("ls", "--all").out
    assert "is back as it was" in place.run("undo").out
    log = value(place.run("log", "--json"))["operations"]
    assert [o["kind"] for o in log[-2:]] == ["kill", "undo"]
    assert (
        "undo: kill uno" in place.run("log", "-n", "1").out
        or "uno is back" in place.run("log", "-n", "1").out
    )
    assert value(place.run("gc", "--json"))["items"] is not None
    assert place.run("gc", "--apply").status == 0  # nothing is safe to remove, so nothing is asked


def test_wait_ends_when_it_is_so_and_gives_up_when_it_is_told_to(place: Place) -> None:
    place.start(["sleep", "1000"], name="slow", check="true")
    done = place.run("wait", "slow", "--timeout", "0.3")
    assert (done.status, done.out) == (1, "still waiting for slow\n")
    (place.worktree("slow") / "f").touch()
    assert place.run("wait", "--for", "passed", "--timeout", "60").status == 0
    report = ["printf '\\033]7501;state=blocked\\033\\\\'; sleep 1000"]
    place.start(["/bin/sh", "-c", *report], name="asks")
    for what in ("asking", "attention"):
        assert place.run("wait", "asks", "--for", what, "--timeout", "60").status == 0
    assert place.run("wait", "asks", "--for", "idle", "--timeout", "0.3", "--json").status == 1
    assert_fails(place.run("wait", "nobody", "--timeout", "9"), 2, "nobody")


def test_ls_starts_nothing(place: Place) -> None:
    assert "no sessions here" in place.run("ls").out
    assert place.processes() == []
    place.start(["sleep", "1000"], name="one")
    place.kill_supervisor()
    done = place.run("ls")
    assert "one   unknown" in done.out and "no supervisor runs" in done.out
    assert len(place.processes()) == 2  # keeper and agent


# -- what goes wrong -------------------------------------------------------------------------------------


def test_errors_are_sentences_with_a_status_by_kind(place: Place) -> None:
    place.start(["sleep", "1000"], name="one")
    place.start(["sleep", "1000"], name="two")
    assert_fails(place.run("kill", "nobody"), 2, "'nobody'", "one, two")
    assert_fails(place.run("run", "t", "-a", "no-such-program"), 2, "no-such-program", "not on PATH")
    assert_fails(place.run("run", "t", "-a", "/no/such/program"), 5, "/no/such/program")
    assert_fails(place.run("run", "t"), 2, "no agent")
    assert_fails(place.run("run", "t", "-a", "true", "-n", "101"), 2, "101")
    assert_fails(place.run("run", "t", "-a", "true", "--base", "no-such"), 2, "no-such")
    assert_fails(place.run("respawn", "one"), 2, "still running")
    assert_fails(place.run("send", "one", "-k", "no-such-key"), 2, "no-such-key")
    assert_fails(place.run(), 4, "terminal")
    assert_fails(place.run("demo"), 4, "terminal")
    assert place.run("no-such-verb").status == 2
    answer = place.run("kill", "nobody", "--json")
    assert answer.status == 2 and json.loads(answer.out)["error"]["kind"] == "user"
    assert [v["spec"]["name"] for v in place.views()] == ["one", "two"]
    branches = list(pygit2.Repository(str(place.repo)).branches.local)
    assert sorted(branches) == ["main", "steer/one", "steer/two"]


def test_configuration_errors_name_the_key(place: Place) -> None:
    own = place.root / "c" / "steer"
    own.mkdir()
    (own / "config.toml").write_text("[ui]\nthem = 'dark'\n")
    for verb in (["ls"], ["config"], ["run", "t", "-a", "true"]):
        assert_fails(place.run(*verb), 3, "ui.them", "ui.theme")
    (own / "config.toml").write_text("[ui\n")
    assert_fails(place.run("ls"), 3, "not TOML")
    (own / "config.toml").write_text("")
    (place.repo / ".steer").mkdir()
    (place.repo / ".steer/config.toml").write_text("[stop]\ngrace_s = 0\n")
    assert_fails(place.run("run", "t", "-a", "true"), 3, "[stop]", "only your own")


def test_places_that_are_no_repository_say_so(place: Place) -> None:
    outside = place.root / "outside"
    outside.mkdir()
    assert_fails(place.run("ls", cwd=outside), 2, "not in a git repository")
    bare = pygit2.init_repository(str(place.root / "bare.git"), bare=True)
    assert_fails(place.run("run", "t", "-a", "true", cwd=bare.path), 2, "bare")
    gone = place.root / "gone"
    gone.mkdir()
    command = f"cd {gone} && rmdir {gone} && exec {sys.executable} -m steer ls"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, check=False)
    assert done.returncode == 4 and b"does not exist any more" in done.stderr


@pytest.mark.parametrize("state", ["unborn", "detached", "merging", "shallow"])
def test_odd_repositories_work_or_say_why_not(place: Place, state: str) -> None:
    repository = pygit2.Repository(str(place.repo))
    first = repository.head.target
    if state == "unborn":
        repository.set_head("refs/heads/fresh")
        assert_fails(place.run("run", "t", "-a", "true"), 2, "commit")
        return
    if state == "detached":
        repository.set_head(first)
    elif state == "merging":
        (place.common_dir / "MERGE_HEAD").write_text(f"{first}\n")
        (place.repo / "a.txt").write_text("half merged\n")
    else:
        (place.common_dir / "shallow").write_text(f"{first}\n")
    done = place.run("run", "t", "-a", "sleep 1000", "--name", "one")
    assert done.status == 0, done
    assert (place.worktree("one") / "a.txt").read_text() == "one\n"
    assert place.run("kill", "one").status == 0
    assert place.run("undo").status == 0
    assert (place.worktree("one") / "a.txt").read_text() == "one\n"


def test_it_works_from_a_folder_below_and_from_a_sessions_worktree(place: Place) -> None:
    place.start(["sleep", "1000"], name="one")
    for folder in (place.repo / "dir", place.worktree("one"), place.worktree("one") / "dir"):
        assert "one" in place.run("ls", cwd=folder).out


# -- hostile names ---------------------------------------------------------------------------------------


def test_no_name_reaches_the_terminal_raw(place: Place) -> None:
    repository = pygit2.Repository(str(place.repo))
    base = "bad\u202ename\u009b"
    repository.branches.local.create(base, repository[repository.head.target])
    agent = "sh -c 'printf \"\\033[31mred\\033]0;title\\007\\n\"; sleep 1000' \x1b[7m"
    raw = os.fsencode("raw \udcff\udc9b2J")
    done = place.run(
        "run", HOSTILE, "-a", agent, "--base", base, "--scope", HOSTILE, "--check", f"true {HOSTILE}"
    )
    assert done.status == 0, done
    assert_harmless(done)
    assert place.run("run", os.fsdecode(raw), "-a", "sleep 1000", "--name", "raw").status == 0
    name = place.views()[0]["spec"]["name"]
    tree = place.worktree(name)
    (tree / HOSTILE.replace("/", "")).write_text(HOSTILE)
    (tree / os.fsdecode(raw)).write_bytes(raw + b"\n")
    place.shows(name, "red")
    for args in (
        ["ls"], ["ls", "--all"], ["diff", name], ["diff", name, "--stat"], ["read", name], ["log"], ["explain", name],
        ["fork", name, "--plan"], ["kill", HOSTILE], ["send", name, HOSTILE, "--no-enter"], ["gc"],
        ["rename", name, HOSTILE], ["log"], ["run", "t", "-a", f"no-such{HOSTILE.split()[0]}"], ["config"],
        ["run", "t", "-a", "true", "--base", HOSTILE], ["wait", HOSTILE], ["send", "raw", "-k", HOSTILE],
    ):  # fmt: skip
        assert_harmless(place.run(*args))
        assert_harmless(place.run(*args, "--json"))


# -- consent, setup, disk --------------------------------------------------------------------------------


def configure(place: Place, text: str) -> None:
    (place.repo / ".steer").mkdir(exist_ok=True)
    (place.repo / ".steer/config.toml").write_text(text)


def test_a_repositorys_commands_run_only_after_consent_to_exactly_them(place: Place) -> None:
    configure(
        place,
        "[setup]\ncommand = 'echo $STEER_NAME >setup-was-here'\n[fleet]\ntask = 'go'\nagents = ['sleep 1000']\nn = 2\n",
    )
    refused = place.run("run")
    assert_fails(refused, 3, "setup.command", "steer config trust")
    assert place.views() == []
    trusted = value(place.run("config", "trust", "--json"))["trusted"]
    assert set(trusted) == {"setup.command", "fleet.agents"}
    assert len(value(place.run("run", "--json"))["sessions"]) == 2
    for v in place.views():
        assert (Path(v["spec"]["worktree"]) / "setup-was-here").read_text() == v["spec"]["name"] + "\n"
    configure(place, "[setup]\ncommand = 'echo other'\n")
    assert_fails(place.run("run", "t", "-a", "true"), 3, "echo other")


def traces(place: Place) -> list[str]:
    """Branches, folders and sessions that a start leaves."""
    found = [v["spec"]["name"] for v in place.views()] + [p.name for p in place.paths.worktrees.glob("*")]
    found += [p.name for p in place.common_dir.glob("worktrees/*")]
    return found + [b for b in pygit2.Repository(str(place.repo)).branches.local if b != "main"]


@pytest.mark.parametrize(
    ("setup", "words"),
    [
        ("command = 'touch made; sleep 1000 & exit 7'", "status 7"),
        ("command = 'echo before; sleep 1000'\ntimeout_s = 0.5", "did not end within"),
    ],
)
def test_a_setup_that_fails_leaves_nothing_running_and_nothing_listed(
    place: Place, setup: str, words: str
) -> None:
    configure(place, f"[setup]\n{setup}\n")
    assert place.run("config", "trust").status == 0
    failed = place.run("run", "t", "-a", "sleep 1000")
    assert_fails(failed, 4, words, "setup.log")
    assert traces(place) == []
    assert place.processes() == [place.supervisor()]
    assert place.operations("start")[-1]["state"] == "failed"
    place.kill_supervisor()
    assert traces(place) == []


def test_a_full_disk_is_said_and_loses_nothing(place: Place) -> None:
    """The state folder on a file system of its own that is full."""
    place.start(["sleep", "1000"], name="before")
    work = place.worktree("before") / "work"
    work.write_text("mine\n")
    place.call("shut_down")
    until("all have ended", lambda: not place.processes())
    state, kept = place.root / "s", place.root / "s.kept"
    state.rename(kept)
    state.mkdir(mode=0o700)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "none", str(state)], check=False
    )
    try:
        if mounted.returncode != 0:
            pytest.skip("mounting a small file system needs root")
        subprocess.run(["cp", "-a", f"{kept}/.", str(state)], check=True)
        place.supervisor()
        with (state / "ballast").open("wb", buffering=0) as f, pytest.raises(OSError):
            while True:
                f.write(b"x" * 4096)
        for args in (["run", "t", "-a", "sleep 1000"], ["respawn", "before"], ["kill", "before"]):
            assert_fails(place.run(*args), 4)
        assert place.run("ls").status == 0
        assert work.read_text() == "mine\n"
        (state / "ballast").unlink()
        assert place.run("kill", "before").status == 0
        assert place.run("undo").status == 0
        assert work.read_text() == "mine\n"
        place.call("shut_down")
        until("all have ended", lambda: not place.processes())
    finally:
        if mounted.returncode == 0:
            place.end_everything()
            subprocess.run(["umount", "-l", str(state)], check=True)


def test_two_repositories_have_two_fleets(place: Place) -> None:
    other = Place(place.root)
    other.repo = place.root / "other" / "shop"
    make_repository(other.repo, {"b.txt": "b\n"})
    place.start(["sleep", "1000"], name="here")
    other.start(["sleep", "1000"], name="there")
    assert [v["spec"]["name"] for v in place.views()] == ["here"]
    assert [v["spec"]["name"] for v in other.views()] == ["there"]
    assert place.supervisor() != other.supervisor()
    other.call("shut_down")


def test_agents_are_ended_though_a_configuration_file_is_broken(place: Place) -> None:
    session = place.start(["/bin/sh", "-c", "while :; do sleep 1; done"])
    folder = place.root / "c" / "steer" / "agents"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text("<<<<<<< not TOML")
    with place.client() as client:
        (folder.parent / "config.toml").write_text("[stop\n")
        client.call("kill", session=session)
        client.call("undo")
        (folder.parent / "config.toml").unlink()
    assert place.run("respawn", session).status == 0
    another = place.run("run", "x", "-a", "/bin/sh")
    assert another.status != 0 and "mine.toml" in another.err, "who starts something hears what is wrong"
    done = place.run("down")
    assert done.status == 0 and "has ended" in done.out
