"""The two ways a pane reaches the terminal show the same picture; the direct one is taken when it may be."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from steer.model.session import Activity
from steer.term.emulator import Emulator
from steer.ui.pen import Pen, make_pen, translate
from steer.ui.theme_folder import load_themes, shipped_folder
from tests.ui.fake_fleet import FakeFleet, view
from tests.ui.harness import Screen, running

TEXT = "\x1b[1;32mok\x1b[0m 日本語 ● done é │─│\r\n\x1b[44mblue\x1b[0m plain\r\n⚠️ 👨‍👩‍👧 x"


def _terminal(screen: Screen) -> Emulator:
    """What the operator's terminal shows after everything written so far."""
    terminal = Emulator(screen.app.size.width, screen.app.size.height)
    terminal.feed(b"\x1b[?7l")
    # A terminal in raw mode: a newline moves down only; Textual's updates place every line anyway.
    terminal.feed(screen.written.encode())
    return terminal


def test_direct_and_composed_pictures_are_equal() -> None:
    async def go() -> None:
        fleet = FakeFleet(view("a", id="s1"), view("b", id="s2"))
        async with running(fleet, (100, 30), is_terminal=True) as s:
            await s.until(lambda: fleet.watches["s1"].is_watched)
            await s.pilot.pause()
            pane = s.board.area.panes["s1"]
            assert s.app.painter.can_paint(pane)
            fleet.output("s1", TEXT.encode())
            await s.pilot.pause()
            direct = _terminal(s).rows()
            s.board.refresh(layout=True)
            for widget in s.board.walk_children():
                widget.refresh()
            before = len(s.written)
            await s.until(
                lambda: len(s.written) > before + 2000
            )  # more than the rows: everything was composed
            await s.until(lambda: _terminal(s).rows() == direct)
            assert "ok 日本語 ● done é │─│" in "\n".join(_terminal(s).lines())

    asyncio.run(go())


def test_covered_marked_and_scrolled_panes_go_through_the_compositor() -> None:
    async def go() -> None:
        fleet = FakeFleet(view("a", id="s1"))
        async with running(fleet, (100, 30), is_terminal=True) as s:
            await s.until(lambda: fleet.watches["s1"].is_watched)
            await s.pilot.pause()
            pane, painter = s.board.area.panes["s1"], s.app.painter
            assert painter.can_paint(pane)
            await s.press("x")
            assert not painter.can_paint(pane)
            fleet.output("s1", b"under the dialog")
            await s.press("escape")
            assert painter.can_paint(pane) and "under the dialog" in s.text()
            fleet.output("s1", b"\r\n" * 60)
            await s.press("pageup")
            await s.until(lambda: pane.store.offset > 0)
            assert not painter.can_paint(pane)

    asyncio.run(go())


def test_one_frame_in_flight_and_the_newest_wins() -> None:
    async def go() -> None:
        fleet = FakeFleet(view("a", id="s1"))
        async with running(fleet, (100, 30), is_terminal=True) as s:
            await s.until(lambda: fleet.watches["s1"].is_watched and not fleet.watches["s1"].in_flight)
            before = fleet.watches["s1"].seq
            for i in range(50):
                fleet.output("s1", b"\r%d   " % i)
            assert fleet.watches["s1"].seq == before + 1, "the others wait for the acknowledgement"
            await s.until(lambda: not fleet.watches["s1"].in_flight)
            assert fleet.watches["s1"].seq == before + 2
            assert s.board.area.panes["s1"].store.row(0).startswith("49")

    asyncio.run(go())


def test_the_terminals_cursor_stands_where_the_agents_is() -> None:
    async def go() -> None:
        fleet = FakeFleet(view("a", id="s1"))
        async with running(fleet, (100, 30), is_terminal=True) as s:
            await s.until(lambda: fleet.watches["s1"].is_watched)
            fleet.output("s1", b"abc\x1b[6 q")
            await s.press("enter")
            fleet.output("s1", b"d")
            await s.pilot.pause()
            pane = s.board.area.panes["s1"]
            assert s.app.cursor_position == (pane.region.x + 1 + 4, pane.region.y + 1)
            assert s.written.rindex("\x1b[?25h") > s.written.rfind("\x1b[?25l")
            assert "\x1b[6 q" in s.written
            await s.press("ctrl+q")
            assert s.written.rindex("\x1b[?25l") > s.written.rindex("\x1b[?25h")

    asyncio.run(go())


def test_theme_files_are_reloaded_without_a_restart(tmp_path: Path) -> None:
    text = (shipped_folder() / "dark.toml").read_text()
    (tmp_path / "mine.toml").write_text(text)

    async def go() -> None:
        fleet = FakeFleet(view("a", id="s1"))
        async with running(fleet, (100, 30), theme="mine", theme_folder=tmp_path) as s:
            assert s.app.theme_name == "mine"
            (tmp_path / "mine.toml").write_text(text.replace("#7aa2f7", "#ff00ff"))
            await s.until(lambda: s.app.skin.theme.colours["border.selected"] == "#ff00ff")
            (tmp_path / "mine.toml").write_text("name = 3")
            await s.until(lambda: "mine.toml" in s.picture()[-1])
            assert s.app.skin.theme.colours["border.selected"] == "#ff00ff"

    asyncio.run(go())


def test_without_colour_nothing_is_coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def go() -> str:
        fleet = FakeFleet(view("a", id="s1"), view("b", id="s2", activity=Activity.ASKING))
        async with running(fleet, (100, 30), is_terminal=True) as s:
            await s.until(lambda: fleet.watches["s1"].is_watched)
            fleet.output("s1", TEXT.encode())
            await s.until(lambda: "blue" in s.written)
            return s.written

    parameters = {p for m in re.findall(r"\x1b\[([0-9;]*)m", asyncio.run(go())) for p in m.split(";")}
    assert parameters <= {"", "0", "1", "2", "3", "4", "7", "22", "23", "24", "27"}


def test_a_terminal_with_256_colours_gets_no_others() -> None:
    pen = Pen(has_truecolor=False)
    assert translate("38;2;255;0;0", pen) == "\x1b[38;5;196m"
    assert "2;" not in make_pen(load_themes((shipped_folder(),))[0]["harbor"], has_truecolor=False).base
