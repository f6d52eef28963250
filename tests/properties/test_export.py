"""A secret of a recording is neither in the bytes of its export nor on the screen when that is played."""

from __future__ import annotations

import string

from hypothesis import given, settings
from hypothesis import strategies as st

from steer.export.cast_file import v3
from steer.export.conceal import PIECE, Secrets
from steer.export.redraw import learn, redrawn
from steer.record import cast
from steer.record.reader import Event, Header, Kind, Reader
from steer.redact import find
from steer.replay.index import perform
from steer.replay.keyframe import blank

BODY = st.text(string.ascii_letters + string.digits, min_size=36, max_size=44).filter(
    lambda t: len(set(t)) > 12
)
SECRETS = st.one_of(
    BODY.map(lambda body: ("see ghp_", body)),
    BODY.map(lambda body: ("export API_KEY=", body)),
    BODY.map(lambda body: ("> sk-ant-api03-", body)),
    BODY.map(lambda body: ("https://someone:", body + "@example.com/x")),
)
NOISE = st.sampled_from(
    ["", "", "", "\x1b[1m", "\x1b[38;5;4m", "\x1b[0m", "\x1b[?25l", "\x1b]0;t\x07", "\x1b[7m", "\0"]
)
WORDS = st.lists(
    st.sampled_from(["words ", "a longer line of words\r\n", "日本 ", "\r\n", "\x1b[2C"]), max_size=6
)


def events_of(text: str, cuts: list[int], gap: float) -> list[Event]:
    """`text` in pieces whose lengths are `cuts`, over and over."""
    data, events, at, i = text.encode(), [], 0.0, 0
    while data:
        n = cuts[i % len(cuts)]
        events.append(Event(at, Kind.OUTPUT, data[:n]))
        data, at, i = data[n:], at + gap, i + 1
    return events


def exported(header: Header, events: list[Event]) -> list[Event]:
    secrets = Secrets(find)
    learn(header, lambda: events, secrets)
    return list(redrawn(header, events, secrets))


def assert_nowhere(header: Header, out: list[Event], body: str) -> None:
    """No piece of `body` in the bytes, nor in what is read on the screen after any event."""
    pieces = {body[i : i + PIECE] for i in range(len(body) - PIECE + 1)}
    emulator = blank(header)
    for event in out:
        raw = event.data.decode("utf-8")
        perform(emulator, [event])
        shown = emulator.plain(0, emulator.history + emulator.rows_count - 1)
        for text in (raw, shown, shown.replace("\n", "")):
            assert not any(piece in text for piece in pieces), (text, body)


@settings(max_examples=150, deadline=None)
@given(
    SECRETS,
    WORDS,
    WORDS,
    st.lists(NOISE, min_size=1, max_size=7),
    st.lists(st.integers(1, 30), min_size=1, max_size=5),
    st.integers(24, 100),
    st.integers(3, 12),
    st.sampled_from([0.0, 0.01, 0.2]),
)
def test_a_secret_is_nowhere_in_the_export(
    secret: tuple[str, str], before: list[str], after: list[str], noise: list[str], cuts: list[int],
    cols: int, rows: int, gap: float,
) -> None:  # fmt: skip
    head, body = secret
    loud = "".join(char + noise[i % len(noise)] for i, char in enumerate(head + body))
    text = "".join(before) + loud + " " + "".join(after)
    header = Header(cols=cols, rows=rows)
    assert_nowhere(header, exported(header, events_of(text, cuts, gap)), body.partition("@")[0])


@settings(max_examples=60, deadline=None)
@given(BODY, st.integers(30, 70), st.integers(0, 3), st.sampled_from(["│ ", "  ", "> "]))
def test_nor_where_a_program_wraps_it_in_a_frame(body: str, cols: int, margin: int, edge: str) -> None:
    token, width = "ghp_" + body, cols - 2 * len(edge) - margin
    lines = [token[i : i + width] for i in range(0, len(token), width)]
    text = "\r\n".join(f"{edge}{line.ljust(width)} │" for line in lines)
    header = Header(cols=cols, rows=8)
    out = exported(header, [Event(0.0, Kind.OUTPUT, text.encode())])
    assert_nowhere(header, out, body)


