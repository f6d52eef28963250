"""What a session may write and what it must not see: its room. From specification to paths, nothing is touched here
but by `furnish`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from steer.config.schema import Isolation
from steer.errors import ConfigError
from steer.isolation.caches import caches
from steer.isolation.expand import expand
from steer.model.isolation import Level

# Devices that programs write to. The terminals are all in one folder, which Landlock cannot tell apart.
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/ptmx", "/dev/pts/", "/dev/shm/")
# Sockets of services that would do outside what the session may not: hidden where the mechanism can hide.
SERVICES = ("/run/docker.sock", "/run/podman", "/run/containerd", "/run/dbus", "/tmp/.X11-unix")


@dataclass(frozen=True, slots=True)
class Needs:
    """The `[isolation]` table of a profile.

    max = "L2"                    the strongest level it was seen to work at; without, "auto" leaves it at L0
    write = ["~/.claude/", ...]   its own folders (made where they are missing) and, without a slash, files
    env = {TMP = "{tmp}"}         set for it where it is isolated
    """

    max: Level | None = None
    write: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)


def read_needs(data: Any, where: str) -> Needs:
    """Raises `ConfigError`."""
    if not isinstance(data, dict) or set(data) - {"max", "write", "env"}:
        raise ConfigError(f"{where}: isolation must be a table of max, write and env")
    write, env = data.get("write", []), data.get("env", {})
    if not (isinstance(write, list) and all(isinstance(w, str) for w in write) and isinstance(env, dict)):
        raise ConfigError(f"{where}: isolation.write must be a list of strings, isolation.env a table")
    try:
        most = Level(data["max"]) if "max" in data else None
    except ValueError as e:
        raise ConfigError(f"{where}: isolation.max cannot be {data['max']!r}", "L0 to L3") from e
    return Needs(most, tuple(write), {str(k): str(v) for k, v in env.items()})


@dataclass(frozen=True, slots=True)
class Room:
    """Absolute paths; one that ends with a slash is a folder that is made where it is missing."""

    cwd: str
    tmp: str
    write: tuple[str, ...]  # what may be changed, all below included
    show: tuple[str, ...] = ()  # what must be readable although it is inside of something hidden
    hide: tuple[str, ...] = ()
    ports: tuple[int, ...] | None = None  # the only TCP ports to connect to; None: all
    covers_tmp: bool = True  # L2 gives it a /tmp of its own; not where something it needs is there
    opens_tmp: bool = (
        True  # L1 lets it write /tmp, as programs expect; not where steer's own places are there
    )

    def with_folder(self, folder: str) -> Room:
        """The same room for work that happens in another folder than the worktree."""
        return replace(self, cwd=folder, write=(*self.write, f"{folder}/"))


def git_paths(common: Path, admin: Path, branch: str) -> tuple[str, ...]:
    """What committing on `branch` in a linked worktree writes (gitrepository-layout(5)).

    A reference is renamed into its folder, so the branches beside it in that folder cannot be told apart from it.
    Configuration, hooks, `info`, packed references and other folders of branches stay closed.
    """
    folder = Path("refs/heads", branch).parent
    inside = ("objects", folder, f"logs/{folder}")
    return (f"{admin}/", *(f"{common / name}/" for name in inside))


def make_room(
    worktree: Path,
    tmp: Path,
    git: tuple[str, ...],
    needs: Needs,
    wish: Isolation,
    env: Mapping[str, str],
    *,
    own: tuple[str, ...] = (),
    show: tuple[str, ...] = (),
    hide: tuple[str, ...] = (),
) -> Room:
    """`own`: what of steer's the session writes; `show`: what it reads; `hide`: steer's and other sessions' places."""
    home = env.get("HOME") or str(Path.home())
    wanted = [p for w in (*needs.write, *wish.write) if (p := expand(w, env, home))]
    hidden = [p for w in wish.hide if (p := expand(w, env, home))]
    built = caches(env, home) if wish.caches else ()
    services = [*SERVICES, f"/tmp/tmux-{os.getuid()}", env.get("XDG_RUNTIME_DIR", "")]
    needed = (home, str(worktree), *git, *show, *env.get("PATH", "").split(":"))
    covers = not any(p.startswith("/tmp/") for p in needed)
    return Room(
        cwd=str(worktree),
        tmp=str(tmp),
        write=(f"{worktree}/", f"{tmp}/", *git, *own, *wanted, *built),
        show=show,
        hide=(*hide, *hidden, *filter(None, services)),
        ports=wish.tcp_ports or None,
        covers_tmp=covers,
        opens_tmp=covers and not any(p.startswith("/tmp/") for p in hide),
    )


def furnish(room: Room) -> Room:
    """The room as the disk allows it: missing folders made, what is missing all the same left out. No final slashes."""
    kept = []
    for path in dict.fromkeys(room.write):
        if path.endswith("/"):
            try:
                Path(path).mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError:
                continue
        if Path(path).exists():
            kept.append(path.rstrip("/"))
    return replace(
        room,
        write=tuple(kept),
        show=tuple(p for p in room.show if Path(p).exists()),
        hide=tuple(dict.fromkeys(p.rstrip("/") for p in room.hide if os.path.lexists(p))),
    )
