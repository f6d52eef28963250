"""Which level a session gets: what is wished, what its agent bears, what the machine offers."""

from __future__ import annotations

from dataclasses import dataclass

from steer.config.schema import Isolation
from steer.errors import IsolationFault
from steer.isolation.machine import Machine
from steer.isolation.room import Needs
from steer.model.isolation import Level


@dataclass(frozen=True, slots=True)
class Choice:
    """`levels` in the order to try, never empty; `why`: the sentence to show where the first is not the wished one."""

    levels: tuple[Level, ...]
    why: str = ""


def choose(wish: Isolation, wished: str, needs: Needs, machine: Machine) -> Choice:
    """`wished` is "auto" or a level. Raises `IsolationFault` where nothing that is allowed can be had."""
    least = Level(wish.at_least)
    is_lowering = (wish.on_failure or ("lower" if wished == "auto" else "refuse")) == "lower"
    why = ""
    if wished == "auto":
        top = max(least, needs.max or Level.L0)
        order = [level for level in (Level.L2, Level.L1, Level.L0) if level <= top]
    else:
        named = max(least, Level(wished))
        why = _missing(named, wish, machine)
        order = [named] if not is_lowering else [v for v in reversed(Level) if v <= named]
    levels = tuple(v for v in order if v >= least and not _missing(v, wish, machine))
    if not levels:
        target = least if wished == "auto" else max(least, Level(wished))
        raise IsolationFault(
            _missing(target, wish, machine) or f"isolation of at least {least} cannot be had here",
            "`steer doctor` says what can; isolation.level and isolation.on_failure are in your configuration",
        )
    return Choice(levels, why)


def _missing(level: Level, wish: Isolation, machine: Machine) -> str:
    if level is Level.L3:
        return "" if wish.wrapper else "L3 needs isolation.wrapper in your own configuration"
    return machine.missing.get(level, "")
