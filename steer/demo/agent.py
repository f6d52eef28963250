"""`python -m steer.demo.agent SCENARIO`: one scripted agent in the current folder.

`STEER_DEMO_PACE` scales its pauses (1: watchable; 0: as fast as the tests run).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial

from steer.demo.console import BOLD, DIM, OFF, Console, Interrupted
from steer.demo.hand import Hand
from steer.demo.scenario import SCENARIOS, answer_message


def main() -> int:
    name = sys.argv[1] if len(sys.argv) > 1 else "healthy"
    scenario = SCENARIOS.get(name)
    if scenario is None:
        print(f"there is no scenario {name!r}; known: {', '.join(SCENARIOS)}", file=sys.stderr)
        return 2
    pace = float(os.environ.get("STEER_DEMO_PACE", "1"))
    task = os.environ.get("STEER_TASK") or scenario.task
    with Console(f"demo: {name}") as console:
        hand = Hand(console, pace)
        console.say(f"{BOLD}demo agent{OFF} {DIM}{name}{OFF}")
        console.say(f"{DIM}> {task}{OFF}")
        try:
            _turn(hand, partial(scenario.play, hand))
            while True:
                message = console.idle()
                _turn(hand, partial(answer_message, hand, message))
        except EOFError:
            console.say(f"{DIM}bye{OFF}")
    return 0


def _turn(hand: Hand, work: Callable[[], None]) -> None:
    """One turn: report what is going on, whatever way it ends."""
    hand.console.status("working")
    try:
        work()
    except Interrupted:
        hand.console.say(f"{DIM}interrupted{OFF}")
        hand.console.status("idle")
        return
    hand.console.status("done")


if __name__ == "__main__":
    sys.exit(main())
