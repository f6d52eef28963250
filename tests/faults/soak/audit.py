"""After each fault: is every session there, every printed byte recorded, does the board answer, what is unexplained?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.place import until
from tests.faults.goals.printer import recorded
from tests.faults.soak.crew import Crew, Onlooker

PTY_BYTES = 64 * 1024  # what a program may have written that its keeper, killed, had not read yet
_USUAL = (" serving ", " finished: ", " rolled back", "recording", "operation ")


class Audit:
    def __init__(self, crew: Crew, onlooker: Onlooker) -> None:
        self._crew, self._onlooker = crew, onlooker
        self._read = 0  # of the supervisor's log
        self._crashes = 0
        self.unexplained: list[str] = []
        self.bytes = 0  # of printed text that was found again in the last audit

    def look(self) -> list[str]:
        """What is lost or broken; a sentence each."""
        wrong = self._sessions()
        wrong += [f"{name}: {said}" for name in self._crew.printers for said in self._recordings(name)]
        if said := self._onlooker.answers():
            wrong.append(said)
        self._onlooker.trim()
        self._logs()
        return wrong

    def _sessions(self) -> list[str]:
        def missing() -> list[str]:
            views = self._crew.views()
            return [n for n in self._crew.names if n not in views or views[n]["process"] != "running"]

        try:
            until("all sessions run", lambda: not missing(), 30.0)
        except pytest.fail.Exception:
            return [f"{name} does not run" for name in missing()]
        return []

    def _recordings(self, name: str) -> list[str]:
        """Whether each run of a printer is in the recording of its generation, the newest as far as it has come."""
        truths = sorted((self._crew.truths / name).iterdir(), key=lambda p: int(p.name))
        recordings = self._crew.recordings(name)
        if len(truths) != len(recordings):
            return [f"{len(recordings)} recordings of {len(truths)} runs"]
        wrong, self.bytes = [], 0 if name == self._crew.printers[0] else self.bytes
        for number, (truth, recording) in enumerate(zip(truths, recordings, strict=True), 1):
            said = self._compare(truth, recording, is_newest=number == len(truths))
            wrong += [f"generation {number}: {said}"] if said else []
        return wrong

    def _compare(self, truth: Path, recording: Path, *, is_newest: bool) -> str:
        written = truth.read_bytes()
        try:
            if is_newest:
                until("it is recorded", lambda: len(recorded(recording)[0]) >= len(written), 30.0)
        except pytest.fail.Exception:
            return f"{len(written)} bytes were printed, {len(recorded(recording)[0])} are recorded"
        kept, problems = recorded(recording)
        self.bytes += len(kept)
        written = truth.read_bytes()
        if problems:
            return f"damaged: {problems[0]}"
        if not written.startswith(kept) and not kept.startswith(written):
            return "what is recorded is not what was printed"
        return (
            "" if len(written) - len(kept) <= PTY_BYTES else f"{len(written) - len(kept)} bytes are missing"
        )

    def _logs(self) -> None:
        log, crash = self._crew.place.paths.log, self._crew.place.paths.state / "crash.log"
        if crash.exists() and (size := crash.stat().st_size) != self._crashes:
            text = crash.read_text("utf-8", "replace")
            self.unexplained.append(f"crash.log: {text[self._crashes :].strip().splitlines()[-1][:200]}")
            self._crashes = size
        if log.exists():
            lines = log.read_text("utf-8", "replace").splitlines()
            new, self._read = lines[self._read :], len(lines)
            self.unexplained += [f"log: {x[:200]}" for x in new if not any(word in x for word in _USUAL)]
