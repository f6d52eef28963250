"""Read asciicast v1, v2 and v3 however damaged: what is whole is returned, the rest is counted and described.

Bytes come in by `feed`, events come out; nothing here raises on any input. Recordings are untrusted: sizes,
times, line lengths and nesting are bounded, and problems never quote the file.
Formats: https://docs.asciinema.org/manual/asciicast/v1/ and .../v2/ and .../v3/; `b` events: see `cast.py`.
"""

from __future__ import annotations

import binascii
import json
import math
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from steer.record.cast import BEGAN

MAX_LINE_BYTES = 16 << 20
MAX_DOCUMENT_BYTES = (
    16 << 20
)  # a v1 recording is one JSON document and has to be held whole, in 30 times the memory
MAX_AT_S = 100 * 365 * 86400.0
COLS = (2, 1000)
ROWS = (1, 500)

_decode = json.JSONDecoder(
    strict=False
).decode  # strict=False: raw control characters in strings are readable
_SIZE = re.compile(r"\s*(\d{1,9})\s*[xX]\s*(\d{1,9})\s*\Z", re.ASCII)
_VERSION = re.compile(rb'"version"\s*:\s*([123])\b')
_JUNK = b" \t\r\n\0"


class Kind(StrEnum):
    OUTPUT = "output"
    INPUT = "input"
    RESIZE = "resize"
    MARKER = "marker"
    EXIT = "exit"


@dataclass(frozen=True, slots=True)
class Event:
    """`at`: seconds since the recording began, never decreasing. `kind` says which other fields count."""

    at: float
    kind: Kind
    data: bytes = b""  # output, input
    cols: int = 0  # resize
    rows: int = 0
    text: str = ""  # marker
    status: int | None = None  # exit: negative is a signal; None when the file does not say


@dataclass(frozen=True, slots=True)
class Header:
    version: int = 3
    cols: int = 80
    rows: int = 24
    timestamp: float = 0.0  # seconds since the epoch; 0: not told
    title: str = ""
    term: str = ""
    env: dict[str, str] = field(default_factory=dict)


