"""What commonly goes wrong with an agent, said in one sentence on its session, with what to do."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from steer.agents.version import ask_version, warning
from steer.model import event as ev
from steer.model.flag import Flag, Severity
from steer.model.session import LIVE, SessionSpec
from steer.runtime.context import Context
from steer.term.visible import visible

QUICK_S = 10.0  # an agent that ends so soon after its start has done no work
SILENT_S = 20.0  # agents print within 5 s of their start; on a slow machine within 10
QUOTED_LINES = 3
SILENT = "it has printed nothing since its start; is its command waiting for something, or the network?"


class Troubles:
    """Listens to what happens; `spawn` runs what takes long."""

    def __init__(self, c: Context, spawn: Callable[[Coroutine[Any, Any, Any]], object]) -> None:
        self._c = c
        self._spawn = spawn
        self._hints: dict[str, str] = {}
        self._versions: dict[tuple[str, float], str] = {}

    def heard(self, event: ev.Event) -> None:
        match event:
            case ev.AskChanged(session=session) | ev.ActivityReported(session=session):
                self._hint(session)
            case ev.ProcessStarted(session=session, at=at) if self._c.now() - at < SILENT_S:
                asyncio.get_running_loop().call_later(SILENT_S, self._listen, session, at)
            case ev.ProcessExited(session=session, at=at, status=status, by_operator=False):
                self._ended(session, at, status)

    # -- what its screen shows ------------------------------------------------------------------------

    def _hint(self, session: str) -> None:
        live = self._c.lives.get(session)
        hint = live.observer.hint if live else ""
        if hint == self._hints.get(session, ""):
            return
        self._hints[session] = hint
        flags: tuple[Flag, ...] = ()
        if hint and live:
            ask = live.observer.ask
            title = hint.split(":")[0].split(";")[0]
            shown = (ask.title,) if ask else ()
            flags = (
                Flag("trouble", title[:60], Severity.URGENT, self._c.now(), (hint, *shown), propose="focus"),
            )
        self._c.emit(ev.FlagsFound(session, self._c.now(), "trouble", flags))

    # -- start and end --------------------------------------------------------------------------------

    def _listen(self, session: str, started_at: float) -> None:
        view = self._c.fleet.session(session)
        if view and view.process in LIVE and view.started_at == started_at and not view.output_at:
            self._c.emit(ev.SessionNoted(session, self._c.now(), SILENT))

    def _ended(self, session: str, at: float, status: int) -> None:
        view, live = self._c.fleet.session(session), self._c.lives.get(session)
        if view is None or live is None or not 0 <= at - view.started_at < QUICK_S:
            return
        lines = [line.strip() for line in live.emulator.lines() if line.strip()]
        said = " / ".join(visible(line, 100) for line in lines[-QUOTED_LINES:])
        words = f"; it said: {said}" if said else " and said nothing"
        after = f"it ended {at - view.started_at:.0f} s after its start with status {status}{words}"
        self._c.emit(ev.SessionNoted(session, self._c.now(), after))

    def check_version(self, spec: SessionSpec) -> None:
        """Say so, some time after the start, where the agent is older than its profile."""
        profile = self._c.profile(spec)
        path = shutil.which(spec.argv[0]) if spec.argv else None
        if profile.observed and profile.argv and path and Path(path).name == Path(profile.argv[0]).name:
            self._spawn(self._note_version(spec.id, path, profile.title or profile.name, profile.observed))

    async def _note_version(self, session: str, path: str, title: str, observed: str) -> None:
        try:
            key = (path, Path(path).stat().st_mtime)
            if key not in self._versions:
                self._versions[key] = await asyncio.to_thread(ask_version, path)
        except (OSError, subprocess.TimeoutExpired):
            return
        if text := warning(title, self._versions[key], observed):
            self._c.emit(ev.SessionNoted(session, self._c.now(), text))
