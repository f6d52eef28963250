"""A file of any readable kind as one stream of entries: recording, transcript, steps file; told apart by content."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from steer.detect.finding import Finding
from steer.detect.pipeline import Pipeline
from steer.detect.terminal import TerminalReader
from steer.errors import UserError
from steer.model.step import Entry
from steer.record.reader import Event, Kind
from steer.record.reader import Reader as CastReader
from steer.transcript.format import FORMATS, HEAD_BYTES, reader_for, recognise

_EPOCH = 1e8  # larger times are seconds since the epoch, smaller ones since the stream's beginning
HEAD = HEAD_BYTES
MAX_HEAD = 32 << 20  # bytes of a first line that are waited for


@dataclass(frozen=True, slots=True)
class Note:
    """Something in the file that could not be used."""

    line: int  # 1-based; 0: the file
    text: str


class Source:
    """Feed the file's bytes in order. Its kind is known once a whole line and `HEAD` bytes are there.

    `heard` is told every entry before its findings are given. Raises `UserError` where it is of no kind that can
    be read.
    """

    def __init__(self, pipeline: Pipeline, heard: Callable[[Entry], None] = lambda entry: None) -> None:
        self._pipeline = pipeline
        self._heard = heard
        self._stream: _Transcript | _Cast | None = None
        self._base: float | None = None
        self._head = b""
        self.format = ""

    def feed(self, data: bytes) -> Iterator[Finding]:
        if self._stream is None:
            self._head += data
            if len(self._head) < HEAD or (b"\n" not in self._head and len(self._head) < MAX_HEAD):
                return
            data, self._head = self._head, b""
            self._stream = self._open(data)
        yield from self._through(self._stream.feed(data))

    def finish(self) -> Iterator[Finding]:
        if self._stream is None:
            self._stream = self._open(self._head)
            yield from self._through(self._stream.feed(self._head))
        yield from self._through(self._stream.finish())

    @property
    def has_begun(self) -> bool:
        """Whether anything was fed that is not known to be unreadable."""
        return bool(self._stream or self._head)

    def notes(self) -> list[Note]:
        return self._stream.notes() if self._stream else []

    def seconds(self, at: float) -> float:
        """A finding's time since the stream began."""
        return max(0.0, at - (self._base or 0.0))

    def _open(self, head: bytes) -> _Transcript | _Cast:
        if found := recognise(head):
            self.format = found
            return _Transcript(found)
        if head.lstrip()[:1] == b"{" and b'"version"' in head[:4096]:
            self.format = "asciicast"
            return _Cast()
        raise UserError(
            "it is no recording, transcript or steps file that can be read",
            f"asciicast v1 to v3, {', '.join(FORMATS)}",
        )

    def _through(self, happened: Iterable[Entry | _Waits]) -> Iterator[Finding]:
        for entry in happened:
            if self._base is None and entry.at:
                self._base = entry.at if entry.at > _EPOCH else 0.0
            if isinstance(entry, _Waits):
                yield from self._pipeline.passed(entry.at)
            else:
                self._heard(entry)
                yield from self._pipeline.feed(entry)


@dataclass(frozen=True, slots=True)
class _Waits:
    """The agent was seen to wait for its model."""

    at: float


class _Transcript:
    def __init__(self, format: str) -> None:
        self._reader = reader_for(format)

    def feed(self, data: bytes) -> list[Entry]:
        return self._reader.feed(data)

    def finish(self) -> list[Entry]:
        return self._reader.finish()

    def notes(self) -> list[Note]:
        refusal = [Note(0, self._reader.refusal)] if self._reader.refusal else []
        return refusal + [Note(p.line, p.text) for p in self._reader.problems]


class _Cast:
    def __init__(self) -> None:
        self._reader = CastReader()
        self._terminal = TerminalReader()

    def feed(self, data: bytes) -> Iterator[Entry | _Waits]:
        yield from self._output(self._reader.feed(data))

    def finish(self) -> Iterator[Entry | _Waits]:
        yield from self._output(self._reader.finish())
        yield from self._terminal.finish()

    def _output(self, events: list[Event]) -> Iterator[Entry | _Waits]:
        for event in events:
            if event.kind is Kind.OUTPUT:
                yield from self._terminal.feed(event.at, event.data)
                if self._terminal.waits_at == event.at > 0:
                    yield _Waits(event.at)

    def notes(self) -> list[Note]:
        return [Note(0, text) for text in self._reader.problems]
