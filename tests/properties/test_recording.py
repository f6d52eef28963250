"""What is fed to the encoder comes back byte by byte, and no damage makes the reader raise."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steer.record import cast
from steer.record.cast import quote
from steer.record.reader import Event, Kind, Reader

# Mixes of text and binary: plain bytes find little, since almost none of them begin a UTF-8 character.
PIECES = st.one_of(st.binary(max_size=8), st.text(max_size=8).map(lambda s: s.encode("utf-8", "replace")))
STREAM = st.lists(PIECES, max_size=12).map(b"".join)


def small_recording() -> bytes:
    encoder = cast.Encoder()
    return b"".join(
        [
            cast.header(80, 24, 1700000000, "xterm-256color", "title", {"TERM": "xterm"}),
            encoder.output(0.1, "héllo \x1b[31m".encode()),
            encoder.resize(0.2, 100, 30),
            encoder.input(0.3, b"ls\r"),
            encoder.output(0.4, bytes(range(120, 200))),
            encoder.marker(0.5, "marker"),
            encoder.output(0.6, b"bye"),
            encoder.exit(0.7, 0),
        ]
    )


def read(data: bytes, step: int = 1 << 20) -> list[Event]:
    reader = Reader()
    events = [e for i in range(0, len(data), step) for e in reader.feed(data[i : i + step])] + reader.finish()
    assert all("\n" not in problem for problem in reader.problems)
    assert all(b.at >= a.at >= 0 for a, b in pairwise(events))
    assert all(2 <= e.cols <= 1000 and 1 <= e.rows <= 500 for e in events if e.kind is Kind.RESIZE)
    return events


def output(events: list[Event]) -> bytes:
    return b"".join(e.data for e in events if e.kind is Kind.OUTPUT)


@given(STREAM, st.lists(st.integers(1, 7), max_size=40), st.integers(1, 50), st.booleans())
def test_round_trip_for_any_chunking(data: bytes, sizes: list[int], step: int, flushes: bool) -> None:
    encoder, written, rest, at = cast.Encoder(), [cast.header(80, 24, 0)], data, 0.0
    for size in sizes:
        at += 0.25
        written.append(encoder.output(at, rest[:size]))
        assert len(encoder.held) <= 3
        written.append(encoder.flush(at) if flushes else encoder.marker(at, "m"))
        rest = rest[size:]
    written += [encoder.output(at, rest), encoder.flush(at)]
    assert output(read(b"".join(written), step)) == data


def test_truncated_at_every_byte_the_whole_events_are_shown() -> None:
    whole = small_recording()
    events = read(whole)
    for cut in range(len(whole)):
        got = read(whole[:cut])
        assert got == events[: len(got)]
        assert len(got) >= min(whole[:cut].count(b"\n") - 1, 3)
    assert len(events) == 7


@pytest.mark.parametrize("bit", range(8))
def test_any_flipped_bit_leaves_the_rest(bit: int) -> None:
    whole = small_recording()
    full = len(read(whole))
    for i in range(len(whole)):
        damaged = bytearray(whole)
        damaged[i] ^= 1 << bit
        # A line end that is hit joins two lines; one that appears cuts one: two events at most are concerned.
        assert len(read(bytes(damaged))) >= full - 3


@given(st.binary(max_size=400), st.integers(1, 100))
def test_anything_at_all_can_be_read(data: bytes, step: int) -> None:
    read(data, step)


@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [b'{"version":1', b'{"version":3}\n', b'{"version":2,"width":-1}\n', b"[", b"]\n"]
            ),
            st.sampled_from(
                [b'[0,"b","/w=="]\n', b'[0,"o","\xef\xbf\xbd"]\n', b"\0", b"\r\n", b"#\n", b"{\n"]
            ),
            st.sampled_from(
                [b'[1e400,"o","x"]\n', b'[-1,"r","1x1"]\n', b'[0,"x",""]\n', b'"stdout":[[', b"}"]
            ),
        ),
        max_size=20,
    ).map(b"".join),
    st.integers(1, 40),
)
def test_chunking_never_matters(data: bytes, step: int) -> None:
    assert read(data, step) == read(data)


@given(st.text(alphabet=st.sampled_from('ab"\\\n\r\t\x1b\x00\x07\x7f\x85é€🎉 '), max_size=200))
def test_fast_quoting_is_json(text: str) -> None:
    assert json.loads(quote(text.encode(), text)) == text
    assert b"\n" not in quote(text.encode(), text)
