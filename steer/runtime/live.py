"""A session that is running: its keeper's output through one emulator, to watchers and to the engine.

The emulator lives here, where the bytes arrive: it answers the program's queries also when no UI is there, and
watchers get finished rows. What was printed before this supervisor existed is read from the recording.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from steer.agents.profile import GENERIC, Profile
from steer.errors import AgentError, SteerError
from steer.model import event as ev
from steer.model.session import Activity, SessionSpec
from steer.record.reader import Event as Recorded
from steer.record.reader import Header, Kind, Reader
from steer.runtime.keeper_client import KeeperClient
from steer.runtime.keeper_news import KeeperNews
from steer.runtime.observer import Observer
from steer.runtime.pace import Pace
from steer.runtime.watcher import Watcher
from steer.term.emulator import Emulator, Notification, clamp_size
from steer.term.paste import make_paste
from steer.term.status import Status

# Output the keeper may send before it hears that it was interpreted. All windows together are what a key may
# have to wait for: 64 KiB are interpreted within a millisecond.
WINDOW_BYTES = 64 * 1024
_GRANT_BYTES = (
    WINDOW_BYTES // 4
)  # credit goes back in portions, so that a small redraw costs no message of its own
RESIZE_SETTLE_S = 0.12  # a window being dragged sends dozens of sizes; the agent gets the last one
OUTPUT_NOTE_S = 1.0  # how often the engine is told that there was output; by all sessions in the same moment
HEAL_S = 2.0  # how often a recording over its limit gets a whole screen
_READ_BYTES = 64 * 1024  # interpreted without letting anybody else in: up to 100 ms of one-character lines


class LiveSession:
    """One session's terminal, attached to its keeper or read from its recording. On the event loop only."""

    def __init__(
        self,
        spec: SessionSpec,
        recording: Path,
        emit: Callable[[ev.Event], None],
        now: Callable[[], float],
        profile: Profile = GENERIC,
        pace: Pace | None = None,
    ) -> None:
        self.spec = spec
        self.recording = recording
        self.emulator = Emulator(spec.cols, spec.rows)
        self.watchers: list[Watcher] = []
        self.silence = ""  # why its keeper cannot be asked for anything now
        self.on_output: Callable[[bytes, float], None] | None = None  # data, seconds since the epoch
        self._emit = emit
        self._now = now
        self._keeper: KeeperClient | None = None
        self.printed = 0  # bytes of output that were interpreted
        self._offset = 0  # of the recording, up to which the emulator has seen output
        self._pace = pace or Pace()
        self._grant_timer: asyncio.TimerHandle | None = None
        self._owed = 0  # credit for output interpreted since the last grant
        self._rows: list[str] | None = None
        self._is_catching_up = False
        self._pending: list[
            tuple[bytes | None, int]
        ] = []  # (output, its end) or (None, begin of what follows)
        self._title = ""
        self._title_timer: asyncio.TimerHandle | None = None
        self.observer = Observer(spec.id, self.emulator, emit, now, profile)
        self._noted_at = 0.0
        self._healed_at = 0.0
        self._resize_timer: asyncio.TimerHandle | None = None
        self._stop_requested = False
        self._news = KeeperNews(spec.id, recording, emit, now)
        self._ended = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def connect(self, socket: Path) -> dict[str, Any]:
        """Connect to the keeper and return its hello. Raises `SteerError` where there is none."""
        self._keeper = keeper = await KeeperClient.connect(str(socket))
        keeper.on_output = self._output
        keeper.on_resync = self._resync
        keeper.on_event = self._event
        keeper.on_closed = self._closed
        return keeper.hello

    async def follow(self) -> None:
        """Catch up from the recording, then take what comes. After `connect`."""
        keeper = self._need_keeper()
        self._news.greeted(keeper.hello)
        await self._catch_up(int(keeper.hello["offset"]), is_answering=False)
        self.emulator.resize(int(keeper.hello["cols"]), int(keeper.hello["rows"]))
        self._settle_title()
        if reason := keeper.hello.get("stalled"):  # since before this supervisor came
            self._event({"event": "recording_stalled", "reason": reason})
        keeper.grant(WINDOW_BYTES)

    async def load(self) -> None:
        """The screen of an ended session, read from its recording."""
        try:
            size = self.recording.stat().st_size
        except OSError:
            return
        self._ended.set()
        self.observer.end()
        await self._catch_up(size, is_answering=False)

    @property
    def is_attached(self) -> bool:
        return self._keeper is not None

    @property
    def keeper(self) -> KeeperClient | None:
        return self._keeper

    # -- output ---------------------------------------------------------------------------------------

    def _output(self, data: bytes, offset: int) -> None:
        if self._is_catching_up:
            self._pending.append((data, offset))  # bounded: no credit is given back meanwhile
            return
        self._offset = offset
        loop = asyncio.get_running_loop()
        began = loop.time()
        self._interpret(data, is_answering=True)
        now = loop.time()
        self._owed += len(data)
        delay_s = self._pace.delay_s(now, now - began)
        if self._owed >= _GRANT_BYTES and self._grant_timer is None:
            self._grant_timer = loop.call_later(delay_s, self._grant)

    def _grant(self) -> None:
        self._grant_timer = None
        owed, self._owed = self._owed, 0
        if self._keeper:
            self._keeper.grant(owed)

    def _interpret(self, data: bytes, *, is_answering: bool, at: float | None = None) -> None:
        """Output of the program; `at` is when it was printed, where that was not just now."""
        self.emulator.feed(data)
        self._rows = None
        self.printed += len(data)
        replies = self.emulator.take_replies()
        if replies and is_answering:
            self._spawn(self._answer(replies))
        now = self._now() if at is None else at
        for signal in self.emulator.take_signals():
            self._note_signal(signal, now)
        if now // OUTPUT_NOTE_S != self._noted_at // OUTPUT_NOTE_S:
            self._noted_at = now
            self._settle_title()
            self._emit(ev.OutputSeen(self.spec.id, now))
        elif self._title_timer is None and self.emulator.title != self._title:
            loop = asyncio.get_running_loop()
            self._title_timer = loop.call_later(OUTPUT_NOTE_S, self._settle_title)
        self.observer.output()
        if self.on_output:
            self.on_output(data, now)
        for watcher in self.watchers:
            watcher.poke()

    async def _answer(self, data: bytes) -> None:
        with contextlib.suppress(SteerError):  # a program that asks and does not read loses its answer
            await self.send(data)

    def _note_signal(self, signal: object, now: float) -> None:
        match signal:
            case Status():
                self.observer.reported(signal, now)
            case Notification(title=title, body=body):
                self._emit(ev.SessionNoted(self.spec.id, now, f"{title} {body}".strip()[:200]))

    def _settle_title(self) -> None:
        if self._title_timer:
            self._title_timer.cancel()
            self._title_timer = None
        title = self.emulator.title
        if title != self._title:
            self._title = title
            self._emit(ev.TitleChanged(self.spec.id, self._now(), title))

    def _resync(self, offset: int) -> None:
        if self._is_catching_up:
            self._pending.append((None, offset))
            return
        self._is_catching_up = True
        self._spawn(self._close_gap(offset))

    async def _close_gap(self, offset: int) -> None:
        try:
            await self._catch_up(offset, is_answering=True)
        finally:
            self._is_catching_up = False
        pending, self._pending = self._pending, []
        for data, end in pending:  # what follows another gap waits again
            if data is None:
                self._resync(end)
            else:
                self._output(data, end)

    async def _catch_up(self, until: int, *, is_answering: bool) -> None:
        """Feed what the recording holds between the known offset and `until`."""
        reader = Reader() if self._offset == 0 else Reader(Header())
        try:
            with self.recording.open("rb") as f:
                f.seek(self._offset)
                while self._offset < until:
                    chunk = f.read(min(_READ_BYTES, until - self._offset))
                    if not chunk:
                        break
                    self._offset += len(chunk)
                    at = asyncio.get_running_loop().time()
                    events = reader.feed(chunk)
                    began = reader.header.timestamp if reader.header else 0.0
                    self._replay(events, began, is_answering=is_answering)
                    now = asyncio.get_running_loop().time()
                    delay_s = self._pace.delay_s(now, now - at)
                    # Closing a gap beside a flood may last: others need many turns. Coming up does not.
                    await asyncio.sleep(delay_s if is_answering else 0)
        except OSError as e:
            self._emit(ev.RecordingNoted(self.spec.id, self._now(), f"cannot be read: {e.strerror}"))
        self._offset = max(self._offset, until)

    def _replay(self, events: list[Recorded], started: float, *, is_answering: bool) -> None:
        for event in events:
            if event.kind is Kind.OUTPUT:
                at = started + event.at if started else None
                self._interpret(event.data, is_answering=is_answering, at=at)
            elif event.kind is Kind.RESIZE:
                self.emulator.resize(event.cols, event.rows)

    def rows(self) -> list[str]:
        """The live screen's rows, formatted once however many watch."""
        if self._rows is None:
            self._rows = self.emulator.rows()
        return self._rows

    # -- keeper events --------------------------------------------------------------------------------

    def _event(self, event: dict[str, Any]) -> None:
        match event.get("event"):
            case "resized":
                self._resized(int(event["cols"]), int(event["rows"]))
            case "exited":
                self._exited(int(event["status"]))
            case "thinned":
                self._news.heard(event)
                if event.get("is_over") is False:
                    self._heal_recording(self._now())
            case _:
                self._news.heard(event)

    def _heal_recording(self, now: float) -> None:
        """Put the screen into a recording that has a gap, so that a replay is right again from here on."""
        if now - self._healed_at >= HEAL_S:
            self._healed_at = now
            data = base64.b64encode(b"\x1bc" + self.emulator.dump()).decode()
            self._spawn(self._quietly("record", data_b64=data))

    def _resized(self, cols: int, rows: int) -> None:
        self.emulator.resize(cols, rows)
        self._rows = None
        for watcher in self.watchers:
            watcher.poke()

    def _exited(self, status: int) -> None:
        self._news.ended()
        self._settle_title()
        self._emit(ev.OutputSeen(self.spec.id, self._now()))
        self._emit(ev.ProcessExited(self.spec.id, self._now(), status, self._stop_requested))
        self._ended.set()
        self.observer.end()
        for watcher in self.watchers:
            watcher.poke()

    def _closed(self, reason: str) -> None:
        self._keeper = None
        self._news.ended()
        self.observer.end()
        if not self._ended.is_set():
            self._ended.set()
            self._emit(ev.KeeperLost(self.spec.id, self._now(), f"its keeper ended without a word: {reason}"))

    async def wait_ended(self) -> None:
        await self._ended.wait()

    # -- towards the agent ----------------------------------------------------------------------------

    async def send(self, data: bytes) -> None:
        """Type `data`. Returns when the terminal took every byte.

        Raises `AgentError` saying what was not taken and why.
        """
        result = await self._need_keeper().send_input(data)
        if not result.get("ok"):
            raise AgentError(str(result.get("error", "the terminal did not take the text")))

    async def request(self, op: str, **params: Any) -> dict[str, Any]:
        """One request to the keeper (see `keeper.py`); raises `AgentError` where it refuses."""
        result = await self._need_keeper().request(op, **params)
        if not result.get("ok"):
            raise AgentError(str(result.get("error", f"the keeper refused to {op}")))
        return result

    async def stop(self, soft: list[int], grace_s: float) -> list[dict[str, Any]]:
        """End the whole process tree; returns the processes that are still there."""
        self._need_keeper()
        self.expect_end()
        result = await self.request("stop", soft=soft, grace_s=grace_s)
        return list(result.get("survivors", []))

    def expect_end(self) -> None:
        """From now on an end of the agent is the operator's doing."""
        if not self._stop_requested:
            self._stop_requested = True
            self._emit(ev.ProcessStopping(self.spec.id, self._now()))

    def mark(self, text: str) -> None:
        """Put a marker into the recording; best effort."""
        if self._keeper:
            self._spawn(self._quietly("marker", text=text))

    async def _quietly(self, op: str, **params: Any) -> None:
        """A request whose failure changes nothing for the operator."""
        with contextlib.suppress(SteerError):
            await self.request(op, **params)

    def type_soon(self, data: bytes) -> None:
        """Type keys of the operator in focus mode: no waiting, order kept."""
        if data and self._keeper and not self._ended.is_set():
            self._spawn(self._answer(data))

    def paste_soon(self, text: str) -> None:
        """The operator's own paste in focus mode: framed where the program asked for it, never breaking out."""
        self.type_soon(make_paste(text, is_bracketed=self.emulator.has_paste).data)

    def resize_soon(self, cols: int, rows: int) -> None:
        """Ask for a size; only the last one within `RESIZE_SETTLE_S` reaches the agent."""
        if self._resize_timer:
            self._resize_timer.cancel()
            self._resize_timer = None
        cols, rows = clamp_size(cols, rows)
        if (cols, rows) == (self.emulator.cols, self.emulator.rows_count):
            return
        loop = asyncio.get_running_loop()
        self._resize_timer = loop.call_later(RESIZE_SETTLE_S, self._resize, cols, rows)

    def _resize(self, cols: int, rows: int) -> None:
        self._resize_timer = None
        if self._keeper and not self._ended.is_set():
            self._spawn(self._quietly("resize", cols=cols, rows=rows))
        else:
            self._resized(cols, rows)

    def _need_keeper(self) -> KeeperClient:
        if self._keeper is None:
            raise AgentError(f"{self.spec.name} is not running", "respawn it, or undo its kill")
        if self.silence:
            raise AgentError(f"{self.spec.name} cannot be reached: {self.silence}")
        return self._keeper

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def detach(self, *, forget: bool = False) -> None:
        """Stop following. With `forget` the keeper of an ended agent is told to go, too."""
        for watcher in self.watchers:
            watcher.close()
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        keeper.on_closed = lambda reason: None
        if forget:
            with contextlib.suppress(SteerError):
                await keeper.request("forget")
        await keeper.close()
        await self._news.save()
        if self._stop_requested:
            self._emit(ev.ActivityReported(self.spec.id, self._now(), Activity.UNKNOWN, "", ""))
