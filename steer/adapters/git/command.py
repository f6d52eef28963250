"""Runs the git program in the only way that cannot run an agent's code.

`GIT_DIR` is always a bare repository that steer made itself; configuration, attributes and hooks are read
from there alone. Of the agent's places git sees only what it is explicitly given: a work tree to read, a
copy of an index, an object folder. With neither filters nor hooks nor fsmonitor configured in `GIT_DIR`,
what the agent writes into its own `.git/config` or `.gitattributes` names programs that do not exist here.

One trap is left to the callers: some commands (`add`, plain `diff-files`, `status`) start `git status`
*inside* nested repositories, with the configuration found there. They are never used, or get
`--ignore-submodules`.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pygit2

from steer.errors import EnvironmentFault

Cancelled = Callable[[], bool]
Progress = Callable[[int, int], None]

# Byte-exact: no conversion, whatever the repository's own .gitattributes say (info/attributes wins).
EXACT_ATTRIBUTES = b"* -text -crlf -eol -ident -filter -working-tree-encoding -merge\n"

_CONFIG = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.autocrlf": "false",
    "core.safecrlf": "false",
    "core.attributesFile": "/dev/null",
    "core.protectNTFS": "false",  # keep every name the file system has
    "core.protectHFS": "false",
    # A checkpoint is noted durably, and so must be what it is made of: unsynced objects were empty after a power cut.
    "core.fsync": "loose-object,pack,pack-metadata,index,reference",
    "core.fsyncMethod": "batch",
    "core.looseCompression": "1",
    "pack.compression": "1",
    "core.untrackedCache": "false",
    "index.version": "2",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "submodule.recurse": "false",
    "protocol.allow": "never",
    "advice.addEmbeddedRepo": "false",
}

pygit2.settings.enable_fsync_gitdir(True)  # libgit2's share of it


class GitFailed(EnvironmentFault):
    """The git program said no. `stderr` holds its words."""

    def __init__(self, command: str, status: int, stderr: bytes) -> None:
        self.stderr = stderr
        words = stderr.decode("utf-8", "replace").strip().splitlines()
        last = words[-1] if words else f"exit status {status}"
        super().__init__(
            f"git {command} failed: {last}", "see `steer doctor` for the state of the disk and of git"
        )


@dataclass(frozen=True, slots=True)
class Place:
    """What one git command may see."""

    git_dir: Path
    work_tree: Path | None = None
    index: Path | None = None
    objects: tuple[Path, ...] = ()  # more object folders to read from
    store: Path | None = None  # folder for new objects; None: that of `git_dir`
    config: dict[str, str] = field(default_factory=dict)


def neutral_repository(path: Path, *, is_exact: bool = True) -> Path:
    """Make (once) the bare repository of steer's own at `path`; returns `path`.

    `is_exact` switches all content conversion off in it. Raises `EnvironmentFault` where that is impossible.
    """
    attributes = EXACT_ATTRIBUTES if is_exact else b""
    if not (path / "HEAD").exists():
        try:
            _make_repository(path)
        except (OSError, pygit2.GitError) as e:
            raise EnvironmentFault(
                f"cannot create {path}: {e}", "check the permissions and the free space"
            ) from e
    write_if_changed(path / "info" / "attributes", attributes)
    return path


def _make_repository(path: Path) -> None:
    """Make it beside its place and move it there: of several that make it at once, one wins and all see it whole."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        pygit2.init_repository(str(draft), bare=True)
        draft.chmod(0o700)
        draft.rename(path)
    except OSError as e:
        if e.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def write_if_changed(path: Path, content: bytes) -> None:
    """Replace `path` atomically unless it already holds `content`."""
    try:
        if path.read_bytes() == content:
            return
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    fresh.write_bytes(content)
    fresh.replace(path)


