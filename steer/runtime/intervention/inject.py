"""Typing text for an agent: shown exactly as it will be sent, sent at most once, its fate reported."""

from __future__ import annotations

import asyncio
from typing import Any

from steer.errors import SteerError, UserError
from steer.model.operation import Delivery, Operation, OperationState
from steer.runtime.context import Context
from steer.runtime.crash_point import crash_point
from steer.runtime.intervention.key import press
from steer.runtime.live import LiveSession
from steer.term.paste import Paste, make_paste, refusal, warnings

SETTLE_S = 0.3  # after an interrupt, before text: the agent redraws its input box
MAX_TOKENS = 1000
_DELIVERIES = {OperationState.DONE: Delivery.DELIVERED, OperationState.FAILED: Delivery.NOT_DELIVERED}


def _paste(c: Context, live: LiveSession, text: str) -> Paste:
    lines = c.profile(live.spec).paste_lines
    return make_paste(text, is_bracketed=live.emulator.has_paste, max_lines=lines)


async def preview(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """What `inject` would type now, to the byte."""
    live = c.live(params["session"])
    paste = _paste(c, live, str(params["text"]))
    return {
        "shown": paste.text,
        "size": len(paste.data),
        "generation": live.spec.generation,
        "digest": paste.digest,
        "is_bracketed": paste.is_bracketed,
        "warnings": warnings(paste),
        "refusal": refusal(paste),
    }


async def inject(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Type the text, then Enter on its own. Bound to the session's generation and to the bytes shown."""
    token = str(params.get("token") or "")
    if token and (known := recall(c, token)):
        return known
    live = c.live(params["session"])
    paste = _paste(c, live, str(params["text"]))
    _check(live, paste, params)
    result: dict[str, Any] = {"delivery": Delivery.UNKNOWN.value, "detail": "being typed"}
    if token:
        remember(c, token, result)
    result.update(await _type(c, live, paste, params, _begin(c, live, paste, token)))
    return result


def _begin(c: Context, live: LiveSession, paste: Paste, token: str) -> Operation:
    """The intention, on disk before the first byte is typed; where it cannot be written nothing is typed."""
    name = live.spec.name
    summary = f"inject into {name}: {_brief(paste.text)}"
    try:
        return c.journal.begin(
            "inject", live.spec.id, summary, digest=paste.digest, text=paste.text, token=token
        )
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
                "delivery": _DELIVERIES.get(operation.state, Delivery.UNKNOWN).value,
                "detail": "it was asked for before; nothing was typed again",
            }
    return None


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
    c: Context, live: LiveSession, paste: Paste, params: dict[str, Any], operation: Operation
) -> dict[str, Any]:
    spec = live.spec
    profile = c.profile(spec)
    crash_point("inject.begun")
    await c.checkpoint_before(spec, "inject")
    try:
        if params.get("mode") == "interrupt":
            await press(live, profile.interrupt)
            await asyncio.sleep(SETTLE_S)
        live.mark(f"inject {paste.digest[:12]}: {_brief(paste.text)}")
        await live.send(paste.data)
        crash_point("inject.typed")
        if params.get("submit", True):
            await asyncio.sleep(profile.submit_after_s)
            await press(live, profile.submit)
    except SteerError as e:
        c.journal.finish(operation, OperationState.FAILED)
        return {"delivery": Delivery.NOT_DELIVERED.value, "detail": e.message}
    crash_point("inject.submitted")
    c.journal.finish(operation, OperationState.DONE)
    return {"delivery": Delivery.DELIVERED.value, "detail": f"{len(paste.data)} bytes were typed"}


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

    async def one(session: str) -> dict[str, Any]:
        try:
            return await inject(c, {"session": session, "text": params["text"]})
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
