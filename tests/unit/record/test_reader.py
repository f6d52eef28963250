"""The reader: three versions of the format, and everything that can be wrong with a file."""

import json
from pathlib import Path

import pytest

from steer.record import cast
from steer.record.reader import MAX_LINE_BYTES, Event, Kind, Reader

V3 = b'{"version":3,"term":{"cols":90,"rows":30,"type":"xterm"},"timestamp":5,"title":"t"}\n'


def read(data: bytes) -> tuple[list[Event], Reader]:
    reader = Reader()
    return reader.feed(data) + reader.finish(), reader


def output(events: list[Event]) -> bytes:
    return b"".join(e.data for e in events if e.kind is Kind.OUTPUT)


def test_version_3() -> None:
    events, reader = read(
        V3
        + b'[0.5,"o","a"]\n# note\n\n[1,"i","k"]\n[1,"r","100x40"]\n[0,"m","here"]\n'
        + b'[0,"x","3"]\n[0,"z","new"]\n'
    )
    assert events == [
        Event(0.5, Kind.OUTPUT, b"a"),
        Event(1.5, Kind.INPUT, b"k"),
        Event(2.5, Kind.RESIZE, cols=100, rows=40),
        Event(2.5, Kind.MARKER, text="here"),
        Event(2.5, Kind.EXIT, status=3),
    ]
    assert reader.header and (reader.header.cols, reader.header.rows, reader.header.term) == (90, 30, "xterm")
    assert reader.problems == []


def test_version_2_has_absolute_times() -> None:
    events, reader = read(b'{"version":2,"width":70,"height":20}\r\n[1.0,"o","a"]\r\n[2.5,"o","b"]\r\n')
    assert [(e.at, e.data) for e in events] == [(1.0, b"a"), (2.5, b"b")]
    assert reader.header and reader.header.cols == 70
    assert reader.problems == []


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_version_1_is_one_document(indent: int | None, step: int) -> None:
    document = {"version": 1, "width": 81, "height": 25, "stdout": [[0.5, "a"], [1, "b"]], "title": "x"}
    data = json.dumps(document, indent=indent).encode()
    reader = Reader()
    events = [e for i in range(0, len(data), step) for e in reader.feed(data[i : i + step])] + reader.finish()
    assert [(e.at, e.data) for e in events] == [(0.5, b"a"), (1.5, b"b")]
    assert reader.header and (reader.header.version, reader.header.cols) == (1, 81)
    assert reader.problems == []


def test_exact_bytes_win_over_their_twin() -> None:
    encoder = cast.Encoder()
    events, reader = read(V3 + encoder.output(0, b"\xff") + encoder.output(1, b"b"))
    assert [(e.at, e.data) for e in events] == [(0.0, b"\xff"), (1.0, b"b")]
    assert reader.problems == []


def test_damaged_exact_bytes_leave_the_twin() -> None:
    events, reader = read(V3 + b'[0,"b","!!"]\n[0,"o","x"]\n')
    assert output(events) == b"x"
    assert reader.problems == ["line 2: damaged bytes, shown with replacement characters"]


def test_a_byte_order_mark_and_windows_line_ends() -> None:
    events, reader = read(b"\xef\xbb\xbf" + V3.replace(b"\n", b"\r\n") + b'[0,"o","a"]\r\n')
    assert output(events) == b"a"
    assert reader.problems == []


def test_a_torn_last_line_is_told() -> None:
    events, reader = read(V3 + b'[0,"o","a"]\n[0.1,"o","b')
    assert output(events) == b"a"
    assert reader.problems == ["line 3: the last line is cut off"]


def test_a_whole_last_line_without_its_end_is_read() -> None:
    events, reader = read(V3 + b'[0,"o","a"]')
    assert output(events) == b"a"
    assert reader.problems == []


def test_garbage_between_is_counted_and_skipped() -> None:
    junk = b'\0\0\0\nnonsense\n{"a":1}\n[1]\n[0,7,"o"]\n[0,"o",5]\n'
    events, reader = read(V3 + b'[0,"o","a"]\n' + junk + b'\0\0[0,"o","b"]\n')
    assert output(events) == b"ab"
    assert reader.problems == [
        "line 3: NUL bytes, skipped",
        "line 4: not an event, skipped (and 3 more)",
        "line 8: event without text, skipped",
    ]


