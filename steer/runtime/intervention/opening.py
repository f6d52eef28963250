"""How a session's agent comes into its conversation: a new one, the same again, or a copy of its parent's."""

from __future__ import annotations

import asyncio
import os
import signal
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from steer.adapters.conversation.file import MAX_BYTES, read_whole, remove_copy, write_new
from steer.agents.continuing import with_conversation
from steer.agents.conversation import fill, fill_path
from steer.agents.launch import child_environment
from steer.agents.profile import Profile
from steer.config.path import private_dir
from steer.errors import AgentError
from steer.model.operation import Operation
from steer.model.session import SessionSpec
from steer.runtime.context import Context
from steer.runtime.conversation_record import ConversationRecord
from steer.runtime.crash_point import crash_point
from steer.transcript.copy import copied, new_id

PROGRAM_S = 60.0  # for an agent's own export or import; opencode 1.18.33 takes 2 to 3


@dataclass(frozen=True, slots=True)
class Opening:
    """What is run, and which conversation that will be: told to `Conversations.begin` before it starts."""

    argv: tuple[str, ...]
    id: str = ""  # "": not known before
    path: str = ""
    inherited_usd: float | None = None
    reason: str = "started"
    typed: str = ""  # what is said by typing, when the agent is ready for it


def fresh(c: Context, spec: SessionSpec) -> Opening:
    """A new conversation, under an id of steer's choice where the agent takes one."""
    profile = c.profile(spec)
    kind = profile.conversation
    if kind.choose_id and not kind.is_given(spec.argv):
        id = str(uuid.uuid4())
        argv = with_conversation(spec.argv, profile, spec.task, fill(kind.choose_id, id=id))
        if argv:
            return Opening(argv, id)
    return Opening(spec.argv)


def resumed(c: Context, spec: SessionSpec) -> Opening | str:
    """The session's conversation again, in its own worktree; a sentence where that cannot be."""
    profile, record = c.profile(spec), c.conversations.record(spec.id)
    kind = profile.conversation
    if not kind.resume:
        return f"{profile.title or spec.agent} cannot resume a conversation: it starts anew with the task"
    if record is None or not c.conversations.can_resume(spec.id):
        return "there is no conversation to resume: the agent starts anew with the task"
    argv = None
    if not kind.is_given(spec.argv):
        words = fill(kind.resume, id=record.id, cwd=spec.worktree)
        argv = with_conversation(spec.argv, profile, spec.task, words, "")
    if argv is None:
        return "its command does not allow to add the conversation to resume: it is run as it is"
    return Opening(argv, record.id, record.path, record.inherited_usd, "resumed")


def why_not_continued(c: Context, parent: SessionSpec, child: SessionSpec) -> str:
    """Why the child cannot go on with its parent's conversation; "" where it can."""
    profile, record = c.profile(parent), c.conversations.record(parent.id)
    title = profile.title or parent.agent
    if child.agent != parent.agent:
        return f"another agent cannot read what {title} remembers"
    if not profile.conversation.can_fork:
        return f"{title} cannot fork a conversation"
    if record is None or not c.conversations.can_resume(parent.id):
        return f"no conversation of {parent.name} was found"
    if profile.conversation.is_given(child.argv):
        return "its command names a conversation of its own"
    if with_conversation(child.argv, profile, child.task, (), "") is None:
        return "its command does not allow to add a conversation"
    return ""


async def continued(
    c: Context,
    parent: SessionSpec,
    child: SessionSpec,
    operation: Operation,
    env: Mapping[str, str],
    prompt: str,
    turn: int = 0,
    until: float = 0.0,
) -> Opening:
    """The parent's conversation in the child's worktree, whole, up to and with `turn`, or as of `until`; `prompt` is
    said next.

    Raises `SteerError` where it cannot be made; then nothing of it is left.
    """
    profile, record = c.profile(parent), c.conversations.record(parent.id)
    assert record is not None
    kind = profile.conversation
    new = new_id(record.format, record.id)
    path = ""
    as_is = bool(kind.fork) and not turn and not until
    if as_is:
        words = fill(kind.fork, id=record.id, new=new, cwd=child.worktree)
    else:
        path = await _copy(c, profile, record, parent, child, operation, env, new, turn, until)
        words = fill(kind.copied, id=record.id, new=new, cwd=child.worktree, path=path)
    spoken = "" if kind.ignores_prompt else prompt
    argv = with_conversation(child.argv, profile, child.task, words, spoken)
    assert argv is not None
    is_named = any("{new}" in w for w in (kind.fork if as_is else kind.copied))
    known = path if kind.place else ""
    inherited = record.total_usd if record.format == "claude" and record.total_usd else None
    reason = f"forked from {parent.name}"
    typed = prompt if kind.ignores_prompt else ""
    return Opening(argv, new if is_named else "", known, inherited, reason, typed)


async def _copy(
    c: Context,
    profile: Profile,
    record: ConversationRecord,
    parent: SessionSpec,
    child: SessionSpec,
    operation: Operation,
    env: Mapping[str, str],
    new: str,
    turn: int,
    until: float,
) -> str:
    """The path of a copy for the child: in its session folder, or where its agent looks for it."""
    kind = profile.conversation
    target = private_dir(c.store.folder(child.id)) / "copied-conversation.jsonl"
    if kind.place:
        now = datetime.now()
        places = {"day": now.strftime("%Y/%m/%d"), "time": now.strftime("%Y-%m-%dT%H-%M-%S")}
        target = Path(record.home) / fill_path(kind.place, new=new, cwd=child.worktree, **places)
    if kind.dump:
        data = await _run(parent.argv[0], fill(kind.dump, id=record.id), parent, env, parent.worktree)
    else:
        data = await asyncio.to_thread(read_whole, Path(record.path))
    made = await asyncio.to_thread(
        copied, record.format, data, old=record.id, new=new, cwd=child.worktree, turn=turn, until=until
    )
    c.journal.update(c.journal.newest(operation), copies=[str(target)])
    crash_point("fork.copying")
    await asyncio.to_thread(write_new, target, made)
    crash_point("fork.copied")
    if kind.load:
        await _run(parent.argv[0], fill(kind.load, path=str(target)), child, env, child.worktree)
        crash_point("fork.loaded")
    return str(target)


async def _run(
    program: str, arguments: tuple[str, ...], spec: SessionSpec, env: Mapping[str, str], cwd: str
) -> bytes:
    """What the agent's program prints; ended with everything it started where it takes too long."""
    words = child_environment(env, spec.id, spec.name, spec.task)
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            *arguments,
            cwd=cwd,
            env=words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            limit=MAX_BYTES,
        )
    except OSError as e:
        raise AgentError(f"{program} cannot be run: {e.strerror}") from e
    try:
        async with asyncio.timeout(PROGRAM_S):
            out, _ = await process.communicate()
    except TimeoutError:
        raise AgentError(f"{program} {arguments[0]} did not end within {PROGRAM_S:.0f} s") from None
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if process.returncode:
        raise AgentError(f"{program} {arguments[0]} ended with status {process.returncode}")
    return out


def drop_copies(operation: Operation) -> None:
    """Remove the copies of a fork that failed. What an agent took into its own database stays there, unused."""
    for path in operation.detail.get("copies", ()):
        remove_copy(Path(str(path)))
