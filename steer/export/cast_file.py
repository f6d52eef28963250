"""Events as asciicast, version 2 or 3, in pieces of bytes."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator

from steer.record import cast
from steer.record.reader import Event, Header, Kind


def v3(header: Header, events: Iterable[Event]) -> Iterator[bytes]:
    """https://docs.asciinema.org/manual/asciicast/v3/; bytes that are not UTF-8 also exactly (see `record.cast`)."""
    yield cast.header(header.cols, header.rows, header.timestamp, header.term, header.title, header.env)
    encoder, last = cast.Encoder(), 0.0
    for event in events:
        last = event.at
        match event.kind:
            case Kind.OUTPUT:
                yield encoder.output(event.at, event.data)
            case Kind.INPUT:
                yield encoder.input(event.at, event.data)
            case Kind.RESIZE:
                yield encoder.resize(event.at, event.cols, event.rows)
            case Kind.MARKER:
                yield encoder.marker(event.at, event.text)
            case Kind.EXIT if event.status is not None:
                yield encoder.exit(event.at, event.status)
    yield encoder.flush(last)


def v2(header: Header, events: Iterable[Event]) -> Iterator[bytes]:
    """https://docs.asciinema.org/manual/asciicast/v2/, which knows no exit status and no bytes but UTF-8."""
    head: dict[str, object] = {"version": 2, "width": header.cols, "height": header.rows}
    if header.timestamp:
        head["timestamp"] = int(header.timestamp)
    if header.title:
        head["title"] = header.title
    env = {key: header.env[key] for key in cast.ENV_ALLOWED if key in header.env}
    if header.term:
        env["TERM"] = header.term
    if env:
        head["env"] = env
    yield _line(head)
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    last = 0.0
    for event in events:
        last = event.at
        match event.kind:
            case Kind.OUTPUT:
                if text := decode(event.data):
                    yield _line([round(event.at, 6), "o", text])
            case Kind.INPUT:
                yield _line([round(event.at, 6), "i", event.data.decode("utf-8", "replace")])
            case Kind.RESIZE:
                yield _line([round(event.at, 6), "r", f"{event.cols}x{event.rows}"])
            case Kind.MARKER:
                yield _line([round(event.at, 6), "m", event.text])
    if rest := decode(b"", True):
        yield _line([round(last, 6), "o", rest])


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
