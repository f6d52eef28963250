"""Every error a user can meet: one sentence, whose fault it is, and a hint.

The exit code of the command line follows from the kind, so scripts can branch on it.
"""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """Whose fault an error is."""

    USER = "user"  # what was asked cannot be done as asked
    CONFIG = "config"  # a configuration file says something steer cannot use
    ENVIRONMENT = "environment"  # the machine, the repository or the disk is in the way
    ISOLATION = "isolation"  # an agent cannot be isolated as wished
    AGENT = "agent"  # the program in a session misbehaved
    INTERNAL = "internal"  # steer is wrong


EXIT_CODES: dict[Kind, int] = {
    Kind.USER: 2,
    Kind.CONFIG: 3,
    Kind.ENVIRONMENT: 4,
    Kind.ISOLATION: 4,
    Kind.AGENT: 5,
    Kind.INTERNAL: 70,
}


class SteerError(Exception):
    """Base of steer's own errors.

    `message` is one sentence without a trailing hint; `hint` says what to do about it, or is empty.
    """

    kind = Kind.INTERNAL

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.kind]

    def to_json(self) -> dict[str, str]:
        return {"kind": self.kind.value, "message": self.message, "hint": self.hint}


class UserError(SteerError):
    kind = Kind.USER


class ConfigError(SteerError):
    kind = Kind.CONFIG


class EnvironmentFault(SteerError):
    """Named Fault because `EnvironmentError` is a builtin."""

    kind = Kind.ENVIRONMENT


class IsolationFault(EnvironmentFault):
    """The wished isolation cannot be had; nothing was started without it."""

    kind = Kind.ISOLATION


class AgentError(SteerError):
    kind = Kind.AGENT


class InternalError(SteerError):
    kind = Kind.INTERNAL


_BY_KIND: dict[str, type[SteerError]] = {
    c.kind.value: c
    for c in (UserError, ConfigError, EnvironmentFault, IsolationFault, AgentError, InternalError)
}


def from_json(data: dict[str, str]) -> SteerError:
    """The error that `to_json` described; an unknown kind becomes an `InternalError`."""
    cls = _BY_KIND.get(data.get("kind", ""), InternalError)
    return cls(data.get("message", "unknown error"), data.get("hint", ""))
