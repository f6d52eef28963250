"""All profiles that hold here: those shipped, then the user's own files, then `[agents]` of the configuration.

A later one of the same name replaces the earlier; `[agents.NAME]` changes only what it says.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path

from steer.agents.profile import GENERIC, Profile, read_profile
from steer.config.path import config_home
from steer.config.schema import Agent
from steer.errors import ConfigError

SHIPPED = Path(__file__).parent / "profiles"


class Catalog:
    """Profiles by name. Of `shipped`, names with their files, one is read when it is first asked for."""

    def __init__(self, profiles: Mapping[str, Profile], shipped: Mapping[str, Path] | None = None) -> None:
        self._profiles = dict(profiles)
        self._shipped = shipped or {}

    def names(self) -> list[str]:
        return sorted({*self._profiles, *self._shipped})

    def known(self, name: str) -> Profile | None:
        if name not in self._profiles and name in self._shipped:
            self._profiles[name] = _shipped_profile(self._shipped[name])
        return self._profiles.get(name)

    def get(self, name: str) -> Profile:
        """The profile called `name`, the generic one where there is none."""
        return self.known(name) or GENERIC

    def add(self, name: str, agent: Agent) -> None:
        """What `[agents.NAME]` says, built on the profile of that name, else on that of the program it runs."""
        program = Path(agent.argv[0]).name if agent.argv else ""
        known = self.known(name) or self.known(program)
        self._profiles[name] = _configured(replace(known, name=name) if known else Profile(name), agent)


def load_catalog(configured: Mapping[str, Agent], folders: tuple[Path, ...] | None = None) -> Catalog:
    """Every profile; `folders`: the user's own. Raises `ConfigError` naming the file that is wrong."""
    own = folders if folders is not None else (config_home() / "agents",)
    profiles = {path.stem: _read(path) for folder in own for path in sorted(folder.glob("*.toml"))}
    catalog = Catalog(profiles, _shipped())
    for name, agent in configured.items():
        catalog.add(name, agent)
    return catalog


@cache
def _shipped() -> dict[str, Path]:
    return {path.stem: path for path in SHIPPED.glob("*.toml")}


@cache
def _shipped_profile(path: Path) -> Profile:
    return _read(path)


def _read(path: Path) -> Profile:
    try:
        return _profile(path.stem, path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as e:
        raise ConfigError(f"{path} cannot be read: {e}") from e


@lru_cache(maxsize=64)
def _profile(name: str, text: str, source: str) -> Profile:
    """A supervisor asks for a profile several times for each session that it follows, and files seldom change."""
    return read_profile(name, tomllib.loads(text), source)


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
