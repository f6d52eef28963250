"""A recording on disk: read once in a thread, in pieces, while whoever shows it already may.

Plain files are read where they are. Compressed ones, those of version 1 (one JSON document) and agents' transcripts
are first written to an unnamed temporary file as lines, so that a seek can read anywhere in them.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from steer.detect.pipeline import Pipeline
from steer.errors import UserError
from steer.export.cast_file import v3
from steer.record.reader import Header, Reader
from steer.replay.conversation import Drawing
from steer.replay.index import Index
from steer.runtime import index_cache
from steer.runtime.unpack import PIECE_BYTES, UnpackError, unpacked
from steer.runtime.verify import Verdict, verify
from steer.transcript.format import reader_for, recognise

# Every call into the emulator gives the interpreter away, and a thread that parses keeps it for this long. With
# Python's 5 ms the first frame of a 100 MB recording took 18 ms instead of 4 while it was being read.
SWITCH_S = 0.0005


class RecordingFile:
    """`index` grows while the thread reads; other threads may read from it, since reading only ever adds to it.

    `is_growing`: the recording of a session, whose last line may not be whole yet. Raises `UserError` for what
    is no readable file; everything that is wrong inside the file ends up in `problems`.
    """

    def __init__(self, path: Path, *, is_growing: bool = False, has_keyframes: bool = True) -> None:
        self.path = path
        self.is_growing = is_growing
        self.index = Index(has_keyframes=has_keyframes)
        self._is_indexed = has_keyframes
        self.transcript = ""  # of which agent, where the file is no recording but a transcript
        self.verdict = Verdict()  # whether it is what was recorded; known when all was read
        self.is_complete = False  # everything that was there has been read
        self._file = _open(path)
        self.size_bytes = os.fstat(self._file.fileno()).st_size
        self._seekable = self._file  # where `read` reads
        self._trouble: list[str] = []
        self._is_stopped = False
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None

    # -- for whoever shows it ----------------------------------------------------------------------------

    def start(self, on_change: Callable[[], None] = lambda: None) -> None:
        """Read in the background; `on_change` is called in the thread when everything there is was read."""
        sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_S))
        self._thread = threading.Thread(target=self._run, args=(on_change,), daemon=True, name="recording")
        self._thread.start()

    def load(self) -> None:
        """Read everything now."""
        self._guarded(self._read_all)
        self.verdict = verify(self.path)

    def look_for_more(self) -> None:
        """Have the thread read what was appended meanwhile."""
        if self.is_complete and os.fstat(self._file.fileno()).st_size != self.size_bytes:
            self._wanted.set()

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of the recording as lines; empty where there are none (any more)."""
        try:
            return os.pread(self._seekable.fileno(), size, offset)
        except (OSError, ValueError):
            return b""

    @property
    def progress(self) -> float:
        """0 to 1, by bytes of the file."""
        if self.is_complete or not self.size_bytes:
            return 1.0
        try:
            return min(1.0, os.lseek(self._file.fileno(), 0, os.SEEK_CUR) / self.size_bytes)
        except (OSError, ValueError):
            return 1.0

    @property
    def problems(self) -> list[str]:
        """One line each."""
        changed = [self.verdict.changed] if self.verdict.changed else []
        return [*changed, *self._trouble, *self.index.problems]

    def close(self) -> None:
        """Stop reading. The files are closed when the thread has noticed."""
        self._is_stopped = True
        self._wanted.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        for file in {self._file, self._seekable}:
            file.close()

    # -- the thread --------------------------------------------------------------------------------------

    def _run(self, on_change: Callable[[], None]) -> None:
        self._guarded(self._read_all)
        on_change()
        self.verdict = verify(self.path)
        if self.verdict.changed:
            on_change()
        while not self._is_stopped:
            self._wanted.wait()
            self._wanted.clear()
            if not self._is_stopped and self._seekable is self._file and not self.index.is_finished:
                self.is_complete = False
                self._guarded(self._read_on)
                on_change()

    def _guarded(self, work: Callable[[], None]) -> None:
        """Whatever the file does to us becomes a line in `problems`."""
        try:
            work()
        except UnpackError as e:
            self._trouble.append(str(e))
            self.index.finish()
        except OSError as e:
            self._trouble.append(f"cannot be read any further: {e.strerror}")
        except Exception as e:
            self._trouble.append(f"steer cannot read on: {type(e).__name__}")
        self.is_complete = True

    def _read_all(self) -> None:
        status = os.fstat(self._file.fileno())
        is_cached = self._is_indexed and not self.is_growing and status.st_size >= index_cache.MIN_BYTES
        if is_cached and index_cache.load(self.path, status, self.index):
            return
        self._read_whole()
        if (
            is_cached
            and self._seekable is self._file
            and not self._is_stopped
            and self.index.end == status.st_size
        ):
            index_cache.save(self.path, status, self.index)

    def _read_whole(self) -> None:
        start = os.pread(self._file.fileno(), PIECE_BYTES, 0)
        pieces = unpacked(self._file, start)
        if pieces is not None:
            start = next(pieces, b"")
            pieces = chain([start], pieces)
        if not self.is_growing and (format := recognise(start)):
            self._draw(format, pieces or self._pieces())
        elif not self.is_growing and _is_document(start):
            self._rewrite(pieces or self._pieces())
        elif pieces is not None:
            pieces = self._spooled(pieces)
        if not self.index.is_finished:
            for piece in pieces or self._pieces():
                self._feed(piece)
            self._end()

    def _read_on(self) -> None:
        for piece in self._pieces():
            self._feed(piece)
        self._end()

    def _feed(self, piece: bytes) -> None:
        self.index.feed(piece)

    def _end(self) -> None:
        """At the end of the file: what has no line end is taken unless it may still be in the writing."""
        self.size_bytes = os.fstat(self._file.fileno()).st_size
        if not self.is_growing and (self.index.has_rest or self.index.header is None):
            self.index.finish()

    def _pieces(self) -> Iterator[bytes]:
        while not self._is_stopped and (piece := os.read(self._file.fileno(), PIECE_BYTES)):
            yield piece

    def _spooled(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The pieces, written to a temporary file on the way."""
        self._seekable = spool = _temporary()
        for piece in pieces:
            if self._is_stopped:
                return
            _write(spool, piece)
            yield piece

    def _rewrite(self, pieces: Iterator[bytes]) -> None:
        """A document as a recording of lines. Its events are known only when all of it was read."""
        reader = Reader()
        events = [event for piece in pieces for event in reader.feed(piece)]
        events += reader.finish()
        self._trouble += reader.problems
        self._take_instead(v3(reader.header or Header(), events))

    def _draw(self, format: str, pieces: Iterator[bytes]) -> None:
        """An agent's transcript as a recording."""
        self.transcript = format
        detectors = Pipeline()
        reader = reader_for(format)
        drawing = Drawing(self.path.stem, lambda e: [f.title for f in detectors.feed(e) if not f.is_over])
        entries = chain(
            (entry for piece in pieces for entry in reader.feed(piece)),
            (entry for _ in (1,) for entry in reader.finish()),
        )
        events = drawing.draw(entries)
        first = list(islice(events, 1))  # by then the beginning is known
        self._take_instead(v3(drawing.header, chain(first, events)))
        self._trouble += [reader.refusal] if reader.refusal else []
        self._trouble += [f"line {p.line}: {p.text}" if p.line else p.text for p in reader.problems]

    def _take_instead(self, lines: Iterator[bytes]) -> None:
        """A recording of lines made from the file, kept in a temporary one."""
        self._seekable = spool = _temporary()
        for piece in _joined(lines):
            _write(spool, piece)
            self._feed(piece)
        self.index.finish()


def _open(path: Path) -> BinaryIO:
    """Raises `UserError`: a pipe or a device may never end, a folder is no recording."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as e:
        raise UserError(
            f"cannot open {path}: {e.strerror}", "name a recording (.cast, .cast.gz) or a session"
        ) from e
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise UserError(f"{path} is no file", "name a recording (.cast, .cast.gz) or a session")
    return os.fdopen(fd, "rb", buffering=0)


def _temporary() -> BinaryIO:
    return tempfile.TemporaryFile(prefix="steer-replay-", buffering=0)


def _write(file: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def _is_document(start: bytes) -> bool:
    """Whether a file that begins so is one JSON document, or may be: there is no line in it."""
    reader = Reader()
    reader.feed(start)
    is_first_version = reader.header is not None and reader.header.version == 1
    return reader.is_document or is_first_version or (bool(start) and b"\n" not in start)


def _joined(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The lines in pieces of about `PIECE_BYTES`."""
    piece = bytearray()
    for line in lines:
        piece += line
        if len(piece) >= PIECE_BYTES:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)


def began_at(path: Path) -> float:
    """When the recording began, in seconds since the epoch; 0 where it does not tell or cannot be read."""
    try:
        with path.open("rb") as f:
            reader = Reader()
            reader.feed(f.readline(65536))
            return reader.header.timestamp if reader.header else 0.0
    except OSError:
        return 0.0