@settings(max_examples=60, deadline=None)
@given(BODY, st.integers(20, 60), st.integers(1, 9))
def test_nor_while_it_is_typed_or_rubbed_out(body: str, cols: int, gone: int) -> None:
    keys = ["$ key ghp_", *body, *["\b \b"] * gone, "\r\n", "done\r\n" * 9]
    events = [Event(i * 0.1, Kind.OUTPUT, key.encode()) for i, key in enumerate(keys)]
    header = Header(cols=cols, rows=6)
    assert_nowhere(header, exported(header, events), body)


@given(BODY)
def test_nor_in_titles_links_clipboards_markers_or_what_was_typed(body: str) -> None:
    token = f"ghp_{body}"
    events = [
        Event(0.0, Kind.OUTPUT, f"\x1b]2;{token}\x07\x1b]8;;https://x/{token}\x07link\x1b]8;;\x07".encode()),
        Event(0.1, Kind.OUTPUT, f"\x1b]52;c;{token}\x07\x1bP{token}\x1b\\shown".encode()),
        Event(0.2, Kind.INPUT, token.encode()),
        Event(0.3, Kind.MARKER, text=f"inject {token}"),
    ]
    out = exported(Header(cols=30, rows=4, title=token), events)
    assert any(e.kind is Kind.MARKER for e in out) and not any(e.kind is Kind.INPUT for e in out)
    assert not any(body[:PIECE] in e.data.decode() + e.text for e in out)


STEPS = st.lists(
    st.sampled_from([b"word ", b"line\r\n", b"\x1b[31m", b"\x1b[0m", b"\x1b[2J",
                     b"\x1b[H", b"\x1b[?1049h", b"\x1b[?1049l",
                     b"\n" * 9, "日本".encode(), b"\x1b[2;3r", b"\x1bM", b"\x1bc", b"\x1b[7m x \x1b[K", b"\x1b[5;9H"]),
    max_size=60)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(STEPS, st.integers(2, 40), st.integers(2, 10))
def test_where_nothing_is_secret_the_screens_are_the_same(steps: list[bytes], cols: int, rows: int) -> None:
    header = Header(cols=cols, rows=rows)
    events = [Event(i * 0.1, Kind.OUTPUT, step) for i, step in enumerate(steps)]
    out = {event.at: event for event in exported(header, events)}
    theirs, ours = blank(header), blank(header)
    for event in events:
        perform(theirs, [event])
        if event.at in out:
            perform(ours, [out[event.at]])
        assert (ours.rows(), ours.cursor, ours.modes.is_alternate) == (
            theirs.rows(), theirs.cursor, theirs.modes.is_alternate)  # fmt: skip


def small_recording() -> bytes:
    encoder = cast.Encoder()
    parts = [encoder.output(0.5, b"one\r\n\x1b[1mtwo"), encoder.marker(1.0, "flag: x"), encoder.resize(1.5, 30, 5),
             encoder.output(2.0, b"\xff\xfe"), encoder.exit(3.0, 0)]  # fmt: skip
    return b"".join([cast.header(20, 4, 1_700_000_000), *parts])


def opens(data: bytes) -> None:
    """Reading, playing and exporting work, and whatever is wrong is told in single lines."""
    reader = Reader()
    events = reader.feed(data) + reader.finish()
    header = reader.header or Header()
    assert all("\n" not in problem for problem in reader.problems)
    written = b"".join(v3(header, exported(header, events)))
    again = Reader()
    again.feed(written)
    again.finish()
    assert again.problems == []


def test_every_truncation_opens_and_exports() -> None:
    data = small_recording()
    for end in range(len(data) + 1):
        opens(data[:end])


def test_every_flipped_bit_opens_and_exports() -> None:
    data = small_recording()
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        opens(bytes(damaged))