@cache
def git_program() -> str:
    """Absolute path of git. Raises `EnvironmentFault` when there is none."""
    found = shutil.which("git")
    if not found:
        raise EnvironmentFault("the git program was not found", "install git and make sure that PATH has it")
    return found


def environment(place: Place) -> dict[str, str]:
    """The complete environment of a git command; nothing of steer's own leaks in but PATH and TMPDIR."""
    env = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "HOME": "/nonexistent",
        "XDG_CONFIG_HOME": "/nonexistent",
        "GIT_DIR": str(place.git_dir),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_PAGER": "cat",
        "GIT_EDITOR": "false",
        "GIT_ASKPASS": "false",
        # Each object written costs git a fresh 256 KiB, which glibc would hand back every time.
        "MALLOC_TRIM_THRESHOLD_": "67108864",
        "MALLOC_TOP_PAD_": "4194304",
        "GIT_SSH_COMMAND": "false",
        "GIT_ALLOW_PROTOCOL": "none",
    }
    if "TMPDIR" in os.environ:
        env["TMPDIR"] = os.environ["TMPDIR"]
    if place.work_tree:
        env["GIT_WORK_TREE"] = str(place.work_tree)
    if place.index:
        env["GIT_INDEX_FILE"] = str(place.index)
    if place.store:
        env["GIT_OBJECT_DIRECTORY"] = str(place.store)
    if place.objects:
        env["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = ":".join(_quoted(p) for p in place.objects)
    settings = {**_CONFIG, **place.config}
    env["GIT_CONFIG_COUNT"] = str(len(settings))
    for n, (key, value) in enumerate(settings.items()):
        env[f"GIT_CONFIG_KEY_{n}"], env[f"GIT_CONFIG_VALUE_{n}"] = key, value
    return env


def _quoted(path: Path) -> str:
    """`path` for a colon-separated list (git's doc: an entry may be double-quoted, C style)."""
    text = str(path)
    if ":" not in text and not text.startswith('"'):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def start(place: Place, *args: str, has_stdin: bool = False) -> subprocess.Popen[bytes]:
    """Start git, its standard input empty or a pipe; the caller collects it with `finish`."""
    return subprocess.Popen(
        [git_program(), *args],
        env=environment(place),
        cwd=place.work_tree or place.git_dir,
        stdin=subprocess.PIPE if has_stdin else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def finish(process: subprocess.Popen[bytes]) -> bytes:
    """Standard output of a started git. Raises `GitFailed` for any status but 0."""
    out, err = process.communicate()
    if process.returncode != 0:
        raise GitFailed(str(list(process.args)[1]), process.returncode, err)  # type: ignore[arg-type]
    return out


def run(place: Place, *args: str, stdin: bytes = b"") -> bytes:
    """Run git to its end and return its standard output. Raises `GitFailed` for any status but 0."""
    done = subprocess.run(
        [git_program(), *args],
        env=environment(place),
        cwd=place.work_tree or place.git_dir,
        input=stdin,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise GitFailed(args[0], done.returncode, done.stderr)
    return done.stdout


def split_z(out: bytes) -> list[bytes]:
    """The items of NUL-terminated output."""
    return out.split(b"\0")[:-1]


def join_z(items: Iterable[bytes]) -> bytes:
    return b"".join(item + b"\0" for item in items)


def operator_excludes() -> dict[str, str]:
    """`core.excludesFile` of the operator's own configuration, as a setting for `Place.config`.

    Read by libgit2, which runs nothing; the default is git's: `$XDG_CONFIG_HOME/git/ignore`.
    """
    name = _global_setting("core.excludesfile")
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    path = Path(name).expanduser() if name else Path(base) / "git" / "ignore"
    return {"core.excludesFile": str(path)} if path.is_file() else {}


def _global_setting(key: str) -> str:
    for load in (pygit2.Config.get_global_config, pygit2.Config.get_xdg_config):
        try:
            return str(load()[key])
        except (OSError, KeyError, pygit2.GitError):
            continue
    return ""
