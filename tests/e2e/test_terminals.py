"""Terminals that can little: the board does without what they lack, or says in words that it cannot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.board_terminal import BoardTerminal
from tests.e2e.place import Place
from tests.e2e.test_board import counting, is_clean


@pytest.fixture
def open_terminals(place: Place) -> Iterator[list[BoardTerminal]]:
    (place.root / "k" / "steer").mkdir(parents=True, exist_ok=True)
    (place.root / "k" / "steer" / "welcomed").touch()
    made: list[BoardTerminal] = []
    yield made
    for terminal in made:
        terminal.close()


@pytest.mark.parametrize(("verb", "instead"), [([], "steer ls"), (["replay", "one"], "--text")])
def test_a_dumb_terminal_is_refused_in_words(
    place: Place, open_terminals: list[BoardTerminal], verb: list[str], instead: str
) -> None:
    counting(place, "one")
    terminal = BoardTerminal(place.repo, env={"TERM": "dumb"})
    open_terminals.append(terminal)
    terminal.start(*verb)
    assert terminal.ended() == 4
    assert "TERM=dumb" in terminal.text() and instead in terminal.text()
    assert b"\x1b" not in terminal.received
    is_clean(terminal)
    assert place.view("one")["process"] == "running"


@pytest.mark.parametrize("answers", [True, False])
def test_without_synchronized_output_the_board_draws_without(
    place: Place, open_terminals: list[BoardTerminal], answers: bool
) -> None:
    """A terminal that answers no question at all, as many do with those that they do not know."""
    counting(place, "one")
    terminal = BoardTerminal(place.repo, answers=answers)
    open_terminals.append(terminal)
    terminal.start()
    terminal.shows("one", "count", "quit")
    terminal.press(b"?")
    terminal.shows("type to filter")
    terminal.press(b"\x1b")
    terminal.lacks("type to filter")
    for number in ("count 3", "count 4"):
        terminal.shows(number)
    assert (b"\x1b[?2026h" in terminal.received) is answers
    terminal.press(b"q")
    assert terminal.ended() == 0
    is_clean(terminal)


def test_a_plain_terminal_without_colours_or_mouse_works(
    place: Place, open_terminals: list[BoardTerminal]
) -> None:
    counting(place, "one")
    terminal = BoardTerminal(
        place.repo, answers=False, env={"TERM": "vt100", "COLORTERM": "", "NO_COLOR": "1"}
    )
    open_terminals.append(terminal)
    terminal.start()
    terminal.shows("one", "count", "quit")
    assert b"\x1b[38;" not in terminal.received and b"\x1b[48;" not in terminal.received
    terminal.press(b"q")
    assert terminal.ended() == 0
    is_clean(terminal)