@pytest.mark.parametrize("when", ["-5", "NaN", "Infinity", "1e308", "1e999", '"x"', "null", "1" + "0" * 400])
def test_impossible_times_count_as_no_time(when: str) -> None:
    events, reader = read(V3 + f'[1,"o","a"]\n[{when},"o","b"]\n[1,"o","c"]\n'.encode())
    assert [(e.at, e.data) for e in events] == [(1.0, b"a"), (1.0, b"b"), (2.0, b"c")]
    assert reader.problems == ["line 3: impossible time, clamped"]


def test_absurd_sizes_are_clamped() -> None:
    events, reader = read(
        b'{"version":3,"term":{"cols":2000000000,"rows":0}}\n[0,"r","0x999999"]\n[0,"r","big"]\n'
    )
    assert reader.header and (reader.header.cols, reader.header.rows) == (1000, 1)
    assert [(e.cols, e.rows) for e in events] == [(2, 500)]
    assert len(reader.problems) == 3


def test_a_line_over_the_limit_is_dropped_in_bounded_memory() -> None:
    reader = Reader()
    events = reader.feed(V3 + b'[0,"o","a"]\n[0,"o","')
    for _ in range(MAX_LINE_BYTES // (1 << 20) + 3):
        events += reader.feed(b"x" * (1 << 20))
        assert len(reader._buffer) <= MAX_LINE_BYTES + (1 << 20)
    events += reader.feed(b'"]\n[0,"o","b"]\n')
    assert output(events + reader.finish()) == b"ab"
    assert reader.problems == ["line 3: longer than 16 MiB, dropped"]


def test_nesting_bombs_are_garbage() -> None:
    bomb = b"[" * 200_000
    events, reader = read(V3 + bomb + b"\n" + b'{"a":' * 200_000 + b'\n[0,"o","a"]\n')
    assert output(events) == b"a"
    assert reader.problems == ["line 2: not an event, skipped (and 1 more)"]
    assert read(bomb)[0] == [] and read(b'{"a":' * 200_000)[0] == []


@pytest.mark.parametrize(
    "first", [b"", b"\xff\xfe\x00garbage\n", b'{"version":3,"term":{"cols":8\n', b"null\n"]
)
def test_without_a_good_header_the_events_are_still_read(first: bytes) -> None:
    events, reader = read(first + b'[1,"o","a"]\n[1,"o","b"]\n')
    assert [(e.at, e.data) for e in events] == [(1.0, b"a"), (2.0, b"b")]
    assert reader.problems == ["line 1: the header cannot be read"]


def test_a_damaged_header_still_tells_its_version() -> None:
    events, _ = read(b'{"version": 2, "width": 8\n[1,"o","a"]\n[2,"o","b"]\n')
    assert [e.at for e in events] == [1.0, 2.0]


def test_an_empty_file_has_no_header() -> None:
    events, reader = read(b"")
    assert events == []
    assert reader.problems == ["line 1: the header is missing"]


def test_a_version_from_the_future_is_tried() -> None:
    events, reader = read(b'{"version":99}\n[1,"o","a"]\n')
    assert output(events) == b"a"
    assert reader.problems == ["line 1: unknown version of the format, read as version 3"]


def test_lone_surrogates_become_replacement_characters() -> None:
    events, _ = read(V3 + b'[0,"o","a\\ud800b"]\n[0,"o","\\ud83d\\ude00"]\n')
    assert output(events) == "a\ufffdb😀".encode()


def test_reading_from_the_middle() -> None:
    encoder = cast.Encoder()
    first, second = encoder.output(1, b"a"), encoder.output(3, b"b")
    whole = Reader()
    whole.feed(V3 + first)
    tail = Reader(header=whole.header, at=whole.at)
    assert tail.feed(second) == [Event(3.0, Kind.OUTPUT, b"b")]


def test_recordings_of_others(tmp_path: Path) -> None:
    """A file as asciinema 2 writes it, field for field."""
    header = '{"version": 2, "width": 212, "height": 53, "timestamp": 1509091818, "env": {"TERM": "screen"}}'
    events, reader = read(f'{header}\n[0.248848, "o", "\\u001b[1;31mHello\\u001b[0m\\n"]\n'.encode())
    assert output(events) == b"\x1b[1;31mHello\x1b[0m\n"
    assert reader.header and reader.header.term == "screen" and reader.header.timestamp == 1509091818
