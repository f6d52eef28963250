"""Which text is covered, and what is told about it."""

from __future__ import annotations

import pytest

from steer.export.conceal import Found, Secrets, cover, summary
from steer.export.frames import Frame, frames
from steer.record.reader import Event, Header, Kind
from steer.redact import find
from steer.replay.clock import clock

TOKEN = "ghp_0123456789abcdefABCDEF0123456789abcd"


def covered(secrets: Secrets, rows: list[str], cols: int) -> list[str]:
    return [cover(row, spans) for row, spans in zip(rows, secrets.masks(rows, cols), strict=True)]


def test_a_secret_over_two_rows_is_covered_in_both() -> None:
    rows = [f"see {TOKEN[:16]}", TOKEN[16:] + " for it"]
    assert covered(Secrets(find), rows, 20) == ["see " + "▒" * 16, "▒" * 24 + " for it"]


def test_rows_that_end_early_do_not_go_on() -> None:
    rows = [f"see {TOKEN[:16]}", TOKEN[16:]]
    assert covered(Secrets(find), rows, 80) == rows


def test_what_was_learned_is_covered_where_it_looks_like_nothing() -> None:
    secrets = Secrets(find)
    secrets.learn_text(1.0, "DB_PASSWORD=tr0ub4dor&3")
    rows = [
        "it is tr0ub4dor&3!",
        "PASSWORD=tr0",
        "not tr0 here",
        "half: b4dor&3 is 7 letters",
        "ub4dor&3 is 8",
    ]
    assert covered(secrets, rows, 80) == [
        "it is ▒▒▒▒▒▒▒▒▒▒▒!", "PASSWORD=▒▒▒", "not tr0 here", "half: b4dor&3 is 7 letters", "▒▒▒▒▒▒▒▒ is 8",
    ]  # fmt: skip


def test_covering_keeps_the_cells() -> None:
    assert cover("a日本b", [(1, 3)]) == "a▒▒▒▒b"


def test_a_rule_of_dashes_is_no_piece_of_a_key() -> None:
    secrets = Secrets(find)
    secrets.learn_text(
        0.0, "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\n-----END PRIVATE KEY-----"
    )
    rows = ["-" * 40, "MIIEvQIBADANBgkqhkiG9w0BAQEF"]
    assert covered(secrets, rows, 80) == ["-" * 40, "▒" * 28]


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_output_is_understood_however_it_is_cut(cut: int) -> None:
    data = f"\x1b[1mexport\x1b[0m TOKEN=\x1b[3{2}mhunter\x1b]0;x\x07two2\x1b[0m\r\n".encode()
    secrets = Secrets(find)
    for start in range(0, len(data), cut):
        secrets.learn_output(0.5, data[start : start + cut])
    secrets.end_output(0.5)
    assert [f.kind for f in secrets.found()] == ["value"]
    assert "hunter" not in secrets.cover_text("say huntertwo2")


def test_what_is_told() -> None:
    found = [Found("login", 12.0), Found("key", 13.0), Found("key", 90.0)]
    assert summary(found, clock) == "3 secrets hidden: 2 access keys, 1 password in a URL (first at 0:12)"
    assert summary(found[:1], clock) == "1 secret hidden: 1 password in a URL (first at 0:12)"
    assert summary([], clock).startswith("no secrets found")


def test_what_is_typed_letter_by_letter_counts_once() -> None:
    secrets = Secrets(find)
    for n in range(1, len(TOKEN) + 1):
        secrets.learn_rows(n * 0.1, [f"> {TOKEN[:n]}"], 80)
    assert len(secrets.found()) == 1


def test_a_flood_of_sizes_costs_few_frames() -> None:
    sizes = [Event(i / 10_000, Kind.RESIZE, cols=20 + i % 50, rows=10) for i in range(2000)]
    events = [Event(0.0, Kind.OUTPUT, b"hello"), *sizes, Event(1.0, Kind.OUTPUT, b"!")]
    found = list(frames(Header(cols=20, rows=10), events))
    shown = [f for f in found if isinstance(f, Frame)]
    assert len(shown) <= 4
    assert (shown[-1].cols, shown[-1].screen[0].strip()) == (20 + 1999 % 50, "hello!")
