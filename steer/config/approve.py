"""The user's standing approvals, `[[approve]]`: what may be answered with "yes, this time" without asking them.

[[approve]]
agent = "claude"            the profile's name
tool = "Bash"               exactly as the agent calls it
pattern = "npm (test|ci)"   regular expression that the whole subject must match
shell = false               true: also where the subject holds characters that a shell gives a meaning
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from steer.errors import ConfigError

SHELL_CHARACTERS = re.compile(r"[;|&$(){}`<>\\\n\r\x00-\x08\x0b-\x1f!]")


@dataclass(frozen=True, slots=True)
class Approve:
    agent: str
    tool: str
    pattern: str
    shell: bool = False


def check_approvals(policies: tuple[Approve, ...], where: str) -> None:
    """Raises `ConfigError` for a policy that cannot be meant: a broken pattern, an empty agent or tool."""
    for policy in policies:
        try:
            re.compile(policy.pattern)
        except re.error as e:
            raise ConfigError(
                f"{where}: approve.pattern {policy.pattern!r} is no regular expression: {e}"
            ) from e
        if not (policy.agent and policy.tool and policy.pattern):
            raise ConfigError(f"{where}: an approve needs agent, tool and pattern, none of them empty")


def find_approval(policies: tuple[Approve, ...], agent: str, tool: str, subject: str) -> Approve | None:
    """The first policy that covers exactly this use of a tool; None where none does."""
    if not (tool and subject):
        return None
    for policy in policies:
        if (policy.agent, policy.tool) != (agent, tool) or not re.fullmatch(policy.pattern, subject):
            continue
        if policy.shell or not SHELL_CHARACTERS.search(subject):
            return policy
    return None
