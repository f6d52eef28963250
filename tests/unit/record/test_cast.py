"""The encoder: what other players read, and the exact bytes beside it."""

import base64
import json
from typing import Any

from steer.record import cast


def lines(data: bytes) -> list[Any]:
    return [json.loads(line) for line in data.splitlines()]


def test_header_tells_the_size_and_only_allowed_environment() -> None:
    (header,) = lines(
        cast.header(80, 24, 1700000000.9, "xterm-256color", "t", {"TERM": "xterm", "API_KEY": "secret"})
    )
    assert header == {
        "version": 3,
        "term": {"cols": 80, "rows": 24, "type": "xterm-256color"},
        "timestamp": 1700000000,
        "steer_began_at": 1700000000.9,
        "title": "t",
        "env": {"TERM": "xterm"},
    }


def test_intervals_are_relative_and_do_not_drift() -> None:
    encoder = cast.Encoder()
    written = b"".join(encoder.output(i / 3, b"x") for i in range(1, 3001))
    assert abs(sum(event[0] for event in lines(written)) - 1000) < 1e-5


def test_time_running_backwards_counts_as_no_time() -> None:
    encoder = cast.Encoder()
    assert lines(encoder.marker(5.0, "a") + encoder.marker(4.0, "b") + encoder.marker(6.0, "c")) == [
        [5.0, "m", "a"],
        [0.0, "m", "b"],
        [1.0, "m", "c"],
    ]


def test_a_cut_character_waits_for_its_rest() -> None:
    encoder = cast.Encoder()
    euro = "€".encode()
    assert lines(encoder.output(0, b"a" + euro[:2])) == [[0.0, "o", "a"]]
    assert encoder.held == euro[:2]
    assert lines(encoder.output(1, euro[2:])) == [[1.0, "o", "€"]]
    assert encoder.held == b""


def test_flush_writes_what_waits() -> None:
    encoder = cast.Encoder()
    assert encoder.output(0, b"\xe2\x82") == b""
    exact, shown = lines(encoder.flush(0.5))
    assert exact == [0.5, "b", base64.b64encode(b"\xe2\x82").decode()]
    assert shown == [0.0, "o", "\ufffd"]
    assert encoder.flush(1) == b""


def test_bytes_that_are_no_text_are_kept_beside_what_players_show() -> None:
    exact, shown = lines(cast.Encoder().output(2, b"a\xff\x00b"))
    assert exact == [2.0, "b", base64.b64encode(b"a\xff\x00b").decode()]
    assert shown == [0.0, "o", "a\ufffd\x00b"]


def test_long_output_becomes_several_events() -> None:
    written = cast.Encoder().output(0, b"\x1b" * (3 * cast.MAX_EVENT_BYTES))
    assert len(lines(written)) == 3
    assert max(map(len, written.splitlines())) < 16 << 20


def test_the_other_events() -> None:
    encoder = cast.Encoder()
    written = encoder.resize(0, 90, 30) + encoder.input(0, b"l\xff") + encoder.exit(0, -9)
    assert lines(written) == [[0.0, "r", "90x30"], [0.0, "i", "l\ufffd"], [0.0, "x", "-9"]]


def test_a_lone_surrogate_does_not_stop_the_encoder() -> None:
    assert lines(cast.Encoder().marker(0, "a\udcffb")) == [[0.0, "m", "a\ufffdb"]]
