"""From what the operator wrote after `-a` to a command line and the keys that matter.

A name that the configuration knows is that agent; anything else is a command, run directly where it is plain
words and by `/bin/sh -c` where it uses the shell's syntax. `{task}` stands for the task; every agent also
finds it in `$STEER_TASK`.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from steer.agents.catalog import Catalog
from steer.agents.profile import Profile
from steer.errors import UserError

_SHELL_SYNTAX = re.compile(r"[|&;<>()$`*?\[\]#~=%!{}\n]")  # beyond quotes and backslashes


@dataclass(frozen=True, slots=True)
class Launch:
    agent: str  # the profile's name, or what the board calls a bare command
    argv: tuple[str, ...]


def plan_launch(wanted: str, task: str, catalog: Catalog, path: str | None = None) -> Launch:
    """How to start `wanted` on `task`. Raises `UserError` where it is empty or does not exist.

    `path`: the $PATH it will be started with; None: this process's.
    """
    if not wanted.strip():
        raise UserError(
            "the agent is an empty command", 'name one with -a, for example -a "python3 agent.py"'
        )
    profile = catalog.known(wanted)
    if profile is not None and profile.argv:
        parts = (*profile.argv, *(profile.task if task else ()))
        _check_exists(parts[0], wanted, path)
        return Launch(wanted, tuple(part.replace("{task}", task) for part in parts))
    argv = _command(wanted, task, path)
    return Launch(_short_name(wanted), argv)


def _command(wanted: str, task: str, path: str | None) -> tuple[str, ...]:
    if _SHELL_SYNTAX.search(wanted.replace("{task}", "")):
        quoted = re.sub(r"""(["']?)\{task\}\1""", lambda _: shlex.quote(task), wanted)
        return ("/bin/sh", "-c", quoted)
    try:
        words = shlex.split(wanted)
    except ValueError as e:
        raise UserError(f"the agent's command cannot be read: {e}", f"check the quotes in {wanted!r}") from e
    argv = tuple(part.replace("{task}", task) for part in words)
    _check_exists(argv[0], wanted, path)
    return argv


def _check_exists(program: str, wanted: str, path: str | None) -> None:
    if "/" not in program and shutil.which(program, path=path) is None:
        raise UserError(
            f"the agent's command {program!r} is not installed or not on PATH",
            "install it, or give another command with -a"
            if program == wanted
            else f"it comes from agent {wanted!r}",
        )


def _short_name(wanted: str) -> str:
    """What the board calls a bare command: its program, past an interpreter."""
    words = [w for w in wanted.split() if not w.startswith("-")]
    names = [w.rsplit("/", 1)[-1] for w in words]
    is_interpreter = bool(names) and re.fullmatch(r"(python|node|bash|sh|ruby|perl)[\d.]*", names[0])
    if is_interpreter and len(names) > 1 and re.fullmatch(r"[\w.-]+", names[1]):
        return names[1][:20]
    return names[0][:20] if names else "command"


def with_hooks(argv: tuple[str, ...], profile: Profile, file: str) -> tuple[str, ...]:
    """`argv` with the options that load hooks from `file`; unchanged where that is not safe to add.

    It is not where the command is no plain call of the agent, or where the operator gave that option already.
    """
    if not (argv and profile.argv and profile.hooks):
        return argv
    is_agent = Path(argv[0]).name == Path(profile.argv[0]).name
    is_given = any(a.split("=")[0] == profile.hooks[0] for a in argv)
    if not is_agent or is_given:
        return argv
    return (argv[0], *(part.replace("{file}", file) for part in profile.hooks), *argv[1:])


# What a Claude Code sets for its own children goes; what configures one (CLAUDE_CONFIG_DIR and its like) stays.
_CONFIGURES = r"(?:_CONFIG_DIR$|_CODE_(?:USE|DISABLE|ENABLE|SKIP|MAX|AUTO|API|SUBAGENT|EFFORT|OAUTH|NO)_)"
# Signs of continuous integration: with them Gemini CLI 0.61.0 refuses to be interactive when it resumes, and what is
# built on Ink (Qwen Code) draws its last frame only.
_CI = r"CI|CI_.*|CONTINUOUS_INTEGRATION|GITHUB_ACTIONS"
_LEAKS = re.compile(
    rf"^({_CI}|CLAUDE(?!{_CONFIGURES}).*|TMUX.*|STY|STEER_(?!DEMO_).*|GIT_.*|TERM_PROGRAM.*|COLUMNS|LINES|TEXTUAL.*|PYTHONPATH_STEER)$"
)


def child_environment(base: Mapping[str, str], session: str, name: str, task: str) -> dict[str, str]:
    """The agent's environment: the operator's, less what would tell it that it runs inside another tool or unattended.

    An agent that inherits `CLAUDECODE` and its like or `TMUX` behaves as a child of that session; `GIT_*` would
    point its git at another repository.
    """
    env = {k: v for k, v in base.items() if not _LEAKS.match(k)}
    env.update(TERM="xterm-256color", COLORTERM="truecolor")
    env.update(STEER_SESSION=session, STEER_NAME=name, STEER_TASK=task)
    return env