class Reader:
    """Incremental: `feed` bytes as they come, `finish` at the end of the file.

    A file may be read from the middle (a line boundary) by giving its `header` and the time `at` of the last
    event before it. `header` is None until the first line is understood or given up.
    """

    def __init__(self, header: Header | None = None, at: float = 0.0) -> None:
        self.header = header
        self.at = at
        self.lines = 0  # lines seen so far
        self._buffer = bytearray()
        self._document: bytearray | None = None  # a first line that goes on: perhaps a v1 recording
        self._is_skipping = False  # inside a line over the limit
        self._has_exact = False  # the line before was a good `b` event: its `o` twin is not for us
        self._notes: dict[str, tuple[int, int]] = {}  # text -> (first line, count)

    @property
    def is_document(self) -> bool:
        """Reading what looks like one JSON document (version 1): events come when it is whole."""
        return self._document is not None

    @property
    def can_restart(self) -> bool:
        """Everything fed so far has become events: another reader could go on from here."""
        is_between = self._buffer or self._is_skipping or self._has_exact or self.is_document
        return self.header is not None and not is_between

    @property
    def problems(self) -> list[str]:
        """What was wrong, one line per kind of damage, with the number of the first line that had it."""
        return [
            f"line {line}: {text}" + (f" (and {count - 1} more)" if count > 1 else "")
            for text, (line, count) in self._notes.items()
        ]

    def feed(self, data: bytes) -> list[Event]:
        """Events completed by `data`, in order."""
        if self._document is not None:
            return self._feed_document(data)
        self._buffer += data
        head, newline, rest = self._buffer.rpartition(b"\n")
        if not newline:
            self._bound_buffer()
            return []
        self._buffer = rest
        events = self._read_lines(head.split(b"\n"))
        if self._document is not None:
            self._document += self._buffer
            self._buffer.clear()
        self._bound_buffer()
        return events

    def finish(self) -> list[Event]:
        """Events of what was left without a line end. The reader is of no more use afterwards."""
        events: list[Event] = []
        if self._document is not None:
            events += self._end_document()
        tail, self._buffer = bytes(self._buffer), bytearray()
        if tail.strip(_JUNK) and not self._is_skipping:
            events += self._read_tail(tail)
        if self.header is None:
            self._note("the header is missing")
            self.header = Header()
        return events

    def _read_tail(self, tail: bytes) -> list[Event]:
        if self.header is None:
            events = self._read_lines([tail])
            return events + (self._end_document() if self._document is not None else [])
        if _parse(tail) is None:
            self.lines += 1
            self._note("the last line is cut off")
            return []
        return self._read_lines([tail])

    def _read_lines(self, lines: list[bytearray] | list[bytes]) -> list[Event]:
        events: list[Event] = []
        for i, line in enumerate(lines):
            if self._document is not None:
                return events + self._feed_document(b"\n".join(lines[i:]) + b"\n")
            self.lines += 1
            if self._is_skipping:
                self._is_skipping = False
                continue
            events += self._read_line(bytes(line))
        return events

    def _bound_buffer(self) -> None:
        limit = MAX_LINE_BYTES if self.header is not None else MAX_DOCUMENT_BYTES
        if len(self._buffer) > limit or self._is_skipping:
            if not self._is_skipping:
                self._note("longer than 16 MiB, dropped", self.lines + 1)
            self._buffer.clear()
            self._is_skipping = True

    def _read_line(self, raw: bytes) -> list[Event]:
        line = raw.strip(_JUNK)
        if self.header is None:
            return self._read_first(line)
        has_exact, self._has_exact = self._has_exact, False
        if not line or line.startswith(b"#"):
            if b"\0" in raw:
                self._note("NUL bytes, skipped")
            return []
        if len(line) > MAX_LINE_BYTES:
            self._note("longer than 16 MiB, dropped")
            return []
        value = _parse(line)
        if not isinstance(value, list) or len(value) < 3 or not isinstance(value[1], str):
            self._note("not an event, skipped")
            return []
        if has_exact and value[1] == "o":
            return []
        event = self._event(value[0], value[1], value[2])
        return [event] if event else []

    def _read_first(self, line: bytes) -> list[Event]:
        line = line.removeprefix(b"\xef\xbb\xbf").strip(_JUNK)
        if not line:
            return []
        value = _parse(line)
        if isinstance(value, dict):
            return self._take_header(value)
        if line.startswith(b"{") and not line.endswith(b"}"):
            self._document = bytearray(line + b"\n")
            return []
        return self._give_up_header(line)

    def _take_header(self, value: dict[str, Any]) -> list[Event]:
        version = value.get("version")
        if version not in (1, 2, 3):
            self._note("unknown version of the format, read as version 3")
            version = 3
        self.header = _header(int(version), value)
        if _is_clamped(value, self.header):
            self._note("absurd terminal size in the header, clamped")
        return self._read_v1(value) if version == 1 else []

    def _give_up_header(self, line: bytes) -> list[Event]:
        """The first line is damaged: take a plain header, and the line itself where it is an event."""
        self._note("the header cannot be read")
        found = _VERSION.search(line)
        self.header = Header(version=int(found[1]) if found else 3)
        value = _parse(line)
        return self._read_line(line) if isinstance(value, list) else []

    def _feed_document(self, data: bytes) -> list[Event]:
        assert self._document is not None
        self._document += data
        return self._end_document() if len(self._document) > MAX_DOCUMENT_BYTES else []

    def _end_document(self) -> list[Event]:
        """The first line went on: it is a v1 document, or the damaged header of a file of lines."""
        document, self._document = bytes(self._document or b""), None
        value = _parse(document)
        if isinstance(value, dict):
            return self._take_header(value)
        first, _, rest = document.partition(b"\n")
        events = self._give_up_header(first)
        return events + self.feed(rest)

    def _read_v1(self, value: dict[str, Any]) -> list[Event]:
        frames = value.get("stdout")
        if not isinstance(frames, list):
            self._note("a version 1 recording without output")
            return []
        events = []
        for frame in frames:
            if isinstance(frame, list) and len(frame) >= 2:
                event = self._event(frame[0], "o", frame[1])
                events += [event] if event else []
            else:
                self._note("not a frame, skipped")
        return events

    def _event(self, when: Any, code: str, data: Any) -> Event | None:
        """The event, or None where its code is unknown (a newer writer's) or its data is unusable."""
        self.at = self._time(when)
        if not isinstance(data, str):
            self._note("event without text, skipped")
            return None
        if code == "o":
            return Event(self.at, Kind.OUTPUT, _bytes(data))
        if code == "b":
            return self._exact(data)
        if code == "i":
            return Event(self.at, Kind.INPUT, _bytes(data))
        if code == "m":
            return Event(self.at, Kind.MARKER, text=_bytes(data).decode())
        if code == "r":
            return self._resize(data)
        return Event(self.at, Kind.EXIT, status=_status(data)) if code == "x" else None

    def _exact(self, data: str) -> Event | None:
        try:
            exact = binascii.a2b_base64(data, strict_mode=True)
        except ValueError:  # binascii.Error is one, and so is text that is not ASCII
            self._note("damaged bytes, shown with replacement characters")
            return None
        self._has_exact = True
        return Event(self.at, Kind.OUTPUT, exact)

    def _resize(self, data: str) -> Event | None:
        found = _SIZE.match(data)
        if not found:
            self._note("resize without a size, skipped")
            return None
        cols, rows = clamp(int(found[1]), COLS), clamp(int(found[2]), ROWS)
        if (cols, rows) != (int(found[1]), int(found[2])):
            self._note("absurd terminal size, clamped")
        return Event(self.at, Kind.RESIZE, cols=cols, rows=rows)

    def _time(self, when: Any) -> float:
        """Absolute time of an event; v2 tells it absolute, the others since the event before."""
        assert self.header is not None
        value = _number(when)
        at = value if self.header.version == 2 else self.at + value
        if self.at <= at <= MAX_AT_S:
            return at
        self._note("impossible time, clamped")
        return self.at

    def _note(self, text: str, line: int = 0) -> None:
        first, count = self._notes.get(text, (line or max(self.lines, 1), 0))
        self._notes[text] = (first, count + 1)


