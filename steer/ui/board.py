"""The board: top bar, list, panes, footer; keys become commands, or go to the agent that is typed to."""

from __future__ import annotations

import asyncio
import subprocess
from typing import TYPE_CHECKING, Any, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.timer import Timer

from steer.commands.registry import BY_ID
from steer.errors import SteerError
from steer.model.fleet import FleetView
from steer.model.frame import Frame
from steer.model.port import FleetPort
from steer.ui.action.text import run_search, step
from steer.ui.board_state import BoardState, Mode
from steer.ui.chrome import Footer, SessionList, TopBar
from steer.ui.desktop import DesktopNotices
from steer.ui.empty import MIN_SCREEN, TooSmall
from steer.ui.notice import SHOWN_S, Notice, merged
from steer.ui.pane import Pane
from steer.ui.pane_area import PaneArea
from steer.ui.pane_mouse import PaneClicked, PanePressed, TextMarked
from steer.ui.search_bar import SearchBar
from steer.ui.session_list import sidebar_width
from steer.ui.status import tick_s

if TYPE_CHECKING:
    from steer.ui.app import SteerApp


class Board(Screen[None], inherit_bindings=False):
    """Implements `BoardContext` for actions and `BoardSink` for the bridge."""

    AUTO_FOCUS = ""
    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Board { layout: vertical; overflow: hidden; }
    Board #middle { height: 1fr; }
    """

    def __init__(self, state: BoardState, port: FleetPort) -> None:
        super().__init__()
        self.desktop = DesktopNotices(self._write_notice)
        self.state = state
        self.port = port
        self.top = TopBar(state)
        self.list = SessionList(state)
        self.area = PaneArea(state)
        self.search_bar = SearchBar()
        self.footer = Footer(state)
        self.too_small = TooSmall()
        self._notice_timer: Timer | None = None
        self._tick: Timer | None = None
        self._tick_s = 0.0

    @property
    def steer(self) -> SteerApp:
        return cast("SteerApp", self.app)

    def compose(self) -> ComposeResult:
        with Vertical(id="whole"):
            yield self.top
            with Horizontal(id="middle"):
                yield self.list
                yield self.area
            yield self.search_bar
            yield self.footer
        yield self.too_small

    def on_mount(self) -> None:
        self._plan_tick()

    # -- what the fleet says ---------------------------------------------------------------------------

    def show_fleet(self, view: FleetView, is_reconnected: bool) -> None:
        self.area.update(view)
        self.top.lost = ""
        if is_reconnected:
            self.area.watch_again()
        self.redraw()
        self._notify()

    def _notify(self) -> None:
        if self.steer.config.notify:
            self.desktop.is_looking = self.app.app_focus
            ranked = ((s, self.state.attention(s)) for s in self.state.sessions)
            self.desktop.note(((s.spec.id, s.spec.name, a.rank, a.reason) for s, a in ranked), self.now())

    def _write_notice(self, text: str) -> None:
        if driver := self.app._driver:
            driver.write(text)

    def show_frame(self, frame: Frame) -> bool:
        pane = self.area.panes.get(frame.session)
        if pane is None:
            return False
        rows = pane.take(frame)
        acknowledge = lambda: self.port.ack(frame.session, frame.seq)  # noqa: E731 # one use, two ways to call it
        if self.steer.painter.can_paint(pane):
            self.steer.painter.paint(pane, rows, acknowledge)
        else:
            pane.refresh_rows(rows)
            self.call_after_refresh(acknowledge)
        if pane is self.area.selected and self.state.mode is Mode.FOCUS:
            self.place_cursor()
        if pane.frame is not None and pane.frame.scrolled != frame.offset:
            self.area.dress()
        return True

    def shown_panes(self) -> list[Pane]:
        return self.area.shown_panes()

    def show_lost(self, reason: str) -> None:
        self.top.lost = reason or "lost"
        self.top.refresh()

    # -- what actions may do ---------------------------------------------------------------------------

    @property
    def pane(self) -> Pane | None:
        return self.area.selected

    @property
    def area_size(self) -> tuple[int, int]:
        return self.area.size.width, self.area.size.height

    @property
    def has_sidebar(self) -> bool:
        return self.state.has_sidebar(self.size.width)

    def now(self) -> float:
        return self.steer.config.clock()

    def say(self, text: str, severity: str = "information") -> None:
        self.footer.notice = merged(self.footer.notice, Notice(text, severity, self.now()))
        if self._notice_timer is not None:
            self._notice_timer.stop()
        self._notice_timer = self.set_timer(SHOWN_S, self.clear_notice)
        self.footer.refresh()

    def clear_notice(self) -> None:
        if self.footer.notice is not None:
            self.footer.notice = None
            self.footer.refresh()

    def redraw(self) -> None:
        """Ages, counts and frames; cheap when nothing changed."""
        self.area.dress()
        self.top.page = (self.area.page.page + 1, self.area.page.pages)
        for bar in (self.top, self.list, self.footer):
            bar.refresh_if_changed()
        self._plan_tick()

    def _plan_tick(self) -> None:
        """Come back when an age may read differently. An idle board is most of the cockpit's cost: it ticks slowly."""
        wait_s = tick_s(self.state.sessions, self.now())
        if wait_s != self._tick_s:
            if self._tick is not None:
                self._tick.stop()
            self._tick, self._tick_s = self.set_interval(wait_s, self.redraw), wait_s

    def relayout(self) -> None:
        self._arrange(self.size.width, self.size.height)
        self.area.place()
        self.redraw()

    def choose(self, session: str) -> None:
        if not session or session == self.state.selected:
            return
        old_order, old_page = self.state.pane_order(), self.state.page
        self.state.select(session, self.now())
        self.state.show_selected(*self.area_size)
        if (self.state.pane_order(), self.state.page) != (old_order, old_page) or self.state.is_zoomed:
            self.area.place()
        self.redraw()
        if self.state.mode is Mode.FOCUS:
            self.place_cursor()

    def set_mode(self, mode: Mode) -> None:
        session = self.state.session
        if session is None or mode is self.state.mode:
            return
        self.state.mode = mode
        self.port.focus(session.spec.id, mode is Mode.FOCUS)
        if mode is Mode.FOCUS and (pane := self.area.selected):
            pane.select(None)
            pane.show_search(None)
            pane.show_offset(0)
        self.redraw()
        self.place_cursor()

    async def ask(self, dialog: Any) -> Any:
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def closed(result: Any) -> None:
            if not answer.done():
                answer.set_result(result)

        self.app.push_screen(dialog, closed)
        return await answer

    def copy(self, text: str) -> None:
        self.app.copy_to_clipboard(text)

    def open_search(self) -> None:
        self.search_bar.open()

    def open_palette(self) -> None:
        self.steer.open_palette()

    def open_help(self) -> None:
        self.steer.open_help()

    def next_theme(self) -> None:
        self.say(f"theme: {self.steer.next_theme()}")

    def run_outside(self, argv: list[str], cwd: str, env: dict[str, str]) -> int:
        with self.app.suspend():
            status = subprocess.run(argv, cwd=cwd, env=env, check=False).returncode
        self.steer.painter.forget_cursor()
        self.place_cursor()
        self.refresh(layout=True)
        return status

    def leave(self) -> None:
        self.app.exit()

    # -- keys ------------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        if self.search_bar.is_open:
            return
        event.stop()
        event.prevent_default()
        session = self.state.session
        if self.state.mode is Mode.FOCUS and session is not None:
            self._key_for_agent(session.spec.id, event)
        else:
            self._key_for_board(event.key)

    def _key_for_agent(self, session: str, event: events.Key) -> None:
        if event.key in self.steer.config.leave:
            self.set_mode(Mode.BOARD)
        else:
            self.clear_notice()
            self.port.key(session, event.key, event.character)

    def _key_for_board(self, key: str) -> None:
        self.clear_notice()
        pane = self.area.selected
        if pane is not None and pane.search is not None and key in ("n", "N", "escape"):
            if key == "escape":
                pane.show_search(None)
            else:
                step(self, 1 if key == "N" else -1)
            self.area.dress()
            return
        if key == "escape" and pane is not None:
            pane.select(None)
        command = self.steer.keymap.commands.get(key, "")
        if command == "select_number":
            self._select_number(int(key) if key.isdigit() else 0)
        elif command:
            self.run_command(command)

    def _select_number(self, number: int) -> None:
        sessions = self.state.sessions
        if 1 <= number <= len(sessions):
            self.choose(sessions[number - 1].spec.id)

    def on_paste(self, event: events.Paste) -> None:
        session = self.state.session
        if self.state.mode is Mode.FOCUS and session is not None and not self.search_bar.is_open:
            event.stop()
            self.port.paste(session.spec.id, event.text)

    def run_command(self, command: str) -> None:
        """Run a command of the registry, or say why not."""
        reason = BY_ID[command].disabled_reason(self.state.fleet, self.state.session)
        if reason:
            self.say(f"{BY_ID[command].title}: {reason}", "warning")
            return
        action = self.steer.actions.get(command)
        if action is not None:
            self.run_worker(self._run(command), group="command", exit_on_error=False)

    async def _run(self, command: str) -> None:
        try:
            pending = self.steer.actions[command](self)
            if pending is not None:
                await pending
        except SteerError as e:
            self.say(f"{e.message}; {e.hint}" if e.hint else e.message, "error")
        except Exception as e:
            self.log.error(f"{command} failed", e)
            self.say(f"{BY_ID[command].title} failed inside steer: {e!r}", "error")

    # -- widgets ---------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        self._arrange(event.size.width, event.size.height)

    def _arrange(self, width: int, height: int) -> None:
        is_small = width < MIN_SCREEN[0] or height < MIN_SCREEN[1]
        self.query_one("#whole").display = not is_small
        self.too_small.display = is_small
        self.list.display = self.has_sidebar and not is_small
        self.list.styles.width = min(sidebar_width(width), max(1, width - 20))

    def on_screen_suspend(self) -> None:
        self.steer.painter.place_cursor(None)

    def on_screen_resume(self) -> None:
        self.place_cursor()

    def place_cursor(self) -> None:
        """The terminal's cursor stands in the pane that is typed to, or nowhere."""
        is_typing = self.state.mode is Mode.FOCUS and self.app.screen is self
        self.steer.painter.place_cursor(self.area.selected if is_typing else None)

    def on_pane_area_placed(self) -> None:
        self.redraw()
        self.call_after_refresh(self.place_cursor)

    def on_session_list_chosen(self, message: SessionList.Chosen) -> None:
        self.choose(message.session)

    def on_pane_pressed(self, message: PanePressed) -> None:
        self.choose(message.session)

    def on_pane_clicked(self, message: PaneClicked) -> None:
        if message.was_selected:
            self.set_mode(Mode.FOCUS)

    async def on_text_marked(self, message: TextMarked) -> None:
        if self.steer.config.copy_on_release:
            await self._run("copy")

    async def on_search_bar_submitted(self, message: SearchBar.Submitted) -> None:
        try:
            await run_search(self, message.query)
        except SteerError as e:
            self.say(e.message, "error")
        self.area.dress()
