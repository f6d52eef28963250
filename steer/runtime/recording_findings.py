"""What an agent did in a recording, and what would have been flagged: found in a thread by the live detectors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from steer.detect.finding import Finding
from steer.detect.pipeline import Pipeline
from steer.detect.rules import Rules, default_rules
from steer.detect.source import Source
from steer.errors import SteerError
from steer.model.session import SessionSpec
from steer.model.step import Entry, Step
from steer.replay.mark import Mark, MarkKind
from steer.runtime.conversation_record import load_record
from steer.runtime.recording_file import RecordingFile

MAX_STEPS = 20_000
_PIECE_BYTES = 1 << 18
_MAX_LABEL = 200


@dataclass(frozen=True, slots=True)
class Background:
    """What is known of the session beside its recording. `transcript`: of its agent; None: the terminal is read."""

    task: str = ""
    scope: tuple[str, ...] = ()
    transcript: Path | None = None


def background_of(spec: SessionSpec, folder: Path) -> Background:
    """Of a session whose state is kept in `folder`."""
    record = load_record(folder)
    path = Path(record.path) if record and record.path else None
    return Background(spec.task, spec.scope, path if path and path.is_file() else None)


class RecordingFindings:
    """`steps` and `flags` (marks in the recording's own time, in order) only grow; `is_done` when all was looked at.

    `problem`: why there is nothing.
    """

    def __init__(
        self, recording: RecordingFile, background: Background | None = None, rules: Rules | None = None
    ) -> None:
        self.steps: list[Mark] = []
        self.flags: list[Mark] = []
        self.is_done = False
        self.problem = ""
        self._recording = recording
        self._background = background or Background()
        self._rules = rules or default_rules()
        self._known: dict[tuple[str, str], str] = {}  # rule and key of what is flagged now: its level
        self._begun: set[str] = set()
        self._is_stopped = False
        self._on_done: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._run, daemon=True, name="findings")

    def start(self, on_done: Callable[[], None] = lambda: None) -> None:
        """When the recording was read; `on_done` is called in the thread. Only the first call does anything."""
        if self._thread.ident is None and not self._is_stopped:
            self._on_done = on_done
            self._thread.start()

    def stop(self) -> None:
        self._is_stopped = True
        if self._thread.ident is not None:
            self._thread.join(timeout=5)

    def _run(self) -> None:
        path = self._background.transcript or (self._recording.path if self._recording.transcript else None)
        try:
            self._look(self._file(path) if path else self._whole(), is_transcript=path is not None)
        except (SteerError, OSError) as e:
            self.problem = e.message if isinstance(e, SteerError) else (e.strerror or str(e))
        self.is_done = True
        self._on_done()

    def _look(self, pieces: Iterator[bytes], *, is_transcript: bool) -> None:
        header = self._recording.index.header
        began = header.timestamp if is_transcript and header else 0.0
        if is_transcript and not began:
            return
        source = Source(
            Pipeline(self._background.task, self._background.scope, self._rules),
            lambda e: self._step(e, began),
        )
        for piece in pieces:
            if self._is_stopped:
                return
            for finding in source.feed(piece):
                self._flag(finding, began)
        for finding in source.finish() if source.has_begun else ():
            self._flag(finding, began)

    def _whole(self) -> Iterator[bytes]:
        """The recording as it was read, uncompressed."""
        offset, index = 0, self._recording.index
        while data := self._recording.read(offset, min(_PIECE_BYTES, index.end - offset)):
            offset += len(data)
            yield data

    @staticmethod
    def _file(path: Path) -> Iterator[bytes]:
        with path.open("rb") as file:
            while data := file.read(_PIECE_BYTES):
                yield data

    def _step(self, entry: Entry, began: float) -> None:
        at = entry.at - began
        if not isinstance(entry, Step) or entry.id in self._begun or at < 0 or len(self.steps) >= MAX_STEPS:
            return
        self._begun.add(entry.id)
        action = " ".join(entry.action.split())
        self.steps.append(Mark(at, MarkKind.STEP, f"{entry.tool}: {action}"[:_MAX_LABEL]))

    def _flag(self, finding: Finding, began: float) -> None:
        name = (finding.rule, finding.key)
        if finding.is_over:
            self._known.pop(name, None)
            return
        if self._known.get(name) == finding.level:
            return  # the same again
        self._known[name] = finding.level
        if finding.at - began >= 0:
            self.flags.append(Mark(finding.at - began, MarkKind.FLAG, f"flag {finding.title}"))
