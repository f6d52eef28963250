"""A fleet in memory: real emulators fed with bytes, views set by the test, every call recorded."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

from steer.errors import SteerError, UserError
from steer.model.fleet import FleetView
from steer.model.frame import Frame
from steer.model.port import FleetSink
from steer.model.session import Activity, Place, ProcessState, SessionSpec, SessionView
from steer.term.emulator import Emulator

NOW = 1_700_000_000.0


def view(name: str, **changes: Any) -> SessionView:
    """A running session; `changes` go to the view where that has such a field, else to its spec."""
    spec = SessionSpec(
        id=f"s{name[:8]:x<8}".replace(" ", "x"), name=name, argv=("agent",), worktree=f"/w/{name}",
        branch=f"steer/{name}", base="0" * 40, agent="claude", task=f"work on {name}", created_at=NOW - 600,
    )  # fmt: skip
    in_view = {k: v for k, v in changes.items() if k in SessionView.__dataclass_fields__}
    in_spec = {k: v for k, v in changes.items() if k not in in_view}
    base = SessionView(
        replace(spec, **in_spec),
        ProcessState.RUNNING,
        Activity.WORKING,
        started_at=NOW - 600,
        activity_at=NOW - 60,
    )
    return replace(base, **in_view)


@dataclass
class _Watch:
    emulator: Emulator
    seq: int = 0
    in_flight: bool = False
    shown: list[str] = field(default_factory=list)
    is_watched: bool = False
    offset: int = 0
    is_dirty: bool = False


class FakeFleet:
    """Implements `FleetPort`. `calls` and `sent` hold what the UI asked; `failures` maps methods to errors."""

    def __init__(self, *views: SessionView, repository: str = "/home/me/project") -> None:
        self.view = FleetView(repository, tuple(views))
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.sent: list[tuple[Any, ...]] = []
        self.failures: dict[str, SteerError] = {}
        self.results: dict[str, dict[str, Any]] = {}
        self.watches = {v.spec.id: _Watch(Emulator(v.spec.cols, v.spec.rows)) for v in views}
        self.watched = asyncio.Event()
        self.sink: FleetSink | None = None
        self.is_closed = False

    # -- the test's side -------------------------------------------------------------------------------

    def change(self, **changes: Any) -> None:
        """Publish a view of the fleet with these fields changed."""
        self.view = replace(self.view, **changes)
        for v in self.view.sessions:
            self.watches.setdefault(v.spec.id, _Watch(Emulator(v.spec.cols, v.spec.rows)))
        if self.sink:
            self.sink.fleet_changed(self.view)

    def change_session(self, session: str, **changes: Any) -> None:
        self.change(
            sessions=tuple(replace(v, **changes) if v.spec.id == session else v for v in self.view.sessions)
        )

    def output(self, session: str, data: bytes) -> None:
        """The agent writes; the frame follows at once unless one is in flight."""
        self.watches[session].emulator.feed(data)
        self._offer(session)

    def size(self, session: str) -> tuple[int, int]:
        e = self.watches[session].emulator
        return e.cols, e.rows_count

    # -- FleetPort -------------------------------------------------------------------------------------

    async def connect(self, sink: FleetSink) -> FleetView:
        self.sink = sink
        return self.view

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        self.calls.append((method, params))
        await asyncio.sleep(0)
        if method in self.failures:
            raise self.failures[method]
        if method in self.results:
            return self.results[method]
        handler = getattr(self, f"_{method}", None)
        if handler is None:
            raise UserError(f"the fake knows no {method}")
        return dict(handler(**params))

    def _kill(self, session: str) -> dict[str, Any]:
        spec = next(v.spec for v in self.view.sessions if v.spec.id == session)
        self.change_session(session, spec=replace(spec, place=Place.TRASH), process=ProcessState.EXITED)
        return {"operation": 1, "survivors": []}

    def _interrupt(self, session: str) -> dict[str, Any]:
        return {"delivery": "submitted", "detail": ""}

    def _pause(self, session: str) -> dict[str, Any]:
        self.change_session(session, is_paused=True)
        return {}

    def _continue(self, session: str) -> dict[str, Any]:
        self.change_session(session, is_paused=False)
        return {}

    def _search(self, session: str, query: str) -> dict[str, Any]:
        lines = self.watches[session].emulator.lines()
        found = [[i, line.index(query), len(query)] for i, line in enumerate(lines) if query in line]
        return {"matches": found, "lines": len(lines)}

    def _text(self, session: str, start: list[int], end: list[int]) -> dict[str, Any]:
        places = (start[0], start[1]), (end[0], end[1])
        return {"text": self.watches[session].emulator.text(*places)}

    def watch(self, session: str, cols: int, rows: int) -> None:
        self.sent.append(("watch", session, cols, rows))
        w = self.watches[session]
        w.emulator.resize(cols, rows)
        w.is_watched, w.shown = True, []
        self.watched.set()
        self._offer(session)

    def unwatch(self, session: str) -> None:
        self.sent.append(("unwatch", session))
        self.watches[session].is_watched = False

    def ack(self, session: str, seq: int) -> None:
        w = self.watches[session]
        assert seq == w.seq, "acknowledged the newest frame"
        w.in_flight = False
        if w.is_dirty:
            self._offer(session)

    def scroll(self, session: str, offset: int) -> None:
        self.sent.append(("scroll", session, offset))
        self.watches[session].offset = offset
        self._offer(session)

    def key(self, session: str, key: str, character: str | None) -> None:
        self.sent.append(("key", session, key, character))

    def paste(self, session: str, text: str) -> None:
        self.sent.append(("paste", session, text))

    def mouse(self, session: str, action: str, button: int, x: int, y: int, mods: int) -> None:
        self.sent.append(("mouse", session, action, button, x, y, mods))

    def focus(self, session: str, has_focus: bool) -> None:
        self.sent.append(("focus", session, has_focus))

    async def close(self) -> None:
        self.is_closed = True

    # -- frames ----------------------------------------------------------------------------------------

    def _offer(self, session: str) -> None:
        """One frame in flight; a newer state waits for the acknowledgement."""
        w = self.watches[session]
        if not w.is_watched or self.sink is None:
            return
        if w.in_flight:
            w.is_dirty = True
            return
        w.in_flight, w.is_dirty = True, False
        self.sink.frame_arrived(self._frame(session, w))

    def _frame(self, session: str, w: _Watch) -> Frame:
        e = w.emulator
        rows = e.view(w.offset) if w.offset else e.rows()
        is_full = len(rows) != len(w.shown)
        lines = tuple((i, r) for i, r in enumerate(rows) if is_full or w.shown[i] != r)
        w.shown, w.seq = rows, w.seq + 1
        return Frame(
            session,
            w.seq,
            e.cols,
            e.rows_count,
            is_full,
            lines,
            e.cursor,
            e.modes,
            e.title,
            w.offset,
            e.history,
        )
