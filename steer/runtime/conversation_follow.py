"""One session's transcript, followed: found, read as it grows, summed up."""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from steer.adapters.conversation.place import Found, by_id, by_worktree
from steer.adapters.conversation.source import Source, open_source
from steer.agents.conversation import Conversing, fill_path
from steer.model.session import SessionSpec
from steer.model.step import Conversing as Began
from steer.model.step import Entry, Spent, Step
from steer.runtime.conversation_record import ConversationRecord, added
from steer.transcript.claude import ClaudeReader
from steer.transcript.format import reader_for
from steer.transcript.reader import Reader
from steer.transcript.tally import Price, Tally

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}")
_ONLY = "history"  # the id where a worktree has a single conversation, without one (aider)
KEPT_ENTRIES = 2000  # the newest of each session, for `steps`
SLACK_S = 2.0  # a file's times may be a little older than the start they follow
SEARCH_S = (1.0, 5.0)  # between searches for a transcript: in the first half minute, and later
NEW_SEARCH_S = 10.0  # between looks whether the agent has begun another conversation
_HALF_MINUTE_S = 30.0


class Follow:
    """Reads run in a worker thread; everything else on the event loop. `record` is the truth to be saved."""

    def __init__(
        self, spec: SessionSpec, profile: Conversing, record: ConversationRecord, price: Price
    ) -> None:
        self.spec = spec
        self.record = record
        self.entries: deque[Entry] = deque(maxlen=KEPT_ENTRIES)
        self.is_dirty = False  # the record has changed since it was saved
        self.saved_at = 0.0
        self.problem = ""
        self.kind = profile
        self._price = price
        self._source: Source | None = None
        self._reader: Reader | None = None
        self._tally = Tally(price)
        self._search_at = 0.0
        self._began_at = time.monotonic()
        self._open()

    # -- finding --------------------------------------------------------------------------------------

    @property
    def wants_search(self) -> bool:
        """Whether it is time to look for the file, or for a newer conversation than the one known."""
        return bool(self.kind.where and self.record.home) and time.monotonic() >= self._search_at

    def search(self) -> Found | None:
        """Look on the disk; from a thread. None where nothing new is there."""
        now = time.monotonic()
        is_young = now - self._began_at < _HALF_MINUTE_S
        self._search_at = now + (NEW_SEARCH_S if self._source else SEARCH_S[0 if is_young else 1])
        known = self.record
        if "{id8}" in self.kind.where and known.id:  # its path does not follow from its id
            found = self._by_id()
            return found if found and str(found.path) != known.path else None
        if not self._source and (known.id or "{id" not in self.kind.where):
            if found := self._by_id():
                return found
            if self.kind.choose_id and not known.path and known.id:
                return None  # under the id that steer chose, as soon as the first turn begins
        if self.kind.announced:
            return None
        newest = self._by_worktree()
        return newest if newest and newest.id != known.id else None

    def _by_id(self) -> Found | None:
        if self.kind.format == "opencode" and not self.record.id:
            return None
        where = fill_path(self.kind.where, cwd=self.spec.worktree, id=self.record.id, day="*/*/*")
        return by_id(Path(self.record.home), where, self.record.id or _ONLY)

    def _by_worktree(self) -> Found | None:
        if "{id" not in self.kind.where and not self.kind.where.endswith(".db"):
            return None
        since = self.record.started_at - SLACK_S
        patterns = [
            fill_path(self.kind.where, cwd=self.spec.worktree, day=day)
            .replace("{id}", "*")
            .replace("{id8}", "*")
            for day in _days(since)
        ]
        home = Path(self.record.home)
        return by_worktree(
            home,
            list(dict.fromkeys(patterns)),
            self.kind.format,
            self.spec.worktree,
            since,
            self.kind.owner,
        )

    def move(self, id: str, path: str, at: float, reason: str) -> bool:
        """Follow that conversation from now on; False where it is the one followed already, or no id at all.

        Ids come from files that agents write and go into command lines: one like an option is not believed.
        """
        if id and not _ID.fullmatch(id):
            return False
        if id == self.record.id and (not path or path == self.record.path):
            return False
        self.record = self.record.moved(id, path, at, reason)
        self.is_dirty = True
        self._search_at = 0.0
        self._open()
        return True

    # -- reading --------------------------------------------------------------------------------------

    def _open(self) -> None:
        record = self.record
        self._source = None
        self._tally = Tally(self._price)
        if record.path:
            self._source = open_source(record.format, Path(record.path), record.id)
            self._reader = reader_for(record.format, record.since, record.inherited_usd)

    def has_news(self) -> bool:
        if self._source is None:
            return False
        has = self._source.has_news()
        if self._source.was_replaced:
            self._open()
            has = self._source is not None and self._source.has_news()
        return has

    def read(self) -> list[Entry]:
        """What the next piece of the transcript says; from a thread."""
        source, reader = self._source, self._reader
        if source is None or reader is None:
            return []
        try:
            entries = reader.feed(source.read())
        except OSError as e:
            self.problem = f"the transcript cannot be read: {e.strerror}"
            return []
        self.problem = reader.refusal
        return entries

    def take(self, entries: list[Entry]) -> str:
        """Sum up what was read; the id of another conversation where the transcript itself tells one."""
        moved = ""
        for entry in entries:
            if isinstance(entry, Began) and entry.id != self.record.id and not self.record.id:
                moved = entry.id
            self.entries.append(entry)
            self._tally.add(entry)
        if any(isinstance(e, Step | Spent) for e in entries):
            self._sum_up()
        return moved

    def _sum_up(self) -> None:
        tally, reader = self._tally, self._reader
        total = reader.total_usd if isinstance(reader, ClaudeReader) else 0.0
        self.record = replace(
            self.record,
            steps=tally.steps,
            step_text=tally.step_text,
            usage=added(self.record.before, tally.usage),
            total_usd=total,
        )
        self.is_dirty = True


class Waiter:
    """Somebody who waits for an entry."""

    def __init__(self, predicate: Callable[[Entry], bool]) -> None:
        self.predicate = predicate
        self.found: asyncio.Future[Entry] = asyncio.get_running_loop().create_future()

    def offer(self, entry: Entry) -> None:
        if not self.found.done() and self.predicate(entry):
            self.found.set_result(entry)


def read_all(record: ConversationRecord, limit: int) -> list[Entry]:
    """The newest entries of a conversation that nobody follows any more; from a thread. Never raises."""
    if not record.path:
        return []
    source = open_source(record.format, Path(record.path), record.id)
    reader, kept = reader_for(record.format, record.since), deque[Entry](maxlen=limit)
    try:
        while source.has_news() and (data := source.read()):
            kept.extend(reader.feed(data))
    except OSError:
        pass
    kept.extend(reader.finish())
    return list(kept)


def _days(since: float) -> list[str]:
    """The days on which a conversation begun after `since` may have its folder: the first, yesterday, today."""
    today = datetime.now()
    days = (datetime.fromtimestamp(max(0.0, since)), today - timedelta(days=1), today)
    return [day.strftime("%Y/%m/%d") for day in days]
