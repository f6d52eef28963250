"""R7: programs planted behind git's configuration, hooks, filters and PATH, and whether a call of steer runs one.

The calls are every function of steer's that works in or about a worktree, one after another, and once more the
same by a real fleet. Beside it plain git commands in the same worktree, each of them with what was changed before it.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from steer.errors import SteerError
from tests.e2e.place import Place
from tests.faults.goals import ground
from tests.faults.goals.measure import Outcome, Size, Tally, tool
from tests.unit.adapters.git.trap import ATTRIBUTES, Trap, every_call, plant_everywhere
from tests.unit.adapters.git.world import World, make_world

COMMANDS = (
    "status", "status --porcelain", "diff", "diff --cached", "diff HEAD~1", "diff --stat", "add -A",
    "commit -m x", "stash", "stash pop", "checkout -f", "checkout -b other", "reset --hard", "restore .",
    "switch main2", "merge main2", "rebase main2", "cherry-pick main2", "log -p", "show", "grep x",
    "archive HEAD -o ../archive.tar", "ls-files -m", "blame a.txt", "fetch", "pull", "push", "gc --auto",
    "worktree add ../other main2", "clean -nd", "submodule update", "format-patch -1",
    "describe --dirty --always", "rev-parse HEAD", "apply --check ../none", "read-tree -m -u HEAD",
    "write-tree", "checkout-index -f -a", "bundle create ../b main2", "tag -m x v1", "notes add -m x",
    "bisect start",
)  # fmt: skip
# What people set who know of the danger: every key by name that can be set by name.
HARDENED = (
    "core.fsmonitor=false", "core.hooksPath=/dev/null", "core.pager=cat", "core.editor=true", "core.sshCommand=false",
    "core.askPass=false", "core.gitProxy=", "core.alternateRefsCommand=true", "core.attributesFile=/dev/null",
    "diff.external=", "interactive.diffFilter=", "credential.helper=", "gpg.program=false", "gpg.ssh.program=false",
    "commit.gpgSign=false", "tag.gpgSign=false", "sequence.editor=true", "uploadpack.packObjectsHook=",
    "gc.recentObjectsHook=true", "protocol.ext.allow=never", "submodule.recurse=false",
)  # fmt: skip


def measure(size: Size, folder: Path) -> Outcome:
    calls, served, planted = Tally(), Tally(), 0
    with ground.own_home(folder):
        for n in range(size.tries(1, 5)):
            world, trap = _trapped(folder / f"steer{n}")
            planted = trap.count
            for call in every_call(world):
                calls.add(call if trap.sprung() else "")
                trap.reset()
        beside = {
            f"{tool('git')}, plain": _plain(folder / "plain", ()),
            f"{tool('git')}, hardened by -c": _plain(folder / "hard", HARDENED),
        }
    for _ in range(size.tries(1, 5)):
        for call in _by_a_fleet():
            served.add(call)
    said = f"{calls} calls ran a planted program, {served} calls of a fleet; {planted} programs in each repository"
    return Outcome(said, calls.wrong == 0 and served.wrong == 0 and served.tries > 0, beside)


def _trapped(root: Path) -> tuple[World, Trap]:
    root.mkdir()
    world, trap = make_world(root), Trap(root)
    plant_everywhere(world, trap)
    trap.reset()  # preparing took plain git
    return world, trap


def _by_a_fleet() -> Iterator[str]:
    """Each call's name where it ran something, else ""."""
    with ground.fleet() as place:
        trap = Trap(place.root)
        trap.plant(place.common_dir)
        (place.repo / ".gitattributes").write_text(ATTRIBUTES)
        for call in _work(place):
            ran = trap.sprung()
            trap.reset()
            yield f"{call}: {ran[0]}" if ran else ""
        _run(["git", "status"], place.repo)
        if not trap.sprung():
            raise ground.Failed("the trap does not work: plain git status ran nothing")


def _work(place: Place) -> Iterator[str]:
    session = place.start(place.script("waits", "import signal; signal.pause()"))
    yield "start"
    worktree = place.worktree(session)
    for name in ("a.txt", "fresh.txt", ".gitattributes"):
        (worktree / name).write_text(ATTRIBUTES)
    for call in ("diff", "plan_fork", "explain", "checkpoints"):
        place.call(call, session=session)
        yield call
    fork = place.call("fork", session=session, name="b")["session"]
    yield "fork"
    place.call("compare", session=session, other=fork)
    yield "compare"
    place.call("check_repo", accept=False)
    yield "check_repo"
    place.call("kill", session=session)
    yield "kill"
    place.call("undo")
    yield "undo"
    place.call("kill", session=fork)
    yield "kill"
    items = place.call("gc_plan")["items"]
    yield "gc_plan"
    try:
        place.call("gc", paths=[item["path"] for item in items])
    except SteerError:  # it may find that none of them is safe to remove
        pass
    yield "gc"


def _plain(root: Path, settings: tuple[str, ...]) -> str:
    world, trap = _trapped(root)
    tally, place = Tally(), world.place("a")
    options = [word for setting in settings for word in ("-c", setting)]
    _run(["git", *options, "branch", "main2"], place)
    for number, command in enumerate(COMMANDS):
        (place / "a.txt").write_text(f"changed {number}\n")
        (place / "touched.txt").write_text(f"{number}")
        trap.reset()
        _run(["git", *options, *command.split()], place)
        tally.add(command if trap.sprung() else "")
    return f"{tally.wrong} of {tally.tries} commands ran a planted program (first: {tally.first or 'none'})"


def _run(argv: list[str], place: Path) -> None:
    """What it says does not matter; some of them fail here, and one that waits for the trap is ended."""
    env = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    none = subprocess.DEVNULL
    process = subprocess.Popen(
        argv, cwd=place, env=env, start_new_session=True, stdin=none, stdout=none, stderr=none
    )
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
