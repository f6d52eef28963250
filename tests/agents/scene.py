"""Short scenes with each agent, and what the agent does in them: told by the script of the scene, not by steer's rules.

A scene knows when the model was asked and had answered (the server's log), which keys were pressed, and that
the words of a dialog are on the screen. Those moments are marked in the recording and become its intervals.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from steer.model.session import Activity
from tests.agents.outfit import OUTFITS
from tests.model_server import ferry
from tests.model_server.script import Scenario
from tests.model_server.server import ModelServer

COMMAND = "touch approved.txt"
LOOK_S = 3.0  # how long a state is shown
SMALL, LARGE = (80, 24), (120, 40)


class Set(Protocol):
    """Where a scene is played: one agent in its terminal."""

    agent: str
    server: ModelServer

    async def start(self, task: str) -> None:
        """Start the agent; one that takes no task on its command line is told at its prompt."""

    async def shows(self, words: str) -> None: ...
    async def hides(self, words: str) -> None: ...
    async def press(self, *keys: str) -> None: ...
    async def interrupt(self) -> None: ...
    async def rest(self, seconds: float) -> None: ...
    async def quiet(self) -> None:
        """Until it takes a message and nothing was printed for a while."""

    async def until(self, holds: Callable[[], object]) -> None: ...
    def now(self, activity: Activity, kind: str = "") -> None:
        """From here on this is what the agent does; `UNKNOWN`: not judged, it is starting."""


Play = Callable[[Set], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Scene:
    """`asking`: the agent is started so that it asks. `is_trusted`: its folder was trusted before."""

    name: str
    play: Play
    scenario: Scenario
    agents: tuple[str, ...] = tuple(OUTFITS)
    sizes: tuple[tuple[int, int], ...] = (SMALL,)
    asking: bool = False
    is_trusted: bool = True


async def _asked(s: Set) -> None:
    """From its first request to the model on, an agent works."""
    await s.until(lambda: s.server.main())
    s.now(Activity.WORKING)


async def _answered(s: Set) -> None:
    await s.until(lambda: s.server.turns_ended)
    await _at_rest(s)


async def _at_rest(s: Set) -> None:
    """From when its screen has come to rest; on a slow machine it shows what it did a while after it did it."""
    s.now(Activity.UNKNOWN)
    await s.quiet()
    s.now(Activity.IDLE)
    await s.rest(LOOK_S)


async def idle(s: Set) -> None:
    await s.start("")
    await _at_rest(s)


async def working(s: Set) -> None:
    await s.start(ferry.TASK)
    await _asked(s)
    await _answered(s)


async def interrupted(s: Set) -> None:
    await s.start(ferry.TASK)
    await _asked(s)
    await s.rest(2 * LOOK_S)
    s.now(Activity.UNKNOWN)
    await s.interrupt()
    await _at_rest(s)


async def _wait_for_dialog(s: Set, words: str) -> None:
    await _asked(s)
    await s.shows(words)
    s.now(Activity.ASKING, "permission")
    await s.rest(LOOK_S)
    s.now(Activity.UNKNOWN)


async def permission(s: Set) -> None:
    dialog = OUTFITS[s.agent].dialog
    await s.start(ferry.TASK)
    await _wait_for_dialog(s, dialog)
    await s.press(*OUTFITS[s.agent].allow)
    await s.hides(dialog)
    s.now(Activity.WORKING)
    await _answered(s)


async def refused(s: Set) -> None:
    dialog = OUTFITS[s.agent].dialog
    await s.start(ferry.TASK)
    await _wait_for_dialog(s, dialog)
    await s.press("escape")
    await s.hides(dialog)
    await _at_rest(s)


async def question(s: Set) -> None:
    await s.start(ferry.TASK)
    await _asked(s)
    await s.shows("Bremen")
    s.now(Activity.ASKING, "question")
    await s.rest(LOOK_S)
    s.now(Activity.WORKING)
    await s.press("enter")
    await _answered(s)


async def failing(s: Set) -> None:
    """The service fails at every request; an agent that tries again for long does so while this is recorded."""
    await s.start(ferry.TASK)
    await _asked(s)
    await s.shows(OUTFITS[s.agent].error_words)
    s.now(Activity.ERROR)
    await s.rest(3 * LOOK_S)


async def trust(s: Set) -> None:
    await s.start("")
    await s.shows("rust")
    s.now(Activity.ASKING, "trust")
    await s.rest(LOOK_S)
    s.now(Activity.UNKNOWN)
    await s.press(*OUTFITS[s.agent].trust)
    await _at_rest(s)


async def tests_failed(s: Set) -> None:
    """An agent that runs the tests itself and asks whether to go on."""
    s.server.let_through()
    await s.start(ferry.TASK)
    await _wait_for_dialog(s, OUTFITS[s.agent].dialog)
    await s.press("n", "enter")
    await _at_rest(s)


_TUIS = ("claude", "codex", "gemini", "qwen", "opencode")
_BOTH = (SMALL, LARGE)
SCENES = (
    Scene("idle", idle, ferry.HELLO),
    Scene("working", working, ferry.MEND, sizes=_BOTH),
    Scene("interrupted", interrupted, ferry.slow(), _TUIS),
    Scene("permission", permission, ferry.permission(COMMAND), _TUIS, _BOTH, asking=True),
    Scene(
        "refused", refused, ferry.permission(COMMAND), ("claude", "codex", "opencode"), (LARGE,), asking=True
    ),
    Scene("question", question, ferry.question(), ("claude",), _BOTH),
    Scene("error", failing, ferry.MEND, sizes=_BOTH),
    Scene("trust", trust, ferry.HELLO, ("claude", "codex", "gemini"), is_trusted=False),
    Scene("tests-failed", tests_failed, ferry.loop(), ("aider",), _BOTH, asking=True),
)
