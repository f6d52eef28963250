"""The replay screen: keys, mouse, several recordings, and recordings that mean harm."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from steer.commands.replay import REPLAY
from steer.record import cast
from steer.ui.app import SteerApp
from steer.ui.config import UiConfig
from steer.ui.dialog.fork import ForkDialog
from steer.ui.dialog.go_to import GoToDialog
from steer.ui.replay.action import ACTIONS
from steer.ui.replay.no_fleet import NoFleet
from steer.ui.replay.opening import Source, open_replay
from steer.ui.replay.screen import ReplayScreen
from steer.ui.replay.state import ReplayState
from tests.faults.texts import ALLOWED, HOSTILE
from tests.ui.fake_fleet import NOW, FakeFleet, view
from tests.ui.harness import RecordingDriver, Screen, running

RECORDINGS = Path(__file__).parents[2] / "recordings"


def story(path: Path, began: int = 1_700_000_000, name: str = "tick") -> Path:
    """Sixty seconds, a word each second, a silence of half a minute, a marker at 40, an end."""
    encoder = cast.Encoder()
    lines = [cast.header(40, 8, began, title=name)]
    lines += [encoder.output(float(i), f"{name} {i}\r\n".encode()) for i in range(10)]
    lines += [encoder.marker(40.0, "inject abcdef12: stop it")]
    lines += [encoder.output(float(i), f"{name} {i}\r\n".encode()) for i in range(40, 60)]
    path.write_bytes(b"".join([*lines, encoder.exit(60.0, 0)]))
    return path


class Replay(Screen):
    """The replay in an app of its own."""

    def __init__(self, app: SteerApp, pilot: object, screen: ReplayScreen) -> None:
        super().__init__(app, pilot, FakeFleet())  # type: ignore[arg-type]  # as run_test gave it
        self.replay = screen

    @property
    def state(self) -> ReplayState:
        return self.replay.state

    @property
    def at(self) -> float:
        return self.state.playhead.position


@asynccontextmanager
async def replaying(
    *paths: Path, size: tuple[int, int] = (80, 24), is_terminal: bool = False, is_live: bool = False
) -> AsyncIterator[Replay]:
    """A paused replay, everything read, with a clock that stands still; `tick` moves it."""
    state = open_replay([Source(path.stem, path, is_live) for path in paths])
    screen = ReplayScreen(state, timer=lambda: 0.0)
    config = UiConfig(clock=lambda: NOW)
    app = SteerApp(NoFleet(), config, driver_class=RecordingDriver, first=screen)
    async with app.run_test(size=size, headless=not is_terminal) as pilot:
        s = Replay(app, pilot, screen)
        await s.until(lambda: screen.is_mounted and state.is_complete)
        await s.until(lambda: screen.too_small.display or screen.area.selected.store.rows)
        await pilot.pause()
        yield s


def test_keys_move_the_playhead(tmp_path: Path) -> None:
    async def go() -> None:
        async with replaying(story(tmp_path / "a.cast")) as s:
            assert s.at == 0 and "tick 0" in s.text()
            await s.press("right")
            assert s.at == 5 and "tick 5" in s.text() and "tick 6" not in s.text()
            await s.press("right_square_bracket")
            assert s.at == 40 and "◆ inject: stop it" in s.text()
            await s.press("full_stop")
            assert s.at == 41
            await s.press("comma", "comma")
            assert s.at == 9, "the marker and the word of 40 are one moment"
            await s.press("end")
            assert s.at == 60 and "ended" in s.text()
            await s.press("home")
            assert s.at == 0
            await s.press("i", "5")
            assert s.at == pytest.approx(30), "silences whole: half of a minute"
            await s.press("shift+right")
            assert s.at == 60
            await s.press("q")
            await s.until(lambda: not s.app.is_running or s.app._exit)

    asyncio.run(go())


def test_playing_runs_through_silences_and_stops_at_the_end(tmp_path: Path) -> None:
    async def go() -> None:
        async with replaying(story(tmp_path / "a.cast")) as s:
            await s.press("space", "plus")
            assert s.state.playhead.is_playing and "▶ playing" in s.text() and "2×" in s.text()
            s.replay.tick(2.5)
            assert s.at == pytest.approx(5)
            s.replay.tick(2.25)  # four words, then half of the silence in half a second
            assert 20 < s.at < 30
            s.replay.tick(100)
            assert s.at == 60 and not s.state.playhead.is_playing
            await s.until(lambda: s.state.is_at_rest)

    asyncio.run(go())


def test_search_finds_what_is_no_longer_on_screen(tmp_path: Path) -> None:
    async def go() -> None:
        async with replaying(story(tmp_path / "a.cast")) as s:
            await s.press("end", "slash", *"tick 3", "enter")
            await s.until(lambda: s.state.search is not None and s.state.search.is_done and s.at == 3)
            assert "match 1 of 1" in s.text() and s.replay.area.selected.search is not None
            await s.press("escape")
            assert s.state.search is None and s.app.screen is s.replay

    asyncio.run(go())


def test_a_click_on_the_bar_goes_there(tmp_path: Path) -> None:
    async def go() -> None:
        async with replaying(story(tmp_path / "a.cast")) as s:
            await s.press("i")
            await s.pilot.click(s.replay.bar, offset=(78, 0))
            await s.until(lambda: s.at == 60)
            await s.pilot.click(s.replay.bar, offset=(40, 1))
            await s.until(lambda: s.at == pytest.approx(30, abs=1))

    asyncio.run(go())


def test_several_recordings_share_a_clock(tmp_path: Path) -> None:
    one, two = story(tmp_path / "one.cast"), story(tmp_path / "two.cast", 1_700_000_005, "tock")

    async def go() -> None:
        async with replaying(one, two, size=(120, 40)) as s:
            await s.press("i", "right")
            s.state.seek(7.0)
            s.replay.wake_now()
            assert "tick 7" in s.text() and "tock 2" in s.text() and "tock 3" not in s.text()
            await s.press("a")
            assert "tock 7" in s.text() and "by start" in s.text()
            await s.press("tab", "z")
            assert s.state.selected == 1 and "tick" not in s.text()

    asyncio.run(go())


def test_a_running_session_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "a.cast"
    encoder = cast.Encoder()
    path.write_bytes(cast.header(40, 8, 1) + encoder.output(1.0, b"first\r\n"))

    async def go() -> None:
        async with replaying(path, is_live=True) as s:
            await s.press("l")
            assert "● live" in s.text()
            with path.open("ab") as f:
                f.write(encoder.output(5.0, b"second\r\n"))
            s.state.look_for_more()
            await s.until(lambda: "second" in s.text() and s.at == 5)

    asyncio.run(go())


def test_the_board_opens_the_replay_of_the_selected_session(tmp_path: Path) -> None:
    path = story(tmp_path / "a.cast")

    async def go() -> None:
        fleet = FakeFleet(view("a", id="s1", recording=str(path)), view("b", id="s2", recording="/nowhere"))
        async with running(fleet) as s:
            await s.press("1", "v")
            await s.until(lambda: isinstance(s.app.screen, ReplayScreen) and "tick 59" in s.text())
            fleet.output("s1", b"meanwhile")
            await s.press("question_mark")
            await s.until(lambda: "Play or pause" in s.text())
            await s.press("escape")
            await s.until(lambda: isinstance(s.app.screen, ReplayScreen))
            await s.press("q")
            await s.until(lambda: s.app.screen is s.board)
            await s.until(lambda: "meanwhile" in s.text() and not fleet.watches["s1"].in_flight)
            await s.press("2", "v")
            await s.until(lambda: "cannot open" in s.text())

    asyncio.run(go())


@pytest.mark.parametrize(("typed", "at"), [("0:42", 42), ("50%", 30), ("90", 60), ("100%", 60)])
def test_a_moment_can_be_typed(tmp_path: Path, typed: str, at: float) -> None:
    async def go() -> None:
        async with replaying(story(tmp_path / "a.cast")) as s:
            await s.press("t")
            await s.until(lambda: isinstance(s.app.screen, GoToDialog))
            s.app.screen._opened_at = 0.0  # type: ignore[attr-defined]  # past its guard
            await s.press(*(KEYS.get(c, c) for c in typed), "enter")
            await s.until(lambda: isinstance(s.app.screen, ReplayScreen))
            assert s.at == at

    asyncio.run(go())


def test_a_moment_that_was_not_read_yet_is_gone_to_when_it_is(tmp_path: Path) -> None:
    state = open_replay([Source("a", story(tmp_path / "a.cast"))])
    assert state.go_to("0:42") and state.playhead.position == 0
    state.shows[0].recording.load()
    state.tick(0.0)
    assert state.playhead.position == 42
    state.close()


def test_what_is_no_moment_is_said(tmp_path: Path) -> None:
    async def go() -> None:
        async with replaying(story(tmp_path / "a.cast")) as s:
            await s.press("right", "colon")
            await s.until(lambda: isinstance(s.app.screen, GoToDialog))
            s.app.screen._opened_at = 0.0  # type: ignore[attr-defined]  # past its guard
            await s.press("x", "percent_sign", "enter")
            await s.until(lambda: "is no moment" in s.text())
            assert s.at == 5

    asyncio.run(go())


KEYS = {":": "colon", "%": "percent_sign"}
PLAN = {
    "carried": ["the files of checkpoint 3"],
    "left": ["the index"],
    "branch": "steer/a-fork",
    "name": "a-fork",
    "conversation": {"mode": "cut", "text": "", "turns": []},
    "moment": {"at": 1.0, "text": "2023-11-14 22:14:00", "checkpoint": "c" * 40},
}
FILE = {
    "path": "a.txt",
    "status": "M",
    "added": 1,
    "removed": 1,
    "is_binary": False,
    "patch": "@@ -1 +1 @@\n-x\n+y\n",
}


def test_a_fork_begins_where_the_replay_stands_and_the_board_shows_it(tmp_path: Path) -> None:
    path = story(tmp_path / "a.cast")

    async def go() -> None:
        fleet = FakeFleet(view("a", id="s1", recording=str(path)), view("b", id="s2"))
        fleet.results = {
            "plan_fork": PLAN,
            "fork": {"session": "s2", "notes": []},
            "diff": {"files": [FILE], "base": "main", "checkpoint": "c", "moment": "22:14:00"},
        }
        async with running(fleet) as s:
            await s.press("1", "v")
            await s.until(lambda: isinstance(s.app.screen, ReplayScreen) and "tick 59" in s.text())
            await s.press("home", "right")
            await s.until(lambda: "tick 5" in s.text() and "tick 6" not in s.text())
            await s.press("d")
            await s.until(lambda: "as of 22:14:00" in s.text() and "a.txt" in s.text())
            await s.press("escape")
            await s.until(lambda: isinstance(s.app.screen, ReplayScreen))
            await s.press("f")
            await s.until(lambda: isinstance(s.app.screen, ForkDialog))
            assert "as of 2023-11-14 22:14:00" in s.text() and "the files of checkpoint 3" in s.text()
            assert "the conversation up to that moment" in s.text()
            s.app.screen._opened_at = 0.0  # type: ignore[attr-defined]  # past its guard
            await s.press("enter")
            await s.until(lambda: s.app.screen is s.board and s.board.state.selected == "s2")
        calls = {name: params for name, params in fleet.calls if name in ("plan_fork", "fork", "diff")}
        assert calls["fork"]["at"] == calls["plan_fork"]["at"] == calls["diff"]["at"] == 1_700_000_005
        assert (calls["fork"]["session"], calls["fork"]["conversation"]) == ("s1", "")

    asyncio.run(go())


def test_a_recording_of_no_session_is_not_forked(tmp_path: Path) -> None:
    async def go() -> None:
        async with replaying(story(tmp_path / "a.cast")) as s:
            await s.press("f")
            await s.until(lambda: "no session here" in s.text())
            await s.press("d")
            assert isinstance(s.app.screen, ReplayScreen)

    asyncio.run(go())


def test_two_sessions_are_compared_and_replayed_in_step(tmp_path: Path) -> None:
    paths = [story(tmp_path / f"{name}.cast", name=name) for name in ("a", "b")]
    sides = [
        {"id": f"s{i}", "name": name, "files": i, "added": i, "removed": 0, "checkpoint": "c",
         "check": {"command": "pytest", "state": "failed", "passed": 2, "failed": i, "text": f"{i} failed", "at": 0.0}}
        for i, name in enumerate("ab", 1)
    ]  # fmt: skip

    async def go() -> None:
        fleet = FakeFleet(
            view("a", id="s1", recording=str(paths[0])),
            view("b", id="s2", recording=str(paths[1]), parent="s1"),
            view("c", id="s3"),
        )
        fleet.results = {"compare": {"files": [FILE], "sessions": sides}}
        async with running(fleet, (110, 30)) as s:
            await s.press("2", "c")
            await s.until(lambda: "Compare with" in s.text())
            s.app.screen._opened_at = 0.0  # type: ignore[attr-defined]  # past its guard
            await s.press("enter")  # its parent comes first
            await s.until(lambda: "a → b" in s.text() and "2 failed" in s.text() and "a.txt" in s.text())
            await s.press("v")
            await s.until(lambda: isinstance(s.app.screen, ReplayScreen))
            await s.until(lambda: "a 59" in s.text() and "b 59" in s.text())
        assert [p for name, p in fleet.calls if name == "compare"] == [{"session": "s1", "other": "s2"}]

    asyncio.run(go())


def test_the_two_marked_ones_are_compared(tmp_path: Path) -> None:
    async def go() -> None:
        fleet = FakeFleet(view("a", id="s1"), view("b", id="s2"), view("c", id="s3"))
        fleet.results = {"compare": {"files": [], "sessions": []}}
        async with running(fleet) as s:
            await s.press("1", "M", "3", "M", "2", "c")
            await s.until(lambda: "nothing differs" in s.text())
        assert [p for name, p in fleet.calls if name == "compare"] == [{"session": "s1", "other": "s3"}]

    asyncio.run(go())


@pytest.mark.parametrize("size", [(20, 5), (44, 12), (80, 24), (160, 48)])
def test_any_size_is_drawn(size: tuple[int, int]) -> None:
    async def go() -> None:
        async with replaying(*sorted(RECORDINGS.glob("*.cast")), size=size) as s:
            await s.press("5", "tab", "pageup", "pagedown", "z")
            assert all(len(line) <= size[0] for line in s.picture())

    asyncio.run(go())


def test_every_command_has_an_action() -> None:
    assert {c.id for c in REPLAY} - set(ACTIONS) == {"replay_percent"}
    keys = [key for command in REPLAY for key in command.keys]
    assert len(keys) == len(set(keys))


def test_hostile_recordings_write_nothing_but_text(tmp_path: Path) -> None:
    path = tmp_path / "h.cast"
    encoder = cast.Encoder()
    lines = [cast.header(80, 24, 1, title=HOSTILE["osc52"])]
    for i, text in enumerate(HOSTILE.values()):
        data = text[:5000].encode("utf-8", "surrogatepass")
        lines += [encoder.output(i, data), encoder.marker(i, text[:300]), encoder.input(i, data[:50])]
    path.write_bytes(b"".join(lines) + b'["\x1b]0;owned\x07",7,7]\n')
    evil = path.rename(tmp_path / "\x1b]0;owned\x07[@click=app.quit]x\u202e.cast")

    async def go() -> str:
        async with replaying(evil, is_terminal=True) as s:
            at = len(s.written)
            for _ in HOSTILE:
                await s.press("full_stop")
            await s.press("home", "slash", *"[a]", "enter", "right_square_bracket", "left", "end", "pageup")
            await s.pilot.hover(s.replay.area, offset=(5, 5))
            for number in range(10):
                await s.press(str(number))
            assert s.app.is_running
            return s.written[at:]

    written = asyncio.run(go())
    assert written and ALLOWED.sub("", written) == ""
    assert not re.search(r"\x1b\](?!22;)", written)
