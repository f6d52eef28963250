"""The board over a fake fleet: what is pressed, what is asked of the port, what is seen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from steer.errors import EnvironmentFault
from steer.model.flag import Flag, Severity
from steer.model.session import Activity, CheckResult, DiffStat, ProcessState
from steer.ui.board_state import Mode
from steer.ui.dialog import card
from steer.ui.dialog.kill import KillDialog
from tests.ui.fake_fleet import NOW, FakeFleet, view
from tests.ui.harness import Screen, running

A, B, C = "salphaxxx", "sbetaxxxx", "sgammaxxx"


def three() -> FakeFleet:
    return FakeFleet(
        view("alpha", id=A, diff=DiffStat(2, 12, 3), check=CheckResult("passed", 14)),
        view("beta", id=B, activity=Activity.ASKING, activity_text="approve rm", parent=A),
        view("gamma", id=C, flags=(Flag("loop", "same failure", Severity.URGENT, NOW, count=4),)),
    )


def story(
    fleet: FakeFleet, tell: Callable[[Screen], Awaitable[None]], size: tuple[int, int] = (80, 24), **kw: Any
) -> None:
    async def go() -> None:
        async with running(fleet, size, **kw) as screen:
            await tell(screen)

    asyncio.run(go())


async def _loaded(s: Screen) -> None:
    for session, text in ((A, b"hello from alpha"), (B, b"may I?"), (C, b"trying again")):
        await s.until(lambda session=session: ("watch", session) in [c[:2] for c in s.fleet.sent])
        s.fleet.output(session, text)
    await s.pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
def test_the_board_shows_every_session_and_its_state(size: tuple[int, int]) -> None:
    async def tell(s: Screen) -> None:
        await _loaded(s)
        text = s.text()
        for wanted in ("steer", "project", "◆ 1 asking", "▲ 1 urgent", "● 1 working", "hello from alpha", "may I?",
                       "trying again", "1 ● alpha", "2 ◆ beta", "3 ● gamma",
                       "same failure ×4", "? help", "q quit"):  # fmt: skip
            assert wanted in text, wanted
        assert len(s.picture()) == size[1]
        assert ("╰╴" in text) is (size[0] >= 100), (
            "the list shows forks under their parent where there is room"
        )

    story(three(), tell, size)


def test_picture_at_80x24() -> None:
    async def tell(s: Screen) -> None:
        await _loaded(s)
        lines = s.picture()
        assert lines[0].startswith(" steer  project   ◆ 1 asking · ▲ 1 urgent · ● 1 working")
        assert lines[1].startswith("┏━ 1 ● alpha  claude ━")
        assert "╭─ 2 ◆ beta  claude ─" in lines[1]
        assert "┗━ ● working 1m · +12 −3 · ✓ 14 ━" in "\n".join(lines)
        assert lines[-1].startswith(" a answer  ] next")

    story(three(), tell)


def test_panes_are_watched_at_their_size_and_again_after_a_resize() -> None:
    async def tell(s: Screen) -> None:
        await s.until(lambda: s.fleet.watches[A].is_watched)
        cols, rows = s.board.area.panes[A].inner
        assert s.fleet.size(A) == (cols, rows)
        await s.pilot.resize_terminal(160, 48)
        await s.until(
            lambda: s.fleet.size(A) == s.board.area.panes[A].inner and s.fleet.size(A) != (cols, rows)
        )

    story(three(), tell)


def test_hidden_panes_are_not_watched() -> None:
    async def tell(s: Screen) -> None:
        await _loaded(s)
        await s.press("z")
        await s.until(lambda: not s.fleet.watches[B].is_watched)
        assert s.fleet.watches[A].is_watched
        await s.press("tab")
        await s.until(lambda: s.fleet.watches[B].is_watched and not s.fleet.watches[A].is_watched)
        assert "may I?" in s.text()

    story(three(), tell)


def test_selection_moves_by_number_key_need_and_arrow() -> None:
    async def tell(s: Screen) -> None:
        seen = []
        for key in (
            "3",
            "tab",
            "right_square_bracket",
            "right_square_bracket",
            "left_square_bracket",
            "left",
            "down",
        ):
            await s.press(key)
            seen.append(s.board.state.selected)
        assert seen == [C, A, B, C, B, A, C]

    story(three(), tell)


def test_every_key_goes_to_the_agent_in_focus() -> None:
    async def tell(s: Screen) -> None:
        await s.press("enter")
        assert s.board.state.mode is Mode.FOCUS and "KEYS GO TO THE AGENT" in s.text()
        keys = [
            "ctrl+b",
            "ctrl+c",
            "ctrl+d",
            "escape",
            "q",
            "tab",
            "ctrl+p",
            "ctrl+z",
            "f1",
            "shift+up",
            "question_mark",
        ]
        await s.press(*keys)
        assert [c[2] for c in s.fleet.sent if c[0] == "key"] == keys
        await s.press("ctrl+q")
        assert s.board.state.mode is Mode.BOARD and s.app.is_running
        await s.press("enter", "ctrl+right_square_bracket")
        assert s.board.state.mode is Mode.BOARD
        assert [c[2] for c in s.fleet.sent if c[0] == "focus"] == [True, False, True, False]

    story(three(), tell)


def test_paste_goes_to_the_agent_only_in_focus() -> None:
    from textual.events import Paste

    async def tell(s: Screen) -> None:
        s.app.post_message(Paste("one"))
        await s.pilot.pause()
        await s.press("enter")
        s.app.post_message(Paste("two"))
        await s.until(lambda: any(c[0] == "paste" for c in s.fleet.sent))
        assert [c for c in s.fleet.sent if c[0] == "paste"] == [("paste", A, "two")]

    story(three(), tell)


def test_answer_goes_to_who_asks() -> None:
    async def tell(s: Screen) -> None:
        await s.press("a")
        assert s.board.state.selected == B and s.board.state.mode is Mode.FOCUS

    story(three(), tell)


def test_kill_asks_and_an_enter_typed_before_does_not_confirm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card, "GUARD_S", float("inf"))  # however slowly the second key comes

    async def tell(s: Screen) -> None:
        await s.press("x", "enter")
        assert isinstance(s.app.screen, KillDialog)
        assert "alpha" in s.text() and "undo" in s.text()
        monkeypatch.setattr(card, "GUARD_S", 0.0)
        await s.press("enter")
        await s.until(lambda: ("kill", {"session": A}) in s.fleet.calls)
        await s.until(lambda: s.board.state.selected == B)
        assert "1 ◆ beta" in s.text() and "undo brings it back" in s.text()

    story(three(), tell)


def test_escape_leaves_the_kill() -> None:
    async def tell(s: Screen) -> None:
        await s.press("x", "escape")
        assert s.app.screen is s.board and s.fleet.calls == []

    story(three(), tell)


def test_refusals_and_errors_are_sentences() -> None:
    async def tell(s: Screen) -> None:
        await s.press("u")
        assert "there is nothing to undo" in s.picture()[-1]
        s.fleet.failures["interrupt"] = EnvironmentFault("the disk is full", "free some space")
        await s.press("k")
        await s.until(lambda: "the disk is full; free some space" in s.picture()[-1])
        await s.press("tab")
        assert "the disk" not in s.picture()[-1]

    story(three(), tell)


def test_pause_and_continue_are_one_key() -> None:
    async def tell(s: Screen) -> None:
        await s.press("p")
        await s.until(lambda: "‖ paused" in s.text())
        await s.press("p")
        await s.until(lambda: "‖ paused" not in s.text())
        assert [c[0] for c in s.fleet.calls] == ["pause", "continue"]

    story(three(), tell)


def test_search_marks_jumps_and_ends() -> None:
    async def tell(s: Screen) -> None:
        await _loaded(s)
        s.fleet.output(A, b"\r\n".join(b"line %d needle" % i for i in range(60)))
        await s.press("slash", *"needle", "enter")
        await s.until(lambda: "60 of 60" in s.text())
        pane = s.board.area.panes[A]
        await s.press("N")
        assert pane.search is not None and pane.search.at == 0
        await s.until(lambda: pane.store.offset > 0)
        assert f"−{pane.store.offset} lines" in s.text()
        await s.press("escape", "end")
        await s.until(lambda: pane.store.offset == 0 and pane.search is None)

    story(three(), tell)


def test_pageup_scrolls_the_selected_pane() -> None:
    async def tell(s: Screen) -> None:
        await _loaded(s)
        s.fleet.output(A, b"\r\n".join(b"line %d" % i for i in range(100)))
        await s.press("pageup")
        await s.until(lambda: s.board.area.panes[A].store.offset > 0)
        assert f"−{s.board.area.panes[A].store.offset} lines" in s.text()
        await s.press("enter")
        await s.until(lambda: s.board.area.panes[A].store.offset == 0)

    story(three(), tell)


def test_dragged_text_is_copied_by_key_only() -> None:
    async def tell(s: Screen) -> None:
        await _loaded(s)
        pane = s.board.area.panes[A]
        await s.pilot.mouse_down(pane, offset=(1, 1))
        await s.pilot.hover(pane, offset=(5, 1))
        await s.pilot.mouse_up(pane, offset=(5, 1))
        assert s.app.clipboard == ""
        await s.press("y")
        await s.until(lambda: s.app.clipboard == "hello")

    story(three(), tell)


def test_double_click_takes_a_word_and_release_may_copy() -> None:
    async def tell(s: Screen) -> None:
        await _loaded(s)
        await s.pilot.click(s.board.area.panes[A], offset=(8, 1), times=2)
        await s.until(lambda: s.app.clipboard == "from")

    story(three(), tell, copy_on_release=True)


def test_clicks_select_then_focus() -> None:
    async def tell(s: Screen) -> None:
        await s.pilot.click(s.board.area.panes[B], offset=(3, 3))
        assert s.board.state.selected == B and s.board.state.mode is Mode.BOARD
        await s.pilot.click(s.board.area.panes[C], offset=(3, 3))
        await s.press("1")
        await s.pilot.click(s.board.area.panes[A], offset=(6, 4))
        assert s.board.state.mode is Mode.FOCUS

    story(three(), tell)


def test_the_wheel_goes_where_it_belongs() -> None:
    from textual.events import MouseScrollUp

    async def wheel(s: Screen) -> None:
        await s.pilot._post_mouse_events([MouseScrollUp], s.board.area.panes[A], offset=(4, 3))
        await s.pilot.pause()

    async def tell(s: Screen) -> None:
        await _loaded(s)
        s.fleet.output(A, b"\r\n" * 60)
        await s.pilot.pause()
        await wheel(s)
        assert ("scroll", A, 3) in s.fleet.sent
        s.fleet.scroll(A, 0)
        s.fleet.output(A, b"\x1b[?1049h")
        await s.until(lambda: s.board.area.panes[A].store.modes.is_alternate)
        await wheel(s)
        assert [c for c in s.fleet.sent if c[0] == "key"] == [("key", A, "up", None)] * 3
        s.fleet.output(A, b"\x1b[?1000h\x1b[?1006h")
        await s.until(lambda: s.board.area.panes[A].store.modes.has_mouse)
        await wheel(s)
        assert ("mouse", A, "press", 4, 3, 2, 0) in s.fleet.sent

    story(three(), tell)


def test_layouts_zoom_list_and_pages() -> None:
    async def tell(s: Screen) -> None:
        await s.press("3", "t")
        main, other = s.board.area.panes[C].region, s.board.area.panes[A].region
        assert main.width > other.width
        await s.press("t")
        assert not s.board.area.panes[A].display
        await s.press("t", "s")
        assert not s.board.list.display
        await s.press("s")
        assert s.board.list.display

    story(three(), tell, (160, 48))


def test_more_sessions_than_fit_are_pages() -> None:
    async def tell(s: Screen) -> None:
        assert "page 1 of 3" in s.text()
        await s.press("full_stop")
        assert "page 2 of 3" in s.text() and s.board.state.number(s.board.state.selected) == 5
        await s.press("9")
        assert "page 3 of 3" in s.text()

    story(FakeFleet(*(view(f"n{i}", id=f"s{i:08d}") for i in range(9))), tell)


def test_lost_supervisor_keeps_the_picture_and_watches_again() -> None:
    async def tell(s: Screen) -> None:
        await _loaded(s)
        assert s.fleet.sink is not None
        s.fleet.sink.disconnected("it was killed")
        await s.pilot.pause()
        assert "reconnecting" in s.picture()[0] and "hello from alpha" in s.text()
        s.fleet.sent.clear()
        s.fleet.change()
        await s.until(lambda: {c[1] for c in s.fleet.sent if c[0] == "watch"} == {A, B, C})
        assert "reconnecting" not in s.picture()[0]

    story(three(), tell)


def test_a_pane_that_cannot_be_drawn_says_so_and_the_app_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    async def tell(s: Screen) -> None:
        await _loaded(s)
        pane = s.board.area.panes[A]

        def broken(row: int, width: int) -> None:
            raise RuntimeError("bad row")

        monkeypatch.setattr(pane, "_row", broken)
        pane.refresh()
        await s.pilot.pause()
        assert "this pane cannot be drawn: Runtime" in s.text()
        assert "may I?" in s.text() and s.app.is_running

    story(three(), tell)


def test_empty_board_and_small_terminal_say_what_to_do() -> None:
    async def tell(s: Screen) -> None:
        assert "No agents yet." in s.text() and "all keys" in s.text()
        await s.pilot.resize_terminal(36, 8)
        await s.pilot.pause()
        assert "needs at least 40 by 10" in " ".join(line.strip() for line in s.picture())

    story(FakeFleet(), tell)


def test_the_first_run_is_explained_once() -> None:
    welcomed: list[bool] = []

    async def tell(s: Screen) -> None:
        await s.until(lambda: s.app.screen is not s.board)
        assert "Welcome to steer" in s.text()
        await s.press("escape")
        await s.until(lambda: welcomed)
        assert s.app.screen is s.board

    story(FakeFleet(), tell, is_first_run=True, on_welcomed=lambda: welcomed.append(True))


def test_help_filters_and_the_palette_runs_commands() -> None:
    async def tell(s: Screen) -> None:
        await s.press("question_mark")
        assert "Interrupt" in s.text()
        await s.press(*"zoom")
        assert "Interrupt" not in s.text() and "Zoom" in s.text()
        await s.press("escape", "ctrl+p")
        await s.press(*"zoom")
        await s.until(lambda: "the selected pane alone" in s.text())
        await s.press("down", "enter")
        await s.until(lambda: s.board.state.is_zoomed or s.app.screen is s.board)

    story(three(), tell, (100, 30))


def test_keys_are_rebindable_and_mistakes_are_said() -> None:
    async def tell(s: Screen) -> None:
        assert "unknown command 'zom' in keys; the nearest is 'zoom'" in s.picture()[-1]
        await s.press("w")
        assert s.board.state.is_zoomed

    story(three(), tell, keys={"zoom": ["w"], "zom": ["z"]})


def test_quit_leaves_and_closes_the_port() -> None:
    fleet = three()

    async def go() -> None:
        async with running(fleet) as s:
            await s.press("q")
            await s.until(lambda: not s.app.is_running)

    asyncio.run(go())
    assert fleet.is_closed
    assert fleet.calls == []


def test_ended_sessions_offer_to_start_again() -> None:
    async def tell(s: Screen) -> None:
        assert "✗ failed, status 2" in s.text() and "r start again" in s.picture()[-1]

    story(FakeFleet(view("a", process=ProcessState.FAILED, exit_status=2)), tell)


def test_themes_change_while_running() -> None:
    async def tell(s: Screen) -> None:
        before = s.app.theme_name
        await s.press("T")
        assert s.app.theme_name != before and s.app.theme == f"steer-{s.app.theme_name}"

    story(three(), tell)


def test_a_dialog_is_answered_once_however_fast_the_keys_come() -> None:
    async def tell(s: Screen) -> None:
        await _loaded(s)
        await s.press("x")
        await s.until(lambda: isinstance(s.app.screen, KillDialog))
        dialog = s.app.screen
        assert isinstance(dialog, KillDialog)
        for _ in range(3):
            dialog.dismiss(None)
        await s.until(lambda: s.app.screen is s.board)
        await s.press("question_mark", "escape", "escape", "escape")
        await s.until(lambda: s.app.screen is s.board)
        assert "kill" not in [method for method, _ in s.fleet.calls]

    story(three(), tell)


@pytest.mark.parametrize("is_looking", [True, False])
def test_a_notice_goes_to_the_desktop_only_while_nobody_looks(
    is_looking: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DBUS_SESSION_BUS_ADDRESS", "TERM_PROGRAM", "WT_SESSION"):
        monkeypatch.delenv(name, raising=False)

    async def tell(s: Screen) -> None:
        s.app.app_focus = is_looking
        asks = {"activity": Activity.ASKING, "activity_text": "rm -rf; \x1b]0;x\x07 now"}
        s.fleet.change_session(A, **asks)
        await s.until(lambda: "◆ 2 asking" in s.text())
        said = "]777;notify;steer;alpha: rm -rf, ␛]0,x␇ now\x1b\\"
        assert (said in s.written) is not is_looking
        s.fleet.change_session(A, activity=Activity.WORKING)
        s.fleet.change_session(A, **asks)
        await s.pilot.pause()
        assert s.written.count("]777;") == int(not is_looking), "not again within a minute"

    story(three(), tell, is_terminal=True)


def test_hundreds_of_notices_at_once_are_drawn_as_one() -> None:
    async def go() -> None:
        fleet = FakeFleet(view("a", id="s1"))
        async with running(fleet, (100, 30), is_terminal=True) as s:

            async def written_for(count: int) -> int:
                at = len(s.written)
                assert fleet.sink
                for _ in range(count):
                    fleet.sink.notice_arrived("the disk is full", "error")
                await s.pilot.pause()
                return len(s.written) - at

            one = await written_for(1)
            many = await written_for(500)
            assert 0 < many <= 3 * one + 500
            assert "501" in s.text() and s.text().count("the disk is full") == 1

    asyncio.run(go())
