"""Command lines that begin, resume or copy a conversation: the session's own, with arguments put in before the task."""

from __future__ import annotations

from steer.agents.profile import Profile


def without_task(argv: tuple[str, ...], profile: Profile, task: str) -> tuple[str, ...] | None:
    """The command without its task; None where the task cannot be told apart, or a shell runs the command."""
    if argv[:2] == ("/bin/sh", "-c"):
        return None
    if not task:
        return argv
    filled = tuple(part.replace("{task}", task) for part in profile.task)
    if filled and argv[-len(filled) :] == filled:
        return argv[: -len(filled)]
    if argv[-1] == task:
        return argv[:-1]
    return None if any(task in part for part in argv) else argv


def with_conversation(
    argv: tuple[str, ...],
    profile: Profile,
    task: str,
    arguments: tuple[str, ...],
    prompt: str | None = None,
) -> tuple[str, ...] | None:
    """The command with `arguments` before its task, or before `prompt` instead of it ("": nothing is said).

    None where the command's own shape does not allow it.
    """
    base = without_task(argv, profile, task)
    if base is None:
        return None
    if prompt is None:
        return (*base, *arguments, *argv[len(base) :])
    if not prompt:
        return (*base, *arguments)
    how = profile.task or (("{task}",) if len(base) < len(argv) else ())
    return (*base, *arguments, *(part.replace("{task}", prompt) for part in how))
