"""What a forked child will remember: its parent's conversation, the beginning of it, a brief, or nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from steer.adapters.conversation.file import read_whole
from steer.agents.continuing import with_conversation
from steer.agents.profile import Profile
from steer.errors import AgentError, SteerError, UserError
from steer.model import event as ev
from steer.model.operation import Operation
from steer.model.session import LIVE, Activity, SessionSpec
from steer.model.step import Arrival, Entry, Told
from steer.runtime.context import Context
from steer.runtime.conversation_record import ConversationRecord
from steer.runtime.intervention.inject import inject
from steer.runtime.intervention.opening import Opening, continued, fresh, why_not_continued
from steer.transcript.brief import make_brief
from steer.transcript.turn import MAX_TURNS, happened_at, turns_of

READY_S = 60.0  # opencode 1.18.33 takes up to 20 on a busy machine
_LOOK_S = 0.2
MODES = ("whole", "cut", "brief", "none")
_ANEW = "the conversation: the agent starts anew with the task (and your instruction)"


@dataclass(frozen=True, slots=True)
class Memory:
    mode: str
    text: str  # one sentence for the operator
    turns: list[dict[str, Any]] = field(default_factory=list)  # {id, at, text}: where it may be cut


@dataclass(frozen=True, slots=True)
class Choice:
    """One fork's memory, decided before anything is made. `prompt`: what the agent is told first; "": nothing."""

    mode: str
    turn: int
    prompt: str
    text: str
    until: float = 0.0  # "cut": seconds since the epoch, where no turn says it


async def memory_of(c: Context, parent: SessionSpec, until: float = 0.0) -> Memory:
    """What a child with the same agent would remember, unless the operator chooses otherwise.

    `until`: of what was known then (seconds since the epoch; 0: of all).
    """
    await c.conversations.catch_up(parent.id)
    reason = why_not_continued(c, parent, parent) or _why_not_cut(c, parent, until)
    if until:
        known = _known(await c.conversations.history(parent.id), until)
        if not known:
            return Memory("none", _ANEW)
        if not reason:
            return Memory(
                "cut", "the conversation up to that moment: the child remembers it, and waits for you"
            )
        return Memory("brief", f"a brief of the conversation up to that moment: {reason}")
    if not reason:
        turns = await _turns(c, parent)
        count = f" ({len(turns)} turn{'s' if len(turns) > 1 else ''})" if turns else ""
        return Memory(
            "whole", f"the conversation{count}: the child remembers all of it, and waits for you", turns
        )
    if await c.conversations.entries(parent.id, 1):
        return Memory("brief", f"a brief of the conversation instead of the whole: {reason}")
    return Memory("none", _ANEW)


def _why_not_cut(c: Context, parent: SessionSpec, until: float) -> str:
    if not until or c.profile(parent).conversation.can_cut:
        return ""
    return f"{c.profile(parent).title or parent.agent} cannot go on from an earlier moment"


def _known(entries: Sequence[Entry], until: float) -> list[Entry]:
    """What had happened by then; empty where the operator had not said anything yet."""
    known = [e for e in entries if happened_at(e) <= until]
    return known if any(isinstance(e, Told) for e in known) else []


async def _turns(c: Context, parent: SessionSpec) -> list[dict[str, Any]]:
    record = c.conversations.record(parent.id)
    kind = c.profile(parent).conversation
    if record is None or not kind.can_cut:
        return []
    if kind.dump:
        entries = await c.conversations.entries(parent.id)
        told = [e for e in entries if isinstance(e, Told) and e.arrival is Arrival.SUBMITTED]
        turns = [
            {"id": str(i), "at": e.at, "text": " ".join(e.text.split())[:200]} for i, e in enumerate(told, 1)
        ]
    else:
        turns = await asyncio.to_thread(_read_turns, record)
    return turns[-MAX_TURNS:]


def _read_turns(record: ConversationRecord) -> list[dict[str, Any]]:
    try:
        data = read_whole(Path(record.path))
    except AgentError:
        return []
    lines = [line for line in data.split(b"\n")[:-1] if line.strip()]
    return [{"id": str(t.number), "at": t.at, "text": t.text} for t in turns_of(record.format, lines)]


