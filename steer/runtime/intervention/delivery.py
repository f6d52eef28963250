"""From a text to a message that the agent has: typed into an empty box, submitted, and seen to have arrived.

Nothing is typed into a dialog: it is looked for before the text, and again before Enter. What the operator had
half typed is put aside and comes back. The result is what the evidence says, not what was typed.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from steer.agents.message import is_in_box, is_same, read_box
from steer.agents.profile import Profile
from steer.model.operation import Delivery
from steer.model.session import Activity
from steer.runtime.crash_point import crash_point
from steer.runtime.intervention.key import press
from steer.runtime.live import LiveSession
from steer.term.paste import Paste, make_paste

STOP_S = 8.0  # an interrupted turn ends within this
START_S = 30.0  # agents show their input box within 6 s of their start; slow machines take several times that
ECHO_S = 4.0  # a pasted text stands in the box within this; slow machines repaint late
TAKEN_S = 5.0  # a submitted text leaves the box, or a hook tells of it, within this
QUIET_S = 15.0  # so much later where it prints nothing: aider 0.86.2 reads no key while it imports
TOLD_S = 1.5  # a hook comes so much later than the box is empty
SETTLE_S = 0.3  # after keys that change the box, before the next look where no box is known


@dataclass(frozen=True, slots=True)
class Fate:
    delivery: Delivery
    detail: str


async def deliver(live: LiveSession, profile: Profile, paste: Paste, mode: str, *, submit: bool) -> Fate:
    """Type `paste` in this mode (steer, queue or interrupt) and say what became of it.

    Raises `AgentError` where the terminal does not take the bytes.
    """
    return await _Typing(live, profile, paste, mode).run(submit)


class _Typing:
    def __init__(self, live: LiveSession, profile: Profile, paste: Paste, mode: str) -> None:
        self._live = live
        self._observer = live.observer
        self._profile = profile
        self._message = profile.message
        self._paste = paste
        self._mode = mode
        self._draft = ""  # of the operator's, to be typed again
        self._since = 0.0  # when Enter was pressed
        self._had_echo = self._was_working = self._was_idle = False

    async def run(self, submit: bool) -> Fate:
        if self._mode == "interrupt" and not self._asked() and not await self._stop():
            return Fate(Delivery.REFUSED, "its turn did not stop; nothing was typed")
        if refused := await self._ready() or self._asked() or await self._make_room():
            return Fate(Delivery.REFUSED, refused)
        await self._live.send(self._paste.data)
        crash_point("inject.typed")
        await self._echo()
        if not submit:
            return Fate(Delivery.TYPED, f"{len(self._paste.data)} bytes were typed; Enter is left to you")
        if asked := self._asked():
            return Fate(Delivery.TYPED, f"{asked.removesuffix('; nothing was typed')}; Enter was not pressed")
        fate = await self._submit()
        if self._draft and fate.delivery in (Delivery.SUBMITTED, Delivery.QUEUED):
            await self._live.send(make_paste(self._draft, is_bracketed=self._live.emulator.has_paste).data)
        return fate

    # -- looking --------------------------------------------------------------------------------------

    def _box(self) -> str | None:
        look = self._observer.look()
        return read_box(self._message, look.lines, look.styled)

    def _asked(self) -> str:
        """Why nothing may be typed now: the agent asks something, and keys would answer it."""
        self._observer.look()
        if self._observer.activity is not Activity.ASKING:
            return ""
        ask = self._observer.ask
        words = (ask.subject or ask.title) if ask else "something"
        return f"it asks: {' '.join(words.split())[:120]}; nothing was typed"

    def _is_working(self) -> bool:
        self._observer.look()
        return self._observer.activity is Activity.WORKING

    # -- before ---------------------------------------------------------------------------------------

    async def _stop(self) -> bool:
        """End the turn; whether it ended. An agent that does not say what it does is given a moment."""
        is_known = self._observer.activity is not Activity.UNKNOWN
        if is_known and not self._is_working():
            return True
        await press(self._live, self._profile.interrupt)
        if is_known and not await self._observer.wait(lambda: not self._is_working(), STOP_S):
            return False
        await asyncio.sleep(SETTLE_S)
        return True

    async def _ready(self) -> str:
        """Wait for an agent that only just starts: what is typed before its input box is there is lost.

        A title may say "ready" seconds earlier (observed with Qwen Code 0.24.4 while it loads a conversation). To an
        agent that says what it does, but never shows a box that is known, it is typed all the same: it may be newer.
        """
        if self._message.box is None or await self._observer.wait(self._can_type, START_S):
            return ""
        if self._observer.activity is not Activity.UNKNOWN:
            return ""
        return "it does not show its input box; nothing was typed"

    def _can_type(self) -> bool:
        return self._box() is not None or self._observer.activity not in (Activity.UNKNOWN, Activity.IDLE)

    async def _make_room(self) -> str:
        """Put a half-typed draft aside; why that cannot be done, or an empty string."""
        draft = self._box()
        if not draft:
            return ""
        refusal = "there is a half-typed draft in its input box; nothing was typed"
        if self._message.stash:
            await press(self._live, self._message.stash)
        elif self._message.cut and "\n" not in draft:
            await press(self._live, self._message.cut)
            self._draft = draft
        else:
            return refusal
        return "" if await self._observer.wait(lambda: not self._box(), ECHO_S) else refusal

    async def _echo(self) -> None:
        """Wait until the text stands in the box, at least the time the agent needs between text and Enter."""
        await asyncio.sleep(self._profile.submit_after_s)
        if self._message.box is not None:
            await self._observer.wait(self._stands_in_box, ECHO_S)

    def _stands_in_box(self) -> bool:
        return is_in_box(self._box() or "", self._paste.text)

    # -- after ----------------------------------------------------------------------------------------

    async def _submit(self) -> Fate:
        self._was_working = self._is_working()
        self._was_idle = self._observer.activity is Activity.IDLE
        self._had_echo = self._message.box is not None and self._stands_in_box()
        self._since = self._observer.now() - 1.0
        keys = self._message.queue if self._was_working and self._mode == "queue" else ()
        keys = keys or self._profile.submit
        await press(self._live, keys)
        if not (self._had_echo or self._was_idle or self._observer.is_told):
            return self._no_sign()
        if not await self._sees_taken():
            if self._asked() or not self._stands_in_box():
                return self._no_sign()
            await press(self._live, keys)  # the first Enter was swallowed: the text still stands there
            if not await self._sees_taken():
                return Fate(Delivery.TYPED, "it stands in the input box; Enter did not send it")
        return await self._taken()

    async def _sees_taken(self) -> bool:
        """Whether Enter had its effect. An agent that prints nothing after it has not read it yet, and gets longer."""
        before = self._live.printed
        if await self._observer.wait(self._is_taken, TAKEN_S):
            return True
        return self._live.printed == before and await self._observer.wait(self._is_taken, QUIET_S)

    def _no_sign(self) -> Fate:
        return Fate(
            Delivery.UNVERIFIED,
            f"{len(self._paste.data)} bytes and Enter were typed; it shows no sign of them",
        )

    def _is_taken(self) -> bool:
        return self._is_told() or self._has_left_box() or self._has_begun()

    def _is_told(self) -> bool:
        return bool(self._teller())

    def _teller(self) -> str:
        """Who says that the text arrived, its hook or its transcript; or nobody."""
        heard = (h for h in self._observer.heard if h.at >= self._since)
        return next((h.source for h in heard if is_same(h.text, self._paste.text)), "")

    def _has_left_box(self) -> bool:
        return self._had_echo and self._box() is not None and not self._stands_in_box()

    def _has_begun(self) -> bool:
        return self._was_idle and self._is_working()

    async def _taken(self) -> Fate:
        if self._observer.is_told:
            await self._observer.wait(self._is_told, TOLD_S)
        proof = "it began to work"
        if teller := self._teller():
            proof = f"its {teller} says so"
        elif self._has_left_box():
            proof = "its input box is empty again"
        if not self._was_working:
            return Fate(Delivery.SUBMITTED, proof)
        is_later = self._mode == "queue" or not self._message.steer
        when = "after its turn" if is_later else "with the next result of a tool"
        return Fate(Delivery.QUEUED, f"it reads it {when}; {proof}")
