"""Answers that the user's configuration gives ahead: only to dialogs read whole that the agent vouches for."""

from __future__ import annotations

from steer.config.approve import Approve, find_approval
from steer.errors import SteerError
from steer.model import event as ev
from steer.model.ask import Ask, AskKind, Choice, Meaning
from steer.model.operation import has_arrived
from steer.runtime.context import Context
from steer.runtime.intervention.answer import begin, choose

# What vouches for a dialog besides the screen's text, which anything could have printed.
VOUCHED = ("osc7501", "hook", "title")


def covering(c: Context, session: str, ask: Ask) -> tuple[Approve, Choice] | None:
    """The policy that covers what is asked, and the choice that says yes this time; None: the operator is asked."""
    live = c.lives.get(session)
    policies = c.load_config().config.approve
    if live is None or not policies or ask.kind is not AskKind.PERMISSION or not ask.is_whole:
        return None
    if not any(source.startswith(VOUCHED) for source in (ask.source, live.observer.source)):
        return None
    once = [choice for choice in ask.choices if choice.means is Meaning.ONCE]
    policy = find_approval(policies, live.spec.agent, ask.tool, ask.subject)
    return (policy, once[0]) if policy and len(once) == 1 else None


async def apply(c: Context, session: str, ask: Ask) -> None:
    """Answer what a policy covers; what cannot be answered so is left to the operator, with a note."""
    if session in c.answering or not ask.choices:
        return
    c.answering.add(session)
    try:
        await _apply(c, session, ask)
    except SteerError as e:
        c.emit(ev.SessionNoted(session, c.now(), f"not approved by itself: {e.message}"))
    finally:
        c.answering.discard(session)


async def _apply(c: Context, session: str, ask: Ask) -> None:
    live = c.live(session)
    live.observer.look()
    now = live.observer.ask
    if now is None or now.digest != ask.digest or (covered := covering(c, session, now)) is None:
        return
    policy, choice = covered
    operation = begin(c, live, now, choice, "", kind="auto-approve", pattern=policy.pattern)
    result = await choose(c, live, now, choice, "", operation)
    if not has_arrived(result["delivery"]):
        c.emit(ev.SessionNoted(session, c.now(), f"approved by itself, but {result['detail']}"))
