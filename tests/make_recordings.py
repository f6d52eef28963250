"""Make the recordings that ship: real demo agents in real worktrees, corrected and answered by a script.

    python -m tests.make_recordings [NAME ...]      writes recordings/NAME.cast

See recordings/README.md for what each is for. Making them again changes times, not stories; the pictures that
`tests/golden` compares have to be made again, too (`python -m tests.golden.test_recordings`).
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from steer.cli.connection import call, common_dir
from steer.demo.sandbox import sandbox, session_wish
from steer.runtime.store import Store
from steer.runtime.supervise import paths_for, shut_down

OUT = Path(__file__).parents[1] / "recordings"
LIMIT_S = 180.0
PACE = 0.5


class Play:
    """One demo session, steered by conditions on its screen."""

    def __init__(self, scenario: str) -> None:
        self.session = call("start", **session_wish(scenario, PACE))["sessions"][0]

    def screen(self) -> str:
        return "\n".join(call("screen", session=self.session, all=True)["lines"])

    def until(self, is_there: Callable[[str], bool]) -> None:
        deadline = time.monotonic() + LIMIT_S
        while not is_there(self.screen()):
            if time.monotonic() > deadline:
                raise TimeoutError(self.screen())
            time.sleep(0.2)

    def inject(self, text: str) -> None:
        call("inject", session=self.session, text=text)

    def press(self, *keys: str) -> None:
        call("send_keys", session=self.session, keys=list(keys))


def healthy() -> Play:
    play = Play("healthy")
    play.until(lambda s: "All tests pass" in s)
    return play


def looping_corrected() -> Play:
    play = Play("looping")
    play.until(lambda s: s.count("Bash(python3 -m unittest)") >= 4)
    play.inject("stop guessing: round half up in integers, (cents * (100 + percent) + 50) // 100")
    play.until(lambda s: "pass" in s.lower().rpartition("stop guessing")[2])
    return play


def asking() -> Play:
    play = Play("asking")
    play.until(lambda s: "waiting for your answer" in s)
    time.sleep(4)  # a silence for the replay to cut
    play.press("2")
    play.until(lambda s: "Done with the clean-up" in s)
    return play


@dataclass(frozen=True)
class Recording:
    make: Callable[[], Play]
    title: str


RECORDINGS = {
    "healthy": Recording(healthy, "an agent fixes two bugs and finishes"),
    "looping-corrected": Recording(looping_corrected, "an agent goes round in circles until it is corrected"),
    "asking": Recording(asking, "an agent asks for permission and gets another answer than it wanted"),
}


def make(name: str) -> None:
    with sandbox():
        try:
            play = RECORDINGS[name].make()
            time.sleep(1)
            play.press("ctrl+d")
            store = Store(paths_for(common_dir()))
            spec = store.load_all()[0][0]
            path = store.recording(spec)
            deadline = time.monotonic() + LIMIT_S
            while b',"x",' not in path.read_bytes() and time.monotonic() < deadline:
                time.sleep(0.2)
            shutil.copyfile(path, OUT / f"{name}.cast")
            print(OUT / f"{name}.cast", path.stat().st_size)
        finally:
            shut_down(common_dir())


if __name__ == "__main__":
    for wanted in sys.argv[1:] or RECORDINGS:
        make(wanted)
