"""All sessions' conversations: which they are, what is added to them, who wants to know.

One task looks at every followed transcript once a second: a look at one that did not grow is one `stat` (measured:
20 idle sessions take 0.1 to 0.3 % of a core). What is new is read in a worker thread.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from steer.adapters.conversation.place import announced, by_id
from steer.agents.conversation import fill_path
from steer.agents.profile import Profile
from steer.config.path import private_dir
from steer.errors import SteerError
from steer.model import event as ev
from steer.model.session import SessionSpec
from steer.model.step import Entry, Usage
from steer.runtime.conversation_follow import Follow, Waiter, read_all
from steer.runtime.conversation_record import ConversationRecord, load_record, save_record
from steer.runtime.store import Store

LOOK_S = 1.0
EAGER_LOOK_S = 0.1  # while somebody waits for an entry
ANNOUNCED_S = 5.0  # between looks at what agents announce; one look serves all sessions
SAVE_S = 10.0  # a record with new totals is written at most so often
MAX_LISTED = 2000
MAX_HISTORY = 1_000_000  # entries; steps of weeks

Listener = Callable[[str, Entry], None]
log = logging.getLogger("steer.conversation")


class Conversations:
    """On the event loop only.

    `price`: what tokens cost where the agent does not say. `told`: called after a session's totals have changed.
    """

    def __init__(
        self,
        store: Store,
        now: Callable[[], float],
        emit: Callable[[ev.Event], None],
        profile: Callable[[SessionSpec], Profile],
        price: Callable[[Usage], float | None],
        told: Callable[[str], None] = lambda session: None,
    ) -> None:
        self._store = store
        self._now = now
        self._emit = emit
        self._profile = profile
        self._price = price
        self._told = told
        self._follows: dict[str, Follow] = {}
        self._waiters: dict[str, list[Waiter]] = {}
        self._listeners: list[Listener] = []
        self._ending: set[str] = set()
        self._announced_at = 0.0
        self._wake = asyncio.Event()

    # -- what others call -----------------------------------------------------------------------------

    def listen(self, listener: Listener) -> None:
        """Hand every entry to `listener(session, entry)`. A supervisor that takes over a running session reads its
        transcript from the beginning: then come entries that are old by their `at`.
        """
        self._listeners.append(listener)

    async def wait_for(
        self, session: str, predicate: Callable[[Entry], bool], timeout_s: float
    ) -> Entry | None:
        """The first entry read from now on that the predicate holds for; None when none came in time."""
        waiter = Waiter(predicate)
        self._waiters.setdefault(session, []).append(waiter)
        self._wake.set()
        try:
            return await asyncio.wait_for(waiter.found, timeout_s)
        except TimeoutError:
            return None
        finally:
            self._waiters[session].remove(waiter)
            if not self._waiters[session]:
                del self._waiters[session]

    def point_to(self, session: str, id: str, path: str = "", reason: str = "hook") -> None:
        """The agent itself says which conversation it is in now. `path` "": to be found by the id."""
        follow = self._follows.get(session)
        if follow and id and follow.move(id, path, self._now(), reason):
            self._found(follow)

    def record(self, session: str) -> ConversationRecord | None:
        follow = self._follows.get(session)
        return follow.record if follow else load_record(self._store.folder(session))

    def can_resume(self, session: str) -> bool:
        """Whether there is a conversation to resume: one whose transcript is on the disk."""
        record = self.record(session)
        return bool(record and record.id and record.path and Path(record.path).exists())

    async def entries(self, session: str, limit: int = MAX_LISTED) -> list[Entry]:
        """The newest entries of the session's conversation, oldest first."""
        follow = self._follows.get(session)
        if follow:
            return list(follow.entries)[-limit:]
        record = load_record(self._store.folder(session))
        return await asyncio.to_thread(read_all, record, limit) if record else []

    async def history(self, session: str) -> list[Entry]:
        """All entries of the session's conversation, read anew: `entries` forgets old ones."""
        record = self.record(session)
        return await asyncio.to_thread(read_all, record, MAX_HISTORY) if record else []

    async def catch_up(self, session: str) -> None:
        """Read what the transcript holds now."""
        if follow := self._follows.get(session):
            await self._look(follow)

    # -- life of a session ----------------------------------------------------------------------------

    def begin(
        self,
        spec: SessionSpec,
        env: Mapping[str, str],
        *,
        id: str = "",
        path: str = "",
        since: float = 0.0,
        inherited_usd: float | None = None,
        reason: str = "started",
    ) -> None:
        """Write down which conversation the agent is about to be in, before it is started; then `follow`."""
        kind = self._profile(spec).conversation
        if not kind.format:
            return
        folder = private_dir(self._store.folder(spec.id))
        known = load_record(folder) or ConversationRecord(
            kind.format, since=since or spec.created_at, inherited_usd=inherited_usd
        )
        self._follows.pop(spec.id, None)
        record = known.moved(id, path, self._now(), reason) if id != known.id else known
        record = replace(
            record,
            format=kind.format,
            home=kind.home_in(env),
            path=path or (record.path if id == known.id else ""),
            generation=spec.generation,
            started_at=self._now(),
        )
        save_record(folder, record, log.warning)

    def follow(self, spec: SessionSpec) -> None:
        """Read the conversation of a session whose agent runs."""
        record = load_record(self._store.folder(spec.id))
        kind = self._profile(spec).conversation
        if record is None or record.format != kind.format or spec.id in self._follows:
            return
        follow = self._follows[spec.id] = Follow(spec, kind, record, self._price)
        self._ending.discard(spec.id)
        if record.id:
            self._found(follow)
        self._show(spec.id, record)
        self._wake.set()

    def show_ended(self, spec: SessionSpec) -> None:
        """What is known of the conversation of a session whose agent does not run."""
        if record := load_record(self._store.folder(spec.id)):
            if record.id:
                self._emit(ev.ConversationFound(spec.id, self._now(), record.id))
            self._show(spec.id, record)

    def end(self, session: str) -> None:
        """Its agent has ended: one more look, then nothing."""
        if session in self._follows:
            self._ending.add(session)
            self._wake.set()

    async def close(self) -> None:
        for follow in self._follows.values():
            self._save(follow)

    # -- looking --------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._wake.clear()
            try:
                await self.look()
            except SteerError as e:
                log.warning("conversations were not looked at: %s", e.message)
            wait_s = EAGER_LOOK_S if self._waiters else LOOK_S
            try:
                await asyncio.wait_for(self._wake.wait(), wait_s)
            except TimeoutError:
                pass

    async def look(self) -> None:
        """Once at every session."""
        await self._look_announced()
        for session, follow in list(self._follows.items()):
            await self._look(follow)
            if session in self._ending and self._follows.get(session) is follow:
                self._ending.discard(session)
                self._save(follow)
                del self._follows[session]
            elif follow.is_dirty and time.monotonic() - follow.saved_at > SAVE_S:
                self._save(follow)

    async def _look_announced(self) -> None:
        """Which conversation each agent says it is in; one reading for all sessions of a kind."""
        if time.monotonic() - self._announced_at < ANNOUNCED_S:
            return
        self._announced_at = time.monotonic()
        places = {
            (f.record.home, f.kind.announced)
            for f in self._follows.values()
            if f.record.home and f.kind.announced
        }
        for home, pattern in places:
            said = await asyncio.to_thread(announced, Path(home), pattern)
            for session, id in said.items():
                if session in self._follows and id != self._follows[session].record.id:
                    self.point_to(session, id, self._path_of(self._follows[session], id), "announced")

    def _path_of(self, follow: Follow, id: str) -> str:
        where = fill_path(follow.kind.where, cwd=follow.spec.worktree, id=id, day="*/*/*")
        found = by_id(Path(follow.record.home), where, id)
        return str(found.path) if found else ""

    async def _look(self, follow: Follow) -> None:
        if follow.wants_search and (found := await asyncio.to_thread(follow.search)):
            is_other = bool(follow.record.id) and follow.record.id != found.id
            if follow.move(
                found.id, str(found.path), self._now(), "another conversation" if is_other else "found"
            ):
                self._found(follow)
                self._save(follow)
        while follow.has_news():
            before = follow.record
            entries = await asyncio.to_thread(follow.read)
            if not entries and not follow.has_news():
                break
            follow.take(entries)
            if self._follows.get(follow.spec.id) is follow:
                self._hand_on(follow, entries)
                if follow.record is not before:
                    self._show(follow.spec.id, follow.record)
                    self._told(follow.spec.id)

    def _hand_on(self, follow: Follow, entries: list[Entry]) -> None:
        session = follow.spec.id
        for entry in entries:
            for listener in self._listeners:
                listener(session, entry)
            for waiter in self._waiters.get(session, ()):
                waiter.offer(entry)

    def _found(self, follow: Follow) -> None:
        self._emit(ev.ConversationFound(follow.spec.id, self._now(), follow.record.id))

    def _show(self, session: str, record: ConversationRecord) -> None:
        if record.steps or record.usage.tokens:
            self._emit(
                ev.ConversationRead(session, self._now(), record.steps, record.step_text, record.usage)
            )

    def _save(self, follow: Follow) -> None:
        follow.is_dirty = False
        follow.saved_at = time.monotonic()
        save_record(self._store.folder(follow.spec.id), follow.record, log.warning)
