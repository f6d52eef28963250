"""How strictly each session is kept, made into a keeper's orders and into what stands before a check command."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from steer.adapters.git.repository import admin_of
from steer.agents.profile import Profile
from steer.config.path import data_home, private_dir, runtime_home, state_home
from steer.config.schema import Config
from steer.errors import IsolationFault
from steer.isolation import bubblewrap, gate, machine
from steer.isolation.choose import choose
from steer.isolation.room import DEVICES, Room, furnish, git_paths, make_room
from steer.model.isolation import Level
from steer.model.session import SessionSpec
from steer.runtime.context import Context

_OWN_FILES = ("hooks.json", "copied-conversation.jsonl")  # of a session's folder, which its agent reads


@dataclass(frozen=True, slots=True)
class Cage:
    """One level, ready to be entered. At L0 it is empty."""

    level: Level = Level.L0
    wrapper: tuple[str, ...] = ()
    gate: dict[str, Any] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)

    def order(self) -> dict[str, Any]:
        """Its part of a keeper's launch file."""
        return {"isolation": self.level.value, "wrapper": list(self.wrapper), "gate": self.gate}

    def prefix(self) -> tuple[str, ...]:
        """What stands before a command that no keeper runs; its program must be an absolute path."""
        return (*self.wrapper, *(gate.prefix(self.gate) if self.gate else ()))


@dataclass(frozen=True, slots=True)
class Cages:
    """In the order to try them, never empty."""

    options: tuple[Cage, ...]
    why: str = ""  # why the first is not what the configuration names


def plan_cages(
    c: Context, spec: SessionSpec, config: Config, env: Mapping[str, str], folder: str = ""
) -> Cages:
    """Every cage that the session may be put into, best first; `folder`: where it works instead of its worktree.

    Raises `IsolationFault` where none is allowed. Looks at the disk and tries bubblewrap; call it from a thread.
    """
    profile = c.profile(spec)
    agent = config.agents.get(spec.agent)
    wished = (agent.isolation if agent else "") or config.isolation.level
    found = choose(config.isolation, wished, profile.isolation, machine.look())
    if found.levels == (Level.L0,):
        return Cages((Cage(),), found.why)
    room = _room(c, spec, config, env, profile)
    if folder:
        room = room.with_folder(folder)
    room = furnish(room)
    variables = {k: v.replace("{tmp}", room.tmp) for k, v in profile.isolation.env.items()}
    inner = {"TMPDIR": room.tmp, **variables}
    made = (_cage(level, room, inner, config, str(c.store.folder(spec.id))) for level in found.levels)
    return Cages(tuple(made), found.why)


def _cage(level: Level, room: Room, env: dict[str, str], config: Config, folder: str) -> Cage:
    canary = f"{folder}/session.json"
    if level is Level.L1:
        shared = (*DEVICES, "/tmp/", "/var/tmp/") if room.opens_tmp else DEVICES
        write = [*room.write, *(d.rstrip("/") for d in shared if Path(d).exists())]
        return Cage(level, (), {"write": write, "ports": room.ports, "canary": canary}, env)
    if level is Level.L2:
        order: dict[str, Any] = {"canary": canary}
        if room.ports is not None:
            order.update(write=["/"], ports=room.ports)
        return Cage(level, bubblewrap.wrap(machine.look().bwrap, room), order, env)
    if level is Level.L3:
        return Cage(level, config.isolation.wrapper, {}, env)
    return Cage()


def _room(c: Context, spec: SessionSpec, config: Config, env: Mapping[str, str], profile: Profile) -> Room:
    common, worktree = c.trees.info.common_dir.resolve(), Path(spec.worktree)
    admin = admin_of(c.trees.info, worktree)
    if admin is None:
        raise IsolationFault(
            f"the worktree of {spec.name} is not known to git", "`git worktree repair` may help"
        )
    git = git_paths(common, common / "worktrees" / admin.name, spec.branch)
    for path in (*git, spec.worktree):
        if (plain := path.rstrip("/")) != os.path.realpath(plain):
            raise IsolationFault(f"{plain} leads through a link", "what may be written must be where it says")
    hooks = c.paths.hooks / spec.id
    return make_room(
        worktree,
        private_tmp(spec.id),
        git,
        profile.isolation,
        config.isolation,
        env,
        own=(f"{hooks}/",) if profile.hooks else (),
        show=(str(common), *(str(c.store.folder(spec.id) / name) for name in _OWN_FILES), *_programs()),
        hide=tuple(map(str, (state_home(), runtime_home(), data_home(), c.paths.worktrees, c.paths.trash))),
    )


def _programs() -> tuple[str, ...]:
    """What the gate itself is read from."""
    return (sys.prefix, sys.base_prefix, str(Path(gate.__file__).resolve().parents[2]))


def private_tmp(session: str) -> Path:
    """The session's own folder for temporary files; a short name, for sockets are made there, too."""
    root = private_dir(Path(tempfile.gettempdir()) / f"steer-tmp-{os.getuid()}")
    return private_dir(root / session)
