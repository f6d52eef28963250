"""One agent with a model server, a repository and a fleet of its own, and the words a story about it is told in."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from steer.model.ask import Ask, Meaning
from steer.model.codec import from_json
from tests.agents.install import pins
from tests.agents.outfit import OUTFITS, Outfit
from tests.e2e import place as places
from tests.e2e.place import Place, View, make_place, until
from tests.model_server import ferry
from tests.model_server.script import Scenario
from tests.model_server.server import ModelServer, serve

LIMIT_S = 240.0  # generous: only a hang takes so long
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_KEYS = ("ANTHROPIC_", "OPENAI_", "GEMINI_", "GOOGLE_", "QWEN_", "CODEX_", "OPENCODE_", "AIDER_", "NODE_")


def is_looping(view: View) -> bool:
    return any(f["rule"] == "repeated-failure" for f in view["flags"])


def _failed_after(at: float) -> Callable[[View], bool]:
    return lambda v: v["check"]["state"] == "failed" and v["check"]["at"] > at


class Crew:
    """`place` holds the fleet, `server` the model. Sessions are started by `steer run`, as users do."""

    def __init__(self, outfit: Outfit, place: Place, server: ModelServer) -> None:
        self.outfit, self.place, self.server = outfit, place, server
        self._count = 0
        self.level = ""  # of isolation; "": as steer chooses

    def start(self, scenario: Scenario, task: str = ferry.TASK, *, asking: bool = False) -> str:
        """Start the agent on `task`; the id of its session."""
        self.server.change(scenario)
        self._count += 1
        name = f"{self.outfit.name}-{self._count}"
        self._configure(self.outfit.asking if asking else self.outfit.free)
        given = task if self.outfit.takes_task else ""
        done = self.place.run(
            "run", given, "-a", self.outfit.name, "--name", name, "--check", ferry.CHECK, "--json"
        )
        assert done.status == 0, done.err or done.out
        session = str(json.loads(done.out)["sessions"][0])
        if not self.outfit.takes_task:
            self.wait_for(session, "idle")
            self.say(session, task)
        return session

    def _configure(self, argv: tuple[str, ...]) -> None:
        """How this agent is started, in the configuration of the place's user."""
        folder = self.place.root / "c" / "steer"
        folder.mkdir(parents=True, exist_ok=True)
        level = f'isolation = "{self.level}"\n' if self.level else ""
        (folder / "config.toml").write_text(
            f"[agents.{self.outfit.name}]\nargv = {json.dumps(list(argv))}\n{level}"
        )

    def say(self, session: str, text: str) -> None:
        """What `i` does on the board."""
        made = self.place.call("inject", session=session, text=text)
        assert made["delivery"] in ("submitted", "queued", "unverified"), made

    def wait_for(self, session: str, activity: str) -> View:
        """What an agent that has ended will never be."""
        found = self.place.wait(
            session, activity, lambda v: v["activity"] == activity or v["process"] in ("exited", "failed")
        )
        assert found["activity"] == activity, f"it has ended: {found['note']}; {self.place.lines(session)}"
        return found

    def start_long_work(self) -> str:
        """Start it on something that goes on until somebody stops it; its id when that is under way."""
        session = self.start(ferry.slow() if self.outfit.has_tools else ferry.loop())
        self.wait_for_long_work(session)
        return session

    def wait_for_long_work(self, session: str) -> None:
        """Without tools it waits for the model, which never answers: the gate is closed."""
        if self.outfit.has_tools:
            until("the long command runs", self.long_commands, LIMIT_S)
        else:
            self.wait_for(session, "working")

    def long_commands(self) -> list[int]:
        """Processes of the long command."""
        return tool_processes(self.place, ferry.LONG)

    def let_through(self, session: str, checked_at: float = 0.0) -> View:
        """Let one edit through; its session when steer has checked that, and failed it."""
        self.server.let_through()
        return self.place.wait(session, "checked again", _failed_after(checked_at))

    def let_it_loop(self, session: str) -> None:
        """Let one edit after the other through, each seen and checked by steer, until it calls that a loop."""
        checked_at = 0.0
        for _ in range(ferry.ROUNDS):
            view = self.let_through(session, checked_at)
            checked_at = view["check"]["at"]
            if is_looping(view):
                return
        self.place.wait(session, "flagged as looping", is_looping)

    def allow(self, session: str) -> None:
        """Say yes, once, to what it asks, as read and shown by steer."""
        view = self.place.wait(session, "asking with choices", lambda v: v["ask"] and v["ask"]["choices"])
        ask = from_json(Ask, view["ask"])
        choice = next(i for i, c in enumerate(ask.choices) if c.means is Meaning.ONCE)
        generation = view["spec"]["generation"]
        made = self.place.call(
            "answer", session=session, choice=choice, digest=ask.digest, generation=generation
        )
        assert made["delivery"] == "submitted", made

    def end(self) -> None:
        """Every agent of this place, for the next test's sake: they need up to a gigabyte each."""
        for view in self.place.views():
            if view["process"] in ("starting", "running", "stopping"):
                self.place.call("kill", session=view["spec"]["id"])


@contextlib.contextmanager
def make_crew(name: str) -> Iterator[Crew]:
    outfit, program = OUTFITS[name], pins()[name].bin
    with (
        pytest.MonkeyPatch.context() as patch,
        serve(ferry.HELLO) as server,
        make_place(patch, ferry.FILES) as place,
    ):
        _clean_environment(patch)
        patch.setattr(places, "DEADLINE_S", LIMIT_S)
        trusted = (place.repo, place.root / "d")  # the repository, and where steer puts worktrees
        for variable, value in outfit.prepare(place.root / "h", trusted, server.url).items():
            patch.setenv(variable, value)
        patch.setenv("PATH", f"{program}{os.pathsep}{os.environ['PATH']}")
        try:
            yield Crew(outfit, place, server)
        finally:
            server.open_gate()


def _clean_environment(patch: pytest.MonkeyPatch) -> None:
    for variable in list(os.environ):
        if variable in _PROXIES or variable.startswith(_KEYS):
            patch.delenv(variable)
    patch.setenv("NO_PROXY", "*")


def tool_processes(place: Place, words: str) -> list[int]:
    """Processes of the place whose command line holds `words`."""
    found = []
    for pid in place.processes():
        with contextlib.suppress(OSError):
            if words.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" "):
                found.append(pid)
    return found
