"""Record the scenes with the real programs, through steer's own keeper: `python -m tests.agents.record [AGENT...]`.

Writes `casts/AGENT-SCENE-COLSxROWS.cast.gz` and the intervals in `casts/intervals.toml`. Look at what changed before it
is committed: the intervals say what the agent did, and the rules are judged by them. All happens in one folder with
the same short name wherever it is made, so that no path of a machine gets into the recordings.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gzip
import json
import os
import shutil
import signal
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from steer.agents.catalog import SHIPPED
from steer.agents.launch import child_environment
from steer.agents.profile import read_profile
from steer.model.session import Activity, SessionSpec
from steer.record.reader import Event, Kind, Reader
from steer.runtime.keeper_launch import launch
from steer.runtime.live import LiveSession
from steer.term.paste import make_paste
from tests.agents.install import pins
from tests.agents.outfit import OUTFITS
from tests.agents.scene import SCENES, Scene
from tests.e2e.place import make_repository
from tests.model_server import ferry
from tests.model_server.server import ModelServer, serve

ROOT = Path("/tmp/ferry")
OUT = Path(__file__).with_name("casts")
INTERVALS = OUT / "intervals.toml"
LIMIT_S = 60.0
QUIET_S = 1.0
MAX_BYTES = 150 * 1024
_MARK = "now "


class OnSet:
    """A keeper with one agent; see `scene.Set`."""

    def __init__(self, agent: str, scene: Scene, server: ModelServer, size: tuple[int, int]) -> None:
        self.agent, self.scene, self.server = agent, scene, server
        self.outfit = OUTFITS[agent]
        path = SHIPPED / f"{agent}.toml"
        self.profile = read_profile(agent, tomllib.loads(path.read_text("utf-8")), path.name)
        self._size = size
        self._live: LiveSession | None = None
        self.recording = ROOT / "recording.cast"

    @property
    def live(self) -> LiveSession:
        assert self._live
        return self._live

    async def start(self, task: str) -> None:
        at_once = task if self.outfit.takes_task else ""
        argv = self.outfit.asking if self.scene.asking else self.outfit.free
        argv += tuple(part.replace("{task}", at_once) for part in self.profile.task if at_once)
        cols, rows = self._size
        spec = SessionSpec("s1", self.agent, argv, str(ROOT / "shop"), "main", "", cols=cols, rows=rows)
        await asyncio.to_thread(self._launch, spec)
        self._live = LiveSession(spec, self.recording, lambda _: None, time.time, self.profile)
        await self._live.connect(ROOT / "k.sock")
        await self._live.follow()
        if task and not at_once:
            await self.quiet()
            await self.live.send(make_paste(task, is_bracketed=self.live.emulator.has_paste).data)
            await self.rest(self.profile.submit_after_s)
            await self.press(*self.profile.submit)

    def _launch(self, spec: SessionSpec) -> None:
        order = {
            "session": spec.id,
            "generation": 1,
            "argv": list(spec.argv),
            "env": {**self._environment(), **self.profile.env},
            "cwd": spec.worktree,
            "cols": spec.cols,
            "rows": spec.rows,
            "recording": str(self.recording),
            "socket": str(ROOT / "k.sock"),
            "title": f"{self.agent} {pins()[self.agent].version}: {self.scene.name}",
        }
        path = ROOT / "launch.json"
        path.write_text(json.dumps(order))
        launch(path)

    def _environment(self) -> dict[str, str]:
        home = ROOT / "home"
        trusted = (ROOT / "shop",) if self.scene.is_trusted else ()
        own = self.outfit.prepare(home, trusted, self.server.url)
        path = f"{pins()[self.agent].bin}{os.pathsep}{os.environ['PATH']}"
        base = {"HOME": str(home), "PATH": path, "LANG": "C.UTF-8", "NO_PROXY": "*", **own}
        return child_environment(base, "s1", self.agent, "")

    async def shows(self, words: str) -> None:
        await self.until(lambda: words in "\n".join(self.live.emulator.screen()))

    async def hides(self, words: str) -> None:
        await self.until(lambda: words not in "\n".join(self.live.emulator.screen()))

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.live.send(self.live.emulator.encode_key(key, None))
            await self.rest(0.1)

    async def interrupt(self) -> None:
        await self.press(*self.profile.interrupt)

    async def rest(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def quiet(self) -> None:
        await self.shows(self.outfit.ready)
        seen, since = self.recording.stat().st_size, time.monotonic()
        end = since + LIMIT_S
        while time.monotonic() < min(since + QUIET_S, end):
            await asyncio.sleep(0.05)
            if (size := self.recording.stat().st_size) != seen:
                seen, since = size, time.monotonic()

    async def until(self, holds: Callable[[], object]) -> None:
        end = time.monotonic() + LIMIT_S
        while not holds():
            if time.monotonic() > end:
                raise TimeoutError("\n".join(self.live.emulator.screen()))
            await asyncio.sleep(0.02)

    def now(self, activity: Activity, kind: str = "") -> None:
        self.live.mark(f"{_MARK}{activity} {kind}".strip())

    async def end(self) -> None:
        if self._live:
            await self.live.stop([signal.SIGTERM], 3.0)
            await asyncio.wait_for(self.live.wait_ended(), LIMIT_S)
            await self.live.detach(forget=True)


@contextlib.contextmanager
def _folder() -> Iterator[None]:
    ROOT.mkdir(mode=0o700)  # fails where somebody has a folder of this name: nothing of theirs is touched
    try:
        (ROOT / "home").mkdir()
        make_repository(ROOT / "shop", ferry.FILES)
        yield
    finally:
        shutil.rmtree(ROOT, ignore_errors=True)


async def _play(agent: str, scene: Scene, size: tuple[int, int]) -> bytes:
    """The recording."""
    scenario = scene.scenario
    if scene.name == "error":
        scenario = scenario.failing(OUTFITS[agent].failing_status)
    with _folder(), serve(scenario, think_s=0.8) as server:
        stage = OnSet(agent, scene, server, size)
        try:
            await scene.play(stage)
            await stage.live.request("marker", text=f"{_MARK}{Activity.UNKNOWN}")
            recorded = stage.recording.read_bytes()
        finally:
            server.open_gate()
            await stage.end()
    return recorded[: recorded.rfind(b"\n") + 1]


def read_events(data: bytes) -> tuple[Reader, list[Event]]:
    reader = Reader()
    events = reader.feed(data) + reader.finish()
    return reader, events


def _intervals(data: bytes) -> list[list[Any]]:
    """From the marks: [from_s, to_s, activity, kind]; the last mark ends the scene."""
    _, events = read_events(data)
    marks = [(e.at, e.text.removeprefix(_MARK)) for e in events if e.text.startswith(_MARK)]
    found: list[list[Any]] = []
    for (at, words), (end, _) in pairwise(marks):
        activity, _, kind = words.partition(" ")
        if activity != Activity.UNKNOWN:
            found.append([round(at, 2), round(end, 2), activity, kind])
    return found


def _write_intervals(known: dict[str, list[list[Any]]]) -> None:
    lines = [
        "# What each agent did in its recording: [from_s, to_s, activity, kind]. Written by tests.agents.record."
    ]
    for name in sorted(known):
        lines += ["", f'["{name}"]', "intervals = ["]
        lines += [f"    {json.dumps(interval)}," for interval in known[name]] + ["]"]
    INTERVALS.write_text("\n".join(lines) + "\n")


def read_intervals() -> dict[str, list[list[Any]]]:
    if not INTERVALS.exists():
        return {}
    return {name: v["intervals"] for name, v in tomllib.loads(INTERVALS.read_text("utf-8")).items()}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.agents.record")
    parser.add_argument("agents", nargs="*", default=list(OUTFITS), metavar="AGENT")
    parser.add_argument("--scene", action="append", help="only this scene (repeat it for several)")
    wish = parser.parse_args()
    OUT.mkdir(exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that no agent and no folder is left
    failed = 0
    for agent in wish.agents:
        for scene in SCENES:
            if agent in scene.agents and scene.name in (wish.scene or [scene.name]):
                for size in scene.sizes:
                    failed += not _record(agent, scene, size)
    return 1 if failed else 0


def _record(agent: str, scene: Scene, size: tuple[int, int]) -> bool:
    name = f"{agent}-{scene.name}-{size[0]}x{size[1]}"
    try:
        data = asyncio.run(_play(agent, scene, size))
    except (TimeoutError, OSError) as e:
        print(f"{name}: FAILED: {e}", flush=True)
        return False
    packed = gzip.compress(data, mtime=0)
    if len(packed) > MAX_BYTES:
        print(f"{name}: FAILED: {len(packed)} bytes are too many", flush=True)
        return False
    (OUT / f"{name}.cast.gz").write_bytes(packed)
    _write_intervals(read_intervals() | {name: _intervals(data)})
    kinds = sum(e.kind is Kind.OUTPUT for e in read_events(data)[1])
    print(f"{name}: {kinds} outputs, {len(packed)} bytes", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
