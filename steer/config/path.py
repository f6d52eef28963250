"""Directories and files of steer on this machine: XDG, private, and short enough for unix sockets.

    state   $XDG_STATE_HOME/steer/<repo>/         sessions, recordings, operation log, shadow repository
    data    $XDG_DATA_HOME/steer/worktrees/<repo>/  worktrees (config may say otherwise), trash beside them
    runtime $XDG_RUNTIME_DIR/steer/<repo>/        sockets and locks; /tmp/steer-<uid> where that is missing or has gone

`<repo>` is a readable slug of the repository's folder plus 8 hex digits of the hash of its real path.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass, replace
from pathlib import Path

from steer.errors import EnvironmentFault

SOCKET_PATH_MAX = 107  # bytes; sun_path is 108 with its NUL on Linux (unix(7))
_LONGEST_SOCKET_NAME = len("/k-s12345678.sock")


def _xdg(variable: str, fallback: str) -> Path:
    value = os.environ.get(variable, "")
    return Path(value) if value.startswith("/") else Path.home() / fallback


def config_home() -> Path:
    return _xdg("XDG_CONFIG_HOME", ".config") / "steer"


def state_home() -> Path:
    return _xdg("XDG_STATE_HOME", ".local/state") / "steer"


def data_home() -> Path:
    return _xdg("XDG_DATA_HOME", ".local/share") / "steer"


def cache_home() -> Path:
    return _xdg("XDG_CACHE_HOME", ".cache") / "steer"


def slug(text: str, limit: int = 40) -> str:
    """`text` as a file name that is safe everywhere: lower-case letters, digits, single dashes."""
    s = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return s[:limit].rstrip("-") or "x"


def repository_key(git_common_dir: Path) -> str:
    """The name under which a repository's state is kept; the same from each of its worktrees."""
    real = git_common_dir.resolve()
    name = real.parent.name if real.name == ".git" else real.name
    digest = hashlib.sha256(os.fsencode(real)).hexdigest()[:8]
    return f"{slug(name, 24)}-{digest}"


@dataclass(frozen=True, slots=True)
class RepositoryPath:
    """All paths of one repository's fleet. Nothing is created here; see `private_dir`."""

    state: Path
    runtime: Path
    worktrees: Path

    def at_present(self) -> RepositoryPath:
        """With the folder for sockets as everybody finds it now: the XDG one may go at a logout, and come back."""
        return replace(self, runtime=runtime_home() / self.runtime.name)

    def keeper_sockets(self, session: str) -> list[Path]:
        """Everywhere a keeper may listen, the best place first: it moves when that goes or comes back."""
        own = self.keeper_socket(session).name
        return [home / self.runtime.name / own for home in _runtime_homes()]

    @property
    def sessions(self) -> Path:
        return self.state / "sessions"

    @property
    def operations(self) -> Path:
        return self.state / "operations.jsonl"

    @property
    def hooks(self) -> Path:
        return self.state / "hooks"

    @property
    def shadow(self) -> Path:
        return self.state / "shadow.git"

    @property
    def trash(self) -> Path:
        return self.worktrees.parent / f"{self.worktrees.name}.trash"

    @property
    def socket(self) -> Path:
        return self.runtime / "supervisor.sock"

    @property
    def lock(self) -> Path:
        return self.state / "supervisor.lock"  # not beside the sockets: their folder may be wiped

    @property
    def log(self) -> Path:
        return self.state / "supervisor.log"

    def session_dir(self, session: str) -> Path:
        return self.sessions / session

    def keeper_socket(self, session: str) -> Path:
        return self.runtime / f"k-{session}.sock"


def for_repository(git_common_dir: Path, worktrees: str = "") -> RepositoryPath:
    """Paths of the repository whose `.git` is `git_common_dir`.

    `worktrees` overrides the folder that holds the worktrees (config `worktree.root`; `~` is expanded,
    and the repository's key is appended so that repositories sharing a root never collide).
    """
    key = repository_key(git_common_dir)
    root = Path(worktrees).expanduser() if worktrees else data_home() / "worktrees"
    return RepositoryPath(state=state_home() / key, runtime=runtime_home() / key, worktrees=root / key)


def runtime_home() -> Path:
    """The folder for sockets; a short fallback where the XDG one is missing or too long for a socket."""
    first, *spare = _runtime_homes()
    return first if not spare or first.parent.is_dir() else spare[0]


def _runtime_homes() -> list[Path]:
    """The XDG one, whether or not it is there now, unless it is too long; and the fallback."""
    spare = Path(f"/tmp/steer-{os.getuid()}")
    base = os.environ.get("XDG_RUNTIME_DIR", "")
    candidate = Path(base) / "steer"
    longest_key = 24 + 1 + 8
    length = len(os.fsencode(candidate)) + 1 + longest_key + _LONGEST_SOCKET_NAME
    return [candidate, spare] if base.startswith("/") and length <= SOCKET_PATH_MAX else [spare]


def private_dir(path: Path) -> Path:
    """Create `path` (parents too) as a folder only this user can enter, or check that it is one.

    Raises `EnvironmentFault` when it is a link, a file, another user's, or open to others: somebody may
    have planted it to read recordings or to answer in steer's name.
    """
    try:
        for folder in reversed([p for p in (path, *path.parents) if not os.path.lexists(p)]):
            folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as e:
        raise EnvironmentFault(f"cannot create {path}: {e.strerror}", "check its permissions") from e
    return check_private(path)


def check_private(path: Path) -> Path:
    """`path` if it is a folder of this user's closed to others; see `private_dir` for the errors."""
    info = path.lstat()
    fix = "remove it, or point XDG_RUNTIME_DIR, XDG_STATE_HOME or XDG_DATA_HOME elsewhere"
    if stat.S_ISLNK(info.st_mode):
        raise EnvironmentFault(f"{path} is a symbolic link, which steer does not follow", fix)
    if not stat.S_ISDIR(info.st_mode):
        raise EnvironmentFault(f"{path} is not a folder", fix)
    if info.st_uid != os.getuid():
        raise EnvironmentFault(f"{path} belongs to user {info.st_uid}, not to you", fix)
    if stat.S_IMODE(info.st_mode) & 0o077:
        raise EnvironmentFault(f"{path} is open to other users", f"chmod 700 {path}")
    return path
