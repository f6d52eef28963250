"""The emulator port: rows, replies, signals, keys. The emulator itself is libghostty's own business."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steer.model.session import Activity
from steer.term.emulator import Bell, Emulator, Notification
from steer.term.status import Status

_ROW = re.compile(r"(?:[^\x00-\x1f\x7f-\x9f]|\x1b\[[0-9;:]*m)*")


def test_rows_are_self_contained() -> None:
    e = Emulator(20, 4)
    e.feed(b"\x1b[31mred\r\nstill red\x1b[0m plain")
    rows = e.rows()
    assert len(rows) == 4
    assert rows[0].startswith("\x1b[0m\x1b[38;5;1m")
    assert rows[0].endswith("\x1b[0m")
    assert rows[1].startswith("\x1b[0m\x1b[38;5;1m")
    assert rows[1].endswith("plain")
    assert rows[2:] == ["", ""]


_PIECES = (
    b"\x1b[",
    b"\x1b]8;;http://x\x07",
    b"\x1b]0;t\x07",
    b"\x1b[?1049h",
    b"\x1b[38:2::1:2:3m",
    "e\u0301\u200d\u9b1c".encode(),
    "\x9b31m\x7f\x85".encode(),
    b"\x1bP",
    b"\x9b31m",
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=40) | st.sampled_from(_PIECES), max_size=20))
def test_rows_hold_nothing_but_text_and_colours(chunks: list[bytes]) -> None:
    e = Emulator(30, 6)
    for chunk in chunks:
        e.feed(chunk)
    rows = e.rows()
    assert len(rows) == 6
    for row in rows:
        assert _ROW.fullmatch(row), row


def test_queries_are_answered_from_a_closed_set() -> None:
    e = Emulator()
    e.feed(b"\x1b[c\x1b[6n\x1b[?2026$p\x1b]7501;?\x1b\\")
    assert e.take_replies() == b"\x1b[?62;22c\x1b[1;1R\x1b[?2026;2$y\x1b]7501;?\x1b\\"
    assert e.take_replies() == b""


@pytest.mark.parametrize(
    "question",
    [
        b"\x1b]0;payload\x07\x1b[21t",
        b"\x1bP$qpayload\x1b\\",
        b"\x1bP+q7061796c6f6164\x1b\\",
        b"\x1b]52;c;?\x07",
        b"\x1b]50;payload\x07",
        b"\x05",
        b"\x1b_Gi=1,a=q;payload\x1b\\",
    ],
)
def test_no_answer_carries_bytes_of_the_question(question: bytes) -> None:
    e = Emulator()
    e.feed(question)
    answer = e.take_replies()
    assert b"payload" not in answer
    assert b"7061796c6f6164" not in answer


def test_status_protocol_and_notifications_become_signals() -> None:
    e = Emulator()
    e.feed(b"\x1b]7501;state=blocked:kind=permission:msg=cnVuIGl0Pw==\x1b\\\x07\x1b]9;look\x07")
    status, bell, note = e.take_signals()
    assert status == Status(Activity.ASKING, "run it?", "permission", False)
    assert isinstance(bell, Bell)
    assert isinstance(note, Notification)
    assert note.body == "look"


@pytest.mark.parametrize(
    "body", [b"7501;", b"7501;state=", b"7501;state=dancing", b"7501;msg=%%%", b"7501;state=working:msg=@@"]
)
def test_odd_status_reports_do_no_harm(body: bytes) -> None:
    e = Emulator()
    e.feed(b"\x1b]" + body + b"\x07")
    assert all(isinstance(s, Status) for s in e.take_signals())


@pytest.mark.parametrize(
    ("name", "character", "data"),
    [
        ("a", "a", b"a"),
        ("A", "A", b"A"),
        ("ctrl+a", None, b"\x01"),
        ("enter", "\r", b"\r"),
        ("up", None, b"\x1b[A"),
        ("shift+tab", None, b"\x1b[Z"),
        ("full_stop", ".", b"."),
        ("ctrl+underscore", None, b"\x1f"),
        ("ctrl+@", None, b"\x00"),
        ("alt+b", "b", b"\x1bb"),
        ("é", "é", "é".encode()),
        ("escape", "\x1b", b"\x1b"),
        ("no_such_key", None, b""),
    ],
)
def test_keys_in_the_plain_encoding(name: str, character: str | None, data: bytes) -> None:
    assert Emulator().encode_key(name, character) == data


def test_keys_follow_the_modes_the_program_set() -> None:
    e = Emulator()
    e.feed(b"\x1b[?1h")
    assert e.encode_key("up", None) == b"\x1bOA"
    e.feed(b"\x1b[>1u")
    assert e.encode_key("ctrl+i", None) == b"\x1b[105;5u"
    assert e.modes.kitty_flags == 1


def test_mouse_goes_only_to_programs_that_want_it() -> None:
    e = Emulator()
    assert e.encode_mouse("press", 1, 3, 2, 0) == b""
    e.feed(b"\x1b[?1000h\x1b[?1006h")
    assert e.modes.has_mouse
    assert e.encode_mouse("press", 1, 3, 2, 0) == b"\x1b[<0;4;3M"
    assert e.encode_mouse("release", 1, 3, 2, 0) == b"\x1b[<0;4;3m"
    assert e.encode_mouse("press", 4, 3, 2, 0) == b"\x1b[<64;4;3M"


def test_scrolled_view_and_search_lines_agree() -> None:
    e = Emulator(20, 5)
    e.feed(b"".join(b"line %d\r\n" % i for i in range(100)))
    assert e.history == 96
    assert e.view(0) == e.rows()
    assert e.view(10)[0] == e.lines()[86] == "line 86"
    assert e.view(10_000)[0] == "line 0"
    assert e.text((3, 0), (4, 5)) == "line 3\nline 4"


def test_cursor_shape_title_and_synchronized_output() -> None:
    e = Emulator(20, 5)
    e.feed(b"\x1b]2;hello\x07\x1b[5 q\x1b[2;3H\x1b[?25l\x1b[?2026h")
    assert e.title == "hello"
    assert (e.cursor.x, e.cursor.y, e.cursor.is_visible, e.cursor.style) == (2, 1, False, "bar")
    assert e.is_held


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.lists(st.tuples(st.integers(-5, 2000), st.integers(-5, 1000)), max_size=4))
def test_dump_recreates_the_screen(data: bytes, sizes: list[tuple[int, int]]) -> None:
    e = Emulator(30, 8)
    e.feed(data)
    for cols, rows in sizes:
        e.resize(cols, rows)
    e.feed(b"\x1b\\\x18")  # end whatever sequence is open
    twin = Emulator(e.cols, e.rows_count)
    twin.feed(e.dump())
    assert [r.rstrip() for r in twin.rows()] == [r.rstrip() for r in e.rows()]