async def choose(
    c: Context, parent: SessionSpec, child: SessionSpec, params: dict[str, Any], until: float = 0.0
) -> Choice:
    """What this fork's child will remember. Raises `UserError` where what is wanted cannot be had.

    `until`: it forks from that moment (seconds since the epoch; 0: from now).
    """
    await c.conversations.catch_up(parent.id)
    wanted, turn = str(params.get("conversation") or ""), _turn(params.get("turn"))
    if wanted and wanted not in MODES:
        raise UserError(f"a conversation cannot be {wanted!r} in a fork", f"one of {', '.join(MODES)}")
    if (wanted == "cut") != bool(turn) and (wanted or turn) and not (until and not turn):
        if wanted:
            raise UserError("a conversation is cut at a turn", "say both: cut, and which turn")
        wanted = "cut"
    reason = why_not_continued(c, parent, child)
    if wanted in ("whole", "cut") and reason:
        raise UserError(f"the child cannot go on with the conversation: {reason}", "choose a brief, or none")
    if wanted == "cut" and not c.profile(parent).conversation.can_cut:
        raise UserError(f"{parent.agent} cannot go on from an earlier turn", "choose a brief, or the whole")
    instruction = child.task if child.task != parent.task else ""
    if until:
        entries = _known(await c.conversations.history(parent.id), until)
        reason = reason or _why_not_cut(c, parent, until)
    else:
        entries = await c.conversations.entries(parent.id)
    full = "cut" if until else "whole"
    mode = wanted or (
        full if (entries and not reason) or not (until or reason) else "brief" if entries else "none"
    )
    if mode == "brief":
        said = entries or [e for e in injected(c, parent) if not until or e.at <= until]
        return Choice(
            mode,
            0,
            make_brief(parent.task, said, instruction, parent.worktree),
            "it was given a brief of the conversation",
        )
    if mode == "none":
        return Choice(mode, 0, "", "it starts anew with the task")
    which = "all of the conversation"
    if mode == "cut":
        which = f"the conversation up to {f'turn {turn}' if turn else 'that moment'}"
    then = "and was given your instruction" if instruction else "and waits for you"
    cut_at = until if mode == "cut" and not turn else 0.0
    return Choice(mode, turn, instruction, f"it remembers {which}, {then}", cut_at)


def _turn(value: Any) -> int:
    try:
        return max(0, int(value or 0))
    except (TypeError, ValueError):
        raise UserError(f"there is no turn {value!r}") from None


def injected(c: Context, parent: SessionSpec) -> list[Entry]:
    """What the operator said to an agent that keeps no transcript, by the operation log."""
    said = [o for o in c.fleet.operations() if o.kind == "inject" and o.session == parent.id]
    return [Told(o.at, str(o.detail["text"])) for o in said if o.detail.get("text")]


async def remember(
    c: Context,
    parent: SessionSpec,
    child: SessionSpec,
    choice: Choice,
    operation: Operation,
    env: Mapping[str, str],
) -> Opening:
    """Make what the child begins with. Raises `SteerError`."""
    if choice.mode in ("whole", "cut"):
        return await continued(c, parent, child, operation, env, choice.prompt, choice.turn, choice.until)
    opening = fresh(c, child)
    if choice.mode == "none":
        return opening
    return told_first(opening, child, c.profile(child), choice.prompt)


def told_first(opening: Opening, child: SessionSpec, profile: Profile, brief: str) -> Opening:
    """`opening` with the brief instead of the task on its command line, or typed where that takes no words.

    Raises `AgentError` where neither can be.
    """
    argv = with_conversation(opening.argv, profile, child.task, (), brief)
    takes_task = not child.task or child.task in child.argv
    if argv is not None and takes_task and any(brief in part for part in argv):
        return Opening(argv, opening.id)
    if argv is not None and profile.message.box:  # what is typed there can be read back
        return Opening(opening.argv, opening.id, typed=brief)
    raise AgentError(
        f"the command of {child.name} takes no task, so it cannot be given a brief", "fork with `none`"
    )


async def say_when_idle(c: Context, child: SessionSpec, text: str) -> None:
    """Type the instruction for an agent that takes none on its command line, as soon as it is ready; logged.

    An agent that is not ready in time gets a note on its session instead: nothing is typed blindly.
    """
    end = c.now() + READY_S
    while c.now() < end:
        await asyncio.sleep(_LOOK_S)
        view = c.fleet.session(child.id)
        if view is not None and view.process in LIVE and view.activity is Activity.IDLE:
            with contextlib.suppress(SteerError):
                await inject(c, {"session": child.id, "text": text})
                return
    c.emit(ev.SessionNoted(child.id, c.now(), "it was not ready in time: your instruction was not typed"))
