"""The real board in a real terminal: it comes, it is killed, it comes back, and the terminal is as it was."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator

import pytest

from tests.e2e.board_terminal import BoardTerminal
from tests.e2e.place import Place

KILLS = 6


@pytest.fixture
def terminal(place: Place) -> Iterator[BoardTerminal]:
    (place.root / "k" / "steer").mkdir(parents=True, exist_ok=True)
    (place.root / "k" / "steer" / "welcomed").touch()
    made = BoardTerminal(place.repo)
    yield made
    made.close()


def counting(place: Place, name: str) -> None:
    loop = "i=0; while :; do i=$((i+1)); echo count $i; sleep 0.05; done"
    place.call("start", agent="sh", argv=["/bin/sh", "-c", loop], name=name)


def is_clean(terminal: BoardTerminal) -> None:
    assert terminal.attributes() == terminal.before
    assert terminal.leftover_modes() == []
    assert terminal.screen.cursor.is_visible


def test_leaving_with_q_leaves_agents_and_a_clean_terminal(place: Place, terminal: BoardTerminal) -> None:
    counting(place, "one")
    terminal.start()
    terminal.shows("one", "count", "quit")
    terminal.press(b"q")
    assert terminal.ended() == 0
    is_clean(terminal)
    assert place.view("one")["process"] == "running"
    terminal.start()
    terminal.shows("one", "count", "quit")
    terminal.press(b"q")
    assert terminal.ended() == 0


def test_a_killed_board_leaves_agents_and_a_clean_terminal(place: Place, terminal: BoardTerminal) -> None:
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    chance = random.Random(seed)
    counting(place, "one")
    for _ in range(KILLS):
        terminal.start()
        terminal.shows("quit")
        for _ in range(chance.randrange(20)):
            terminal.read(0.01)
        if chance.random() < 0.5:
            terminal.press(chance.choice([b"x", b"i", b"?", b"\r", b"n"]))
            terminal.read(0.02)
        terminal.kill_board()
        assert terminal.ended() == 128 + 9
        is_clean(terminal)
        assert "agents go on" in terminal.text()
    assert place.view("one")["process"] == "running"
    assert not place.operations("kill"), "a dialog that was open does nothing by itself"
    assert not place.operations("inject")


def test_a_recorder_that_stands_still_is_shown_until_it_goes_on(
    place: Place, terminal: BoardTerminal
) -> None:
    counting(place, "one")
    terminal.start()
    terminal.shows("one", "count", "quit")
    keeper = place.keeper(place.view("one")["spec"]["id"])
    os.kill(keeper, signal.SIGSTOP)
    try:
        terminal.shows(f"recorder does not answer (pid {keeper})")
    finally:
        os.kill(keeper, signal.SIGCONT)
    terminal.lacks("recorder does not answer")


def test_keys_typed_into_a_pane_reach_the_agent(place: Place, terminal: BoardTerminal) -> None:
    place.call("start", agent="cat", argv=["cat"], name="echo")
    terminal.start()
    terminal.shows("echo", "quit")
    terminal.press(b"\r")
    terminal.shows("KEYS GO TO THE AGENT")
    terminal.press("hello wörld\r".encode())
    terminal.shows("hello wörld")  # read here: a board whose terminal takes nothing more waits with it
    terminal.press(b"\x11")
    terminal.shows("quit")
    terminal.press(b"q")
    assert terminal.ended() == 0


KEYS = """
import os, tty
tty.setraw(0)
os.write(1, b"listening\\r\\n")
while data := os.read(0, 100):
    os.write(1, data.hex(" ").encode() + b"\\r\\n")
"""


@pytest.mark.parametrize("allowed", ["", "0", "1"])
def test_keys_that_send_signals_elsewhere_are_keys_for_the_agent(
    place: Place, monkeypatch: pytest.MonkeyPatch, allowed: str
) -> None:
    monkeypatch.setenv("TEXTUAL_ALLOW_SIGNALS", allowed)
    (place.root / "k" / "steer").mkdir(parents=True, exist_ok=True)
    (place.root / "k" / "steer" / "welcomed").touch()
    place.start(place.script("keys", KEYS), name="keys")
    terminal = BoardTerminal(place.repo)
    try:
        terminal.start()
        terminal.shows("listening", "quit")
        terminal.press(b"\r")
        terminal.shows("KEYS GO TO THE AGENT")
        for key, shown in ((b"\x03", "03"), (b"\x1a", "1a"), (b"\x1c", "1c")):
            terminal.press(key)
            terminal.shows(f"\u2503{shown} ")
        terminal.press(b"\x11")
        terminal.shows("quit")
        terminal.press(b"q")
        assert terminal.ended() == 0
    finally:
        terminal.close()
