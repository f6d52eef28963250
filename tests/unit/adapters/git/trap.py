"""Everything an agent can plant so that git runs it, and every function of the package that could make it run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from steer.adapters.git.draft import recover
from steer.adapters.git.fork import plan_fork
from steer.adapters.git.gc import gc_apply, gc_plan
from steer.adapters.git.repository import checked_link, discover, resolve_base
from steer.adapters.git.tripwire import tripwire
from tests.unit.adapters.git.world import AT, World, git, make_world

HOOKS = (
    "pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "post-checkout", "post-merge",
    "pre-auto-gc",
    "post-index-change", "reference-transaction", "post-rewrite", "pre-rebase", "applypatch-msg", "pre-push",
    "fsmonitor-watchman", "sendemail-validate", "push-to-checkout", "update", "pre-receive", "post-receive",
)  # fmt: skip

CONFIG = """
[core]
    fsmonitor = {run}
    pager = {run}
    editor = {run}
    sshCommand = {run}
    askPass = {run}
    gitProxy = {run}
    alternateRefsCommand = {run}
    hooksPath = {hooks}
    attributesFile = {attributes}
    untrackedCache = true
[filter "evil"]
    clean = {run}
    smudge = {run}
    process = {run}
    required = true
[filter "evilsmudge"]
    clean = {run}
    smudge = {run}
[diff]
    external = {run}
[diff "evil"]
    command = {run}
    textconv = {run}
[merge "evil"]
    driver = {run}
[interactive]
    diffFilter = {run}
[credential]
    helper = !{run}
[gpg]
    program = {run}
[gpg "ssh"]
    program = {run}
    defaultKeyCommand = {run}
[commit]
    gpgSign = true
[tag]
    gpgSign = true
[alias]
    ls-files = !{run}
    diff-files = !{run}
    read-tree = !{run}
    update-index = !{run}
[sequence]
    editor = {run}
[uploadpack]
    packObjectsHook = {run}
[remote "origin"]
    url = ext::{run}
    uploadpack = {run}
    promisor = true
    partialclonefilter = blob:none
[branch "main"]
    remote = origin
    merge = refs/heads/main
[submodule]
    recurse = true
[submodule "sub"]
    update = !{run}
    url = ext::{run}
    active = true
[trailer "x"]
    cmd = {run}
    command = {run}
[init]
    templateDir = {hooks}
[maintenance]
    auto = true
[gc]
    auto = 1
    recentObjectsHook = {run}
[includeIf "gitdir:/**"]
    path = {included}
[protocol]
    allow = always
[extensions]
    worktreeConfig = true
