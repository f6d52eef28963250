"""Following conversations: what is told to whom, and what is written down."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from steer.agents.conversation import read_conversation
from steer.agents.profile import Profile
from steer.config.path import RepositoryPath
from steer.model import event as ev
from steer.model.session import SessionSpec
from steer.model.step import Entry, Told, Usage
from steer.runtime.conversation import Conversations
from steer.runtime.conversation_record import added, load_record
from steer.runtime.store import Store

SPEC = SessionSpec(id="s1", name="one", argv=("fake",), worktree="/w", branch="b", base="", created_at=1.0)
TABLE = {
    "format": "claude",
    "home": ["~/.fake"],
    "where": "projects/{cwd-dashed}/{id}.jsonl",
    "choose_id": ["--session-id", "{id}"],
    "resume": ["--resume", "{id}"],
}
PROFILE = Profile("fake", conversation=read_conversation(TABLE, "test"))


class World:
    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.events: list[ev.Event] = []
        self.store = Store(RepositoryPath(root / "state", root / "run", root / "trees"))
        self.heard: list[tuple[str, Entry]] = []

    def open(self) -> Conversations:
        made = Conversations(
            self.store, lambda: 5.0, self.events.append, lambda spec: PROFILE, lambda usage: 0.5
        )
        made.listen(lambda session, entry: self.heard.append((session, entry)))
        return made

    def write(self, id: str, *records: dict[str, Any]) -> Path:
        path = self.home / ".fake" / "projects" / "-w" / f"{id}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as f:
            f.writelines(
                json.dumps({"sessionId": id, "timestamp": "2026-01-02T03:04:05Z", **r}) + "\n"
                for r in records
            )
        return path

    def begin(self, c: Conversations, id: str = "c1") -> None:
        c.begin(SPEC, {"HOME": str(self.home)}, id=id)
        c.follow(SPEC)

    def read(self) -> list[ev.ConversationRead]:
        return [e for e in self.events if isinstance(e, ev.ConversationRead)]

    def record(self) -> Any:
        return load_record(self.store.folder("s1"))


def said(text: str) -> dict[str, Any]:
    return {"type": "user", "message": {"role": "user", "content": text}}


def answer(number: int) -> dict[str, Any]:
    block = {"type": "tool_use", "id": f"t{number}", "name": "Bash", "input": {"command": f"make {number}"}}
    usage = {"input_tokens": 10, "output_tokens": 1}
    return {
        "type": "assistant",
        "message": {"id": f"m{number}", "model": "m", "usage": usage, "content": [block]},
    }


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def test_entries_go_to_the_fleet_and_to_listeners(world: World) -> None:
    async def story() -> None:
        c = world.open()
        world.begin(c)
        await c.look()
        assert world.read() == []
        world.write("c1", said("go"), answer(1))
        c._follows["s1"]._search_at = 0.0  # it is time to look again
        await c.look()
        (read,) = world.read()
        assert (read.steps, read.step_text, read.usage.input, read.usage.cost_usd) == (
            1,
            "Bash: make 1",
            10,
            0.5,
        )
        assert [type(e).__name__ for _, e in world.heard] == ["Conversing", "Told", "Spent", "Step"]
        assert await c.entries("s1", 2) == [e for _, e in world.heard][-2:]

    run(story())


def test_somebody_can_wait_for_an_entry(world: World) -> None:
    async def story() -> None:
        c = world.open()
        world.write("c1", said("before"))
        world.begin(c)
        caught_up = asyncio.Event()
        c.listen(lambda session, entry: caught_up.set())
        looking = asyncio.ensure_future(c.run())
        waiting = asyncio.ensure_future(
            c.wait_for("s1", lambda e: isinstance(e, Told) and e.text == "now", 60.0)
        )
        await asyncio.wait_for(caught_up.wait(), 60.0)
        world.write("c1", said("now"))
        found = await waiting
        assert isinstance(found, Told) and found.text == "now"
        assert await c.wait_for("s1", lambda e: True, 0.0) is None
        looking.cancel()

    run(story())


def test_where_a_hook_points_is_followed_and_the_sum_is_kept(world: World) -> None:
    async def story() -> None:
        c = world.open()
        world.write("c1", answer(1))
        world.begin(c)
        await c.look()
        path = world.write("c2", answer(2), answer(3))
        c.point_to("s1", "c2", str(path), "clear")
        c.point_to("s1", "c2", str(path), "clear")  # told twice
        c.point_to("nobody", "c9")
        await c.look()
        last = world.read()[-1]
        assert (last.steps, last.usage.input, last.usage.cost_usd) == (2, 30, 1.5)
        await c.close()

    run(story())
    record = world.record()
    assert (record.id, [(p.id, p.reason) for p in record.past]) == ("c2", [("c1", "clear")])


@pytest.mark.parametrize("id", ["--dangerously-skip", "-c", "../../x", "a b", "x" * 200, "", "a\nb"])
def test_an_id_that_could_be_something_else_is_not_believed(world: World, id: str) -> None:
    async def story() -> None:
        c = world.open()
        world.write("c1", said("go"))
        world.begin(c)
        c.point_to("s1", id, "", "hook")
        record = c.record("s1")
        assert record is not None and record.id == "c1"

    run(story())


def test_the_next_supervisor_reads_the_same(world: World) -> None:
    async def story() -> None:
        world.write("c1", answer(1))
        first = world.open()
        world.begin(first)
        await first.look()
        second = world.open()
        second.follow(SPEC)
        await second.look()
        one, *_, last = world.read()
        assert (one.steps, one.usage) == (last.steps, last.usage)

    run(story())


def test_an_ended_session_keeps_its_last_totals(world: World) -> None:
    async def story() -> None:
        path = world.write("c1", answer(1))
        c = world.open()
        world.begin(c)
        await c.look()
        world.write("c1", answer(2))
        c.end("s1")
        await c.look()
        path.unlink()
        late = world.open()
        late.show_ended(SPEC)
        assert (world.read()[-1].steps, world.read()[-1].usage.input) == (2, 20)
        assert await late.entries("s1") == [] and not late.can_resume("s1")

    run(story())


def test_a_transcript_that_is_replaced_is_read_anew(world: World) -> None:
    async def story() -> None:
        path = world.write("c1", answer(1), answer(2))
        c = world.open()
        world.begin(c)
        await c.look()
        path.unlink()
        world.write("c1", answer(3))
        await c.look()
        assert (world.read()[-1].steps, world.read()[-1].usage.input) == (1, 10)

    run(story())


def test_an_agent_without_known_conversations_costs_nothing(world: World) -> None:
    async def story() -> None:
        c = Conversations(
            world.store, lambda: 5.0, world.events.append, lambda spec: Profile("x"), lambda u: None
        )
        c.begin(SPEC, {})
        c.follow(SPEC)
        await c.look()
        assert world.events == [] and c.record("s1") is None

    run(story())


def test_a_record_that_cannot_be_read_is_as_none(world: World) -> None:
    folder = world.store.folder("s1")
    folder.mkdir(parents=True)
    for text in ("", "{", '{"format": 3}', "[]", "[" * 100_000):
        (folder / "conversation.json").write_text(text)
        assert load_record(folder) is None


def test_sums_of_what_was_taken() -> None:
    known, unknown = Usage("a", 1, 2, 3, 4, 0.5, 9), Usage("b", 1, 1, context=3)
    assert added(Usage(), known) == known
    assert added(known, Usage()).cost_usd == 0.5
    assert added(known, unknown).cost_usd is None
    assert (added(known, unknown).tokens, added(known, unknown).context) == (12, 3)
