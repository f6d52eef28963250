"""Answering what an agent asks: exactly the dialog that was shown, at most once, its fate reported."""

from __future__ import annotations

import asyncio
from typing import Any

from steer.errors import AgentError, SteerError, UserError
from steer.model.ask import Ask, Choice, Meaning
from steer.model.operation import Delivery, Operation, OperationState
from steer.runtime.context import Context
from steer.runtime.crash_point import crash_point
from steer.runtime.intervention.inject import recall, remember
from steer.runtime.intervention.key import press
from steer.runtime.live import LiveSession
from steer.term.paste import make_paste, refusal

GONE_S = 6.0  # a dialog that was answered goes within this; agents repaint within 0.3 s, slow machines in 2
MOVE_S = 3.0  # the selection follows an arrow key within this
MOVES = ("up", "down", "left", "right")


async def answer(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Press the keys of one choice of the dialog with this digest, then wait until the dialog is gone."""
    token = str(params.get("token") or "")
    if token and (known := recall(c, token)):
        return known
    live = c.live(params["session"])
    ask = _shown(live, params)
    choice, text = _wanted(live, ask, params)
    result: dict[str, Any] = {"delivery": Delivery.UNKNOWN.value, "detail": "being answered"}
    if token:
        remember(c, token, result)
    operation = begin(c, live, ask, choice, text, token=token)
    result.update(await choose(c, live, ask, choice, text, operation))
    return result


def begin(
    c: Context, live: LiveSession, ask: Ask, choice: Choice, text: str, *, kind: str = "answer", **more: Any
) -> Operation:
    """What is asked and what is answered, on disk before the first key."""
    words = f"{choice.label!r}" + (f" and {text!r}" if text else "")
    asked = ask.subject or ask.title
    return c.journal.begin(
        kind,
        live.spec.id,
        f"{kind} {live.spec.name}: {words[:60]} to {' '.join(asked.split())[:60]}",
        digest=ask.digest,
        asked=ask.text,
        tool=ask.tool,
        subject=ask.subject,
        choice=choice.label,
        text=text,
        **more,
    )


def _shown(live: LiveSession, params: dict[str, Any]) -> Ask:
    """The dialog on the screen now, if it is the one that was shown. Raises `UserError` where it is not."""
    name = live.spec.name
    generation = params.get("generation")
    if generation is not None and int(generation) != live.spec.generation:
        raise UserError(f"{name} was respawned meanwhile; nothing was answered", "look again")
    live.observer.look()
    ask = live.observer.ask
    if ask is None:
        raise UserError(f"{name} asks nothing (any more); nothing was answered", "look at its terminal")
    if params.get("digest") != ask.digest:
        raise UserError(
            f"{name} asks something else by now; nothing was answered", "read what it asks now, then answer"
        )
    if not ask.choices:
        raise UserError(f"what {name} asks can only be answered in its terminal", "focus its pane")
    return ask


def _wanted(live: LiveSession, ask: Ask, params: dict[str, Any]) -> tuple[Choice, str]:
    text = str(params.get("text") or "")
    if text and (why := refusal(make_paste(text, is_bracketed=True))):
        raise UserError(why)
    index = int(params.get("choice", -1))
    if 0 <= index < len(ask.choices):
        choice = ask.choices[index]
        if text and choice.means is not Meaning.WORDS:
            raise UserError(f"{choice.label!r} takes no words", "choose without a text, or give only a text")
        return choice, text
    if index != -1 or not text:
        raise UserError(f"there is no choice {index}", f"between 0 and {len(ask.choices) - 1}")
    for choice in ask.choices:
        if choice.means is Meaning.WORDS:
            return choice, text
    raise UserError(
        f"what {live.spec.name} asks cannot be answered in words", "deny it, then send the text as a message"
    )


async def choose(
    c: Context, live: LiveSession, ask: Ask, choice: Choice, text: str, operation: Operation
) -> dict[str, Any]:
    """Answer it, and say what became of that."""
    crash_point("answer.begun")
    live.mark(f"{operation.kind} {choice.label}: {(ask.subject or ask.title)[:200]}")
    try:
        await _press(live, ask, choice)
        crash_point("answer.pressed")
        if text:
            await _say(c, live, text)
    except SteerError as e:
        c.journal.finish(operation, OperationState.FAILED)
        return {"delivery": Delivery.NOT_DELIVERED.value, "detail": e.message}
    gone = await live.observer.wait(lambda: _is_gone(live, ask), GONE_S)
    c.journal.finish(operation, OperationState.DONE if gone else OperationState.UNKNOWN)
    if gone:
        return {"delivery": Delivery.SUBMITTED.value, "detail": f"{choice.label!r} was chosen"}
    keys = " ".join(choice.keys)
    return {"delivery": Delivery.TYPED.value, "detail": f"{keys} was pressed, but it still asks the same"}


def _is_gone(live: LiveSession, ask: Ask) -> bool:
    live.observer.look()
    now = live.observer.ask
    return now is None or now.digest != ask.digest


async def _press(live: LiveSession, ask: Ask, choice: Choice) -> None:
    """The keys of a choice; where they move a selection, each move is seen before the next, and before Enter."""
    if not any(key in MOVES for key in choice.keys):
        await press(live, choice.keys)
        return
    index = ask.choices.index(choice)
    while (now := _still(live, ask)).selected != index:
        before = now.selected
        await press(live, now.choices[index].keys[:1])
        if not await live.observer.wait(lambda was=before: _still(live, ask).selected != was, MOVE_S):  # type: ignore[misc]
            raise AgentError("its selection did not follow the arrow key; nothing was confirmed")
    confirm = now.choices[index].keys
    await press(live, confirm)


def _still(live: LiveSession, ask: Ask) -> Ask:
    """The dialog as it stands now. Raises `AgentError` where it is another."""
    live.observer.look()
    now = live.observer.ask
    if now is None or now.digest != ask.digest:
        raise AgentError("the dialog changed while it was being answered")
    return now


async def _say(c: Context, live: LiveSession, text: str) -> None:
    """An answer in words, typed into the line that the choice has opened."""
    profile = c.profile(live.spec)
    await asyncio.sleep(profile.submit_after_s)
    await live.send(make_paste(text, is_bracketed=live.emulator.has_paste).data)
    await asyncio.sleep(profile.submit_after_s)
    await press(live, profile.submit)