"""

ATTRIBUTES = "* filter=evil diff=evil merge=evil text=auto\n*.txt filter=evilsmudge ident\n"


class Trap:
    """Plants programs that leave a mark in `marks` when they run."""

    def __init__(self, root: Path) -> None:
        self.marks = root / "marks"
        self.marks.mkdir()
        self.program = root / "evil"
        self.program.write_text(f'#!/bin/sh\necho "$0 $*" >> "{self.marks}/$$"\ncat\n')
        self.program.chmod(0o755)
        self.hooks = root / "evil hooks"
        self._plant_hooks(self.hooks)
        self.root = root

    def _plant_hooks(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        for name in HOOKS:
            (folder / name).unlink(missing_ok=True)
            (folder / name).symlink_to(self.program)

    def plant(self, git_dir: Path) -> None:
        (self.root / "included").write_text(f"[core]\n fsmonitor = {self.program}\n")
        (self.root / "attributes").write_text(ATTRIBUTES)
        words = {
            "run": self.program,
            "hooks": self.hooks,
            "attributes": self.root / "attributes",
            "included": self.root / "included",
        }
        with (git_dir / "config").open("a") as f:
            f.write(CONFIG.format(**words))
        (git_dir / "config.worktree").write_text(f"[core]\n fsmonitor = {self.program}\n")
        self._plant_hooks(git_dir / "hooks")
        (git_dir / "info").mkdir(exist_ok=True)
        (git_dir / "info/attributes").write_text(ATTRIBUTES)

    def sprung(self) -> list[str]:
        return [p.read_text() for p in self.marks.iterdir()]

    def reset(self) -> None:
        for mark in self.marks.iterdir():
            mark.unlink(missing_ok=True)

    @property
    def count(self) -> int:
        """Programs that are planted in one repository: behind keys of its configuration, and hooks."""
        return CONFIG.count("{run}") + len(HOOKS) + 2  # `included` and `config.worktree` name one each


def plant_everywhere(world: World, trap: Trap) -> None:
    """In the main repository, a worktree, a nested repository, a submodule and the worktree's own PATH."""
    library = make_world(world.root, "library", {"lib.txt": "lib\n"})
    git(world.main, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library.main), "sub")
    git(world.main, "commit", "-qm", "submodule")
    world.add("a")
    folder = world.place("a")
    nested = folder / "nested"
    nested.mkdir()
    git(nested, "init", "-q")
    (nested / "file").write_text("x")
    git(nested, "add", "-A")
    git(nested, "commit", "-qm", "x")
    git(folder, "add", "nested", ok=(0, 1))
    git(folder, "commit", "-qm", "with a nested repository")
    for git_dir in (
        nested / ".git",
        folder / "sub/.git",
        world.main / ".git/modules/sub",
        world.main / ".git",
    ):
        trap.plant(git_dir)
    for place in (folder, nested, folder / "sub", world.main):
        (place / ".gitattributes").write_text(ATTRIBUTES)
        (place / "touched.txt").write_text("x $Id$\r\n")
    for name in ("git", "sh", "cat", "git-status", "git-ls-files"):
        (folder / name).symlink_to(trap.program)
    (world.main / ".git/worktrees/a/config.worktree").write_text(f"[core]\n fsmonitor = {trap.program}\n")


def every_call(world: World) -> Iterator[str]:
    """Call every function of the package in and about worktree "a", and say after each what it was."""
    folder = world.place("a")
    info, shadow = discover(folder), world.shadow()
    yield "discover"
    resolve_base(info, "main")
    yield "resolve_base"
    checked_link(info, folder)
    yield "checked_link"
    tripwire(info.common_dir)
    yield "tripwire"
    world.add("b")
    yield "add_worktree"
    plan_fork(info, folder, world.state)
    yield "plan_fork"
    world.fork(folder, "c")
    yield "fork_worktree"
    base = discover(folder).head_commit
    assert base is not None
    for n in range(3):
        (folder / "more.txt").write_text(f"{n}\n")
        (folder / "nested/file").write_text(f"{n}")  # same sizes as before: git has to compare contents
        (folder / "sub/lib.txt").write_text(f"{n}ib\n")
        point = shadow.checkpoint(folder, "s1", base, "m", AT)
        yield "checkpoint"
        shadow.checkpoint_paths(folder, "s1", base, [b"more.txt", b"fresh.txt"], "m", AT)
        yield "checkpoint_paths"
    shadow.diff(base, point.id)
    yield "diff"
    shadow.restore(point.id, world.root / "restored")
    yield "restore"
    shadow.materialize(point.id, world.root / "scratch")
    yield "materialize"
    shadow.materialize(base, world.root / "scratch")
    yield "materialize again"
    shadow.compact()
    yield "compact"
    record = world.kill("a", point.id)
    yield "trash_worktree"
    world.undo(record)
    yield "restore_worktree"
    world.kill("a", point.id)
    yield "trash_worktree again"
    items = gc_plan(info, world.trash, world.root / "worktrees", [], AT * 2, shadow.has)
    yield "gc_plan"
    gc_apply(info, world.trash, items, world.state)
    yield "gc_apply"
    recover(world.state)
    yield "recover"
