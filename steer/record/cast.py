"""Write asciicast v3 so that every byte comes back: the half of the recording format that the keeper needs.

Format: https://docs.asciinema.org/manual/asciicast/v3/ (a JSON header line, then one JSON array per event:
interval in seconds since the event before, a code, a string). Output that is not UTF-8 cannot live in a
JSON string, so it is kept in an event with a code of steer's own, `b` (base64 of the exact bytes), right
before the `o` event with replacement characters that other players show. `reader.py` is the inverse.
"""

from __future__ import annotations

import binascii
import codecs
import json
from collections.abc import Mapping

BEGAN = "steer_began_at"  # beside `timestamp`, which the format wants in whole seconds: the exact time
ENV_ALLOWED = ("SHELL", "TERM")  # all of a session's environment that a recording may tell
MAX_EVENT_BYTES = 1 << 20  # one output event; the reader drops lines over 16 MiB and JSON escapes are <= 6x

_quote = json.JSONEncoder(ensure_ascii=False).encode  # for a str this is one call into C


def header(
    cols: int,
    rows: int,
    timestamp: float,
    term: str = "",
    title: str = "",
    env: Mapping[str, str] | None = None,
) -> bytes:
    """The first line of a recording. `timestamp`: seconds since the epoch. Keeps `ENV_ALLOWED` of `env`."""
    size: dict[str, object] = {"cols": cols, "rows": rows}
    if term:
        size["type"] = term
    value: dict[str, object] = {"version": 3, "term": size, "timestamp": int(timestamp)}
    if timestamp != int(timestamp):
        value[BEGAN] = round(timestamp, 6)
    if title:
        value["title"] = title
    kept = {k: env[k] for k in ENV_ALLOWED if k in env} if env else {}
    if kept:
        value["env"] = kept
    return _line(json.dumps(value, ensure_ascii=False))


def _line(text: str) -> bytes:
    """`text` and a line end. Lone surrogates (a title or text from undecodable bytes) become U+FFFD."""
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode() + b"\n"


# What terminal output holds, most frequent pairs first; other control characters are rare enough for `json`.
_ESCAPES = (
    (b"\\", b"\\\\"),
    (b'"', b'\\"'),
    (b"\r\n", b"\\r\\n"),
    (b"\x1b", b"\\u001b"),
    (b"\n", b"\\n"),
    (b"\r", b"\\r"),
    (b"\t", b"\\t"),
)
_RARE = bytes(b for b in range(32) if b not in b"\t\n\r\x1b")
_DENSE = 12  # bytes for each line end from which replacing beats `json`: 190-360 against 120 MB/s, measured


def quote(data: bytes, text: str) -> bytes:
    """`text` (its UTF-8 is `data`) as a JSON string. Replacing in bytes is 2-3 times faster than `json`."""
    if data.count(b"\n") * _DENSE > len(data) or len(data.translate(None, _RARE)) != len(data):
        return _quote(text).encode()
    for plain, escaped in _ESCAPES:
        if plain in data:
            data = data.replace(plain, escaped)
    return b'"' + data + b'"'


class Encoder:
    """Events of one recording to lines. Methods take `at`, seconds since its begin, and return bytes.

    A UTF-8 character cut at the end of an output chunk is kept in `held` (at most 3 bytes) and goes out with
    the next chunk or with `flush`. Time never runs backwards: an earlier `at` counts as the latest one.
    """

    def __init__(self, at: float = 0.0) -> None:
        self.held = b""
        self._last_us = round(at * 1e6)

    def output(self, at: float, data: bytes) -> bytes:
        """Lines for what the program wrote; empty when all of it is held back."""
        data = self.held + data if self.held else data
        self.held = b""
        if len(data) <= MAX_EVENT_BYTES:
            return self._chunk(at, data)
        pieces = [data[i : i + MAX_EVENT_BYTES] for i in range(0, len(data), MAX_EVENT_BYTES)]
        return b"".join(self.output(at, piece) for piece in pieces)

    def _chunk(self, at: float, data: bytes) -> bytes:
        try:
            text, used = codecs.utf_8_decode(data, "strict", False)
            exact = b""
        except UnicodeDecodeError:
            text, used = codecs.utf_8_decode(data, "replace", False)
            exact = self._event(at, "b", binascii.b2a_base64(data[:used], newline=False).decode("ascii"))
        self.held = data[used:]
        if not text:
            return b""
        if exact:
            return exact + self._event(at, "o", text)
        return self._head(at, "o") + quote(data[:used] if self.held else data, text) + b"]\n"

    def flush(self, at: float) -> bytes:
        """Lines for the bytes held back, as they are; call it when no more output is near."""
        data, self.held = self.held, b""
        if not data:
            return b""
        exact = self._event(at, "b", binascii.b2a_base64(data, newline=False).decode("ascii"))
        return exact + self._event(at, "o", data.decode("utf-8", "replace"))

    def input(self, at: float, data: bytes) -> bytes:
        """What was typed. Bytes that are not UTF-8 are replaced: input is for reading, never played back."""
        return self._event(at, "i", data.decode("utf-8", "replace"))

    def resize(self, at: float, cols: int, rows: int) -> bytes:
        return self._event(at, "r", f"{cols}x{rows}")

    def marker(self, at: float, text: str) -> bytes:
        return self._event(at, "m", text)

    def exit(self, at: float, status: int) -> bytes:
        """`status` is negative for death by that signal."""
        return self._event(at, "x", str(status))

    def _event(self, at: float, code: str, data: str) -> bytes:
        return self._head(at, code) + _line(f"{_quote(data)}]")

    def _head(self, at: float, code: str) -> bytes:
        """An event's line up to its data."""
        now = max(round(at * 1e6), self._last_us)
        interval, self._last_us = now - self._last_us, now
        return b'[%d.%06d,"%s",' % (*divmod(interval, 1_000_000), code.encode())
