"""Saying something to an agent: shown exactly as it will be sent, sent at most once, its fate reported."""

from __future__ import annotations

import asyncio
from typing import Any

from steer.agents.message import MODES, Message
from steer.errors import SteerError, UserError
from steer.model.operation import Delivery, Operation, OperationState
from steer.model.session import Activity
from steer.runtime.context import Context
from steer.runtime.crash_point import crash_point
from steer.runtime.intervention.delivery import Fate, deliver
from steer.runtime.intervention.held import finish, is_held, must_wait, tell
from steer.runtime.live import LiveSession
from steer.term.paste import Paste, make_paste, refusal, warnings

MAX_TOKENS = 1000
_TITLES = {
    "steer": "steer: it reads it within this turn",
    "queue": "queue: it reads it after this turn",
    "interrupt": "interrupt: stop this turn, then say it",
}


def _paste(c: Context, live: LiveSession, params: dict[str, Any]) -> Paste:
    """The text as it would be typed; what the agent would take for a command has a word before it."""
    profile = c.profile(live.spec)
    text = str(params["text"])
    if not params.get("as_command"):
        text = profile.message.guarded(text)
    return make_paste(text, is_bracketed=live.emulator.has_paste, max_lines=profile.paste_lines)


async def preview(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """What `inject` would type now, to the byte."""
    live = c.live(params["session"])
    paste = _paste(c, live, params)
    guard = c.profile(live.spec).message.guard
    notes = warnings(paste)
    if guard and paste.text.startswith(guard) and not str(params["text"]).startswith(guard):
        notes.append(f"{guard.strip()!r} is put before it: what it begins with is a command to this agent")
    return {
        "shown": paste.text,
        "size": len(paste.data),
        "generation": live.spec.generation,
        "digest": paste.digest,
        "is_bracketed": paste.is_bracketed,
        "warnings": notes,
        "refusal": refusal(paste),
    }


async def modes(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """How something can be said to this agent now."""
    live = c.live(params["session"])
    message = c.profile(live.spec).message
    live.observer.look()
    activity = live.observer.activity
    found = [{"id": m, "title": _TITLES[m], "reason": _why_not(message, activity, m)} for m in MODES]
    return {"modes": found, "default": message.default}


def _why_not(message: Message, activity: Activity, mode: str) -> str:
    if mode == "steer" and not message.steer:
        return "this agent reads nothing within a turn"
    if mode == "queue" and not message.queue and activity is Activity.UNKNOWN:
        return "it does not say when its turn is over"
    if mode == "interrupt" and activity is Activity.IDLE:
        return "it is idle: there is nothing to stop"
    return ""


async def inject(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Type the text, then Enter on its own. Bound to the session's generation and to the bytes shown."""
    token = str(params.get("token") or "")
    if token and (known := recall(c, token)):
        return known
    live = c.live(params["session"])
    message = c.profile(live.spec).message
    mode = str(params.get("mode") or message.default)
    if mode not in MODES:
        raise UserError(f"there is no mode {mode!r}", f"known: {', '.join(MODES)}")
    if mode == "steer" and not message.steer:
        mode = "queue"
    paste = _paste(c, live, params)
    _check(live, paste, params)
    result: dict[str, Any] = {"delivery": Delivery.UNKNOWN.value, "detail": "being typed"}
    if token:
        remember(c, token, result)
    is_held = bool(params.get("submit", True)) and must_wait(c, live.spec.id, mode)
    operation = _begin(c, live, paste, token, mode, is_held)
    if is_held:
        tell(c, live.spec.id)
        result.update(
            delivery=Delivery.QUEUED.value,
            detail="steer types it when the turn is over",
            operation=operation.id,
        )
        return result
    result.update(await _type(c, live, paste, params, mode, operation))
    return result


def _begin(c: Context, live: LiveSession, paste: Paste, token: str, mode: str, is_held: bool) -> Operation:
    """The intention, on disk before the first byte is typed; where it cannot be written nothing is typed."""
    summary = f"inject into {live.spec.name}: {_brief(paste.text)}"
    detail: dict[str, Any] = {"digest": paste.digest, "text": paste.text, "token": token, "mode": mode}
    if is_held:
        detail["is_held"] = True
    try:
        return c.journal.begin("inject", live.spec.id, summary, **detail)
    except SteerError:
        c.inject_results.pop(token, None)
        raise


def recall(c: Context, token: str) -> dict[str, Any] | None:
    """What became of a text or answer that was asked for with this token before, if only by another supervisor."""
    if known := c.inject_results.get(token):
        return known
    for operation in reversed(c.fleet.operations()):
        if operation.kind in ("inject", "answer") and operation.detail.get("token") == token:
            return {
                "delivery": _fate(operation).value,
                "detail": "it was asked for before; nothing was typed again",
            }
    return None


def _fate(operation: Operation) -> Delivery:
    if is_held(operation):
        return Delivery.QUEUED
    if operation.state is OperationState.DONE:
        return Delivery(operation.detail.get("delivery", Delivery.UNVERIFIED.value))
    return Delivery.NOT_DELIVERED if operation.state is OperationState.FAILED else Delivery.UNKNOWN


def _check(live: LiveSession, paste: Paste, params: dict[str, Any]) -> None:
    if why := refusal(paste):
        raise UserError(why)
    generation = params.get("generation")
    if generation is not None and int(generation) != live.spec.generation:
        raise UserError(
            f"{live.spec.name} was respawned meanwhile; nothing was sent", "look, then send again"
        )
    digest = params.get("digest")
    if digest and digest != paste.digest:
        raise UserError(
            "what would be typed is no longer what was shown (the agent changed its paste mode); nothing was sent",
            "look at the preview again",
        )


async def _type(
    c: Context, live: LiveSession, paste: Paste, params: dict[str, Any], mode: str, operation: Operation
) -> dict[str, Any]:
    crash_point("inject.begun")
    await c.checkpoint_before(live.spec, "inject")
    live.mark(f"inject {paste.digest[:12]}: {_brief(paste.text)}")
    profile = c.profile(live.spec)
    try:
        fate = await deliver(live, profile, paste, mode, submit=bool(params.get("submit", True)))
    except SteerError as e:
        fate = Fate(Delivery.NOT_DELIVERED, e.message)
    crash_point("inject.submitted")
    finish(c, operation, fate)
    return {"delivery": fate.delivery.value, "detail": fate.detail}


def _brief(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:59] + "…"


def remember(c: Context, token: str, result: dict[str, Any]) -> None:
    """Keep what becomes of the token's text or answer, so that it is given once."""
    if len(c.inject_results) >= MAX_TOKENS:
        c.inject_results.pop(next(iter(c.inject_results)))
    c.inject_results[token] = result


async def broadcast(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """The same text to several sessions; each result by itself, one failure stops nothing."""
    sessions = [str(s) for s in params["sessions"]]
    shared: dict[str, Any] = {key: params[key] for key in ("text", "mode", "as_command") if key in params}

    async def one(session: str) -> dict[str, Any]:
        try:
            return await inject(c, {**shared, "session": session})
        except SteerError as e:
            return {"delivery": Delivery.NOT_DELIVERED.value, "detail": e.message}

    results = await asyncio.gather(*(one(s) for s in sessions))
    return {"results": dict(zip(sessions, results, strict=True))}


async def send_keys(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Press keys by name ("enter", "ctrl+c", "y"), in order; for scripts and tests."""
    live = c.live(params["session"])
    for key in params["keys"]:
        data = live.emulator.encode_key(str(key), None)
        if not data:
            raise UserError(
                f"there is no key {key!r}", 'keys are named like "enter", "ctrl+c", "shift+tab", "a"'
            )
        await live.send(data)
    return {}