def clamp(value: int, bounds: tuple[int, int]) -> int:
    return min(max(value, bounds[0]), bounds[1])


def _parse(line: bytes) -> Any:
    """The JSON value in `line`, or None."""
    try:
        return _decode(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def _number(value: Any) -> float:
    """`value` as a float; NaN for anything that is no number, so that it fails every comparison."""
    try:
        return float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        return math.inf


def _bytes(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:  # a lone surrogate written as an escape
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _status(text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?\d{1,9}", text.strip(), re.ASCII) else None


def _header(version: int, value: dict[str, Any]) -> Header:
    cols, rows = _told_size(value)
    term, env = value.get("term"), value.get("env")
    env = {str(k): v for k, v in env.items() if isinstance(v, str)} if isinstance(env, dict) else {}
    kind = term.get("type") if isinstance(term, dict) else env.get("TERM")
    title, timestamp = value.get("title"), _number(value.get("timestamp"))
    return Header(
        version=version,
        cols=clamp(cols, COLS),
        rows=clamp(rows, ROWS),
        timestamp=_began(timestamp, _number(value.get(BEGAN))),
        title=_bytes(title).decode() if isinstance(title, str) else "",
        term=kind if isinstance(kind, str) else "",
        env=env,
    )


def _began(whole: float, exact: float) -> float:
    """Seconds since the epoch; 0 where it is not told."""
    if not 0 < whole < 1e12:
        return 0.0
    return exact if 0 <= exact - whole < 1 else whole


def _told_size(value: dict[str, Any]) -> tuple[int, int]:
    """(cols, rows) as the header tells them, whatever they are; 80x24 where it does not."""
    term = value.get("term")
    cols, rows = value.get("width"), value.get("height")
    if isinstance(term, dict):
        cols, rows = term.get("cols", cols), term.get("rows", rows)
    return (cols if isinstance(cols, int) else 80, rows if isinstance(rows, int) else 24)


def _is_clamped(value: dict[str, Any], header: Header) -> bool:
    return _told_size(value) != (header.cols, header.rows)
