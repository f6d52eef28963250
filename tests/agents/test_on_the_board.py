"""A looping agent is corrected on the board itself: real board, real keys, real agent."""

from __future__ import annotations

import pytest

from steer.term.paste import make_paste
from tests.agents.crew import LIMIT_S, Crew
from tests.agents.table import Witness
from tests.e2e import board_terminal
from tests.e2e.board_terminal import BoardTerminal
from tests.model_server import ferry


@pytest.mark.parametrize("crew", ["claude"], indirect=True)
def test_it_is_corrected_by_keys(crew: Crew, witness: Witness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_terminal, "DEADLINE_S", LIMIT_S)
    with witness.seeing("corrected on the board"):
        session = crew.start(ferry.loop())
        crew.let_it_loop(session)
        (crew.place.root / "k" / "steer").mkdir(parents=True, exist_ok=True)
        (crew.place.root / "k" / "steer" / "welcomed").touch()
        terminal = BoardTerminal(crew.place.repo, 120, 40)
        try:
            terminal.start()
            terminal.shows(crew.outfit.name, "failing", "quit")
            terminal.press(b"i")
            terminal.shows("Correct the agent")
            terminal.press(ferry.ADVICE.encode())
            typed = make_paste(ferry.ADVICE, is_bracketed=True).data
            terminal.shows(f"{len(typed)} bytes")  # Enter sends what was shown, so it has to be shown
            terminal.press(b"\r")
            terminal.read()
            crew.server.open_gate()
            terminal.shows(ferry.FIXED[:40])
            terminal.press(b"q")
            assert terminal.ended() == 0
        finally:
            terminal.close()
        assert crew.server.count_told(ferry.CORRECTION) == 1
