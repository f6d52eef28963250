"""All profiles that hold here: those shipped, then the user's own files, then `[agents]` of the configuration.

A later one of the same name replaces the earlier; `[agents.NAME]` changes only what it says.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from steer.agents.profile import GENERIC, Profile, read_profile
from steer.config.path import config_home
from steer.config.schema import Agent
from steer.errors import ConfigError

SHIPPED = Path(__file__).parent / "profiles"


class Catalog:
    def __init__(self, profiles: Mapping[str, Profile]) -> None:
        self._profiles = dict(profiles)

    def names(self) -> list[str]:
        return sorted(self._profiles)

    def known(self, name: str) -> Profile | None:
        return self._profiles.get(name)

    def get(self, name: str) -> Profile:
        """The profile called `name`, the generic one where there is none."""
        return self._profiles.get(name, GENERIC)


def load_catalog(configured: Mapping[str, Agent], folders: tuple[Path, ...] | None = None) -> Catalog:
    """Read every profile. Raises `ConfigError` naming the file that is wrong."""
    profiles: dict[str, Profile] = {}
    for folder in folders if folders is not None else (SHIPPED, config_home() / "agents"):
        for path in sorted(folder.glob("*.toml")):
            profiles[path.stem] = _read(path)
    for name, agent in configured.items():
        profiles[name] = _configured(_base(profiles, name, agent), agent)
    return Catalog(profiles)


def _read(path: Path) -> Profile:
    try:
        return _profile(path.stem, path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as e:
        raise ConfigError(f"{path} cannot be read: {e}") from e


@lru_cache(maxsize=64)
def _profile(name: str, text: str, source: str) -> Profile:
    """A supervisor asks for a profile several times for each session that it follows, and files seldom change."""
    return read_profile(name, tomllib.loads(text), source)


def _base(profiles: Mapping[str, Profile], name: str, agent: Agent) -> Profile:
    """What `[agents.NAME]` builds on: the profile of that name, else that of the program it runs."""
    program = Path(agent.argv[0]).name if agent.argv else ""
    known = profiles.get(name) or profiles.get(program)
    return replace(known, name=name) if known else Profile(name)


def _configured(base: Profile, agent: Agent) -> Profile:
    if not (agent.argv or base.argv):
        raise ConfigError(
            f"agents.{base.name} has no argv, and no agent of that name is known", "say how it is started"
        )
    return replace(
        base,
        argv=agent.argv or base.argv,
        task=() if any("{task}" in a for a in agent.argv) else base.task,
        hooks=base.hooks if agent.hooks else (),
        title=agent.title or base.title,
        interrupt=agent.interrupt or base.interrupt,
        submit=agent.submit or base.submit,
        isolation=replace(base.isolation, write=(*base.isolation.write, *agent.write)),
    )
