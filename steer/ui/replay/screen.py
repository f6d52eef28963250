"""The replay screen: recordings in panes, the timeline below them, and one playhead for all."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import Screen
from textual.timer import Timer

from steer.model.port import FleetPort
from steer.replay.clock import clock
from steer.ui.empty import MIN_SCREEN, TooSmall
from steer.ui.notice import SHOWN_S, Notice, merged
from steer.ui.pane import Pane
from steer.ui.pane_mouse import PanePressed, TextMarked
from steer.ui.replay.action import ACTIONS
from steer.ui.replay.area import ReplayArea
from steer.ui.replay.chrome import ReplayFooter, StatusBar, TimelineBar
from steer.ui.replay.pane import Scrolled
from steer.ui.replay.state import ReplayState, Show
from steer.ui.replay.travel import Travel, travelled
from steer.ui.search_bar import SearchBar

if TYPE_CHECKING:
    from steer.ui.app import SteerApp

FRAME_S = 1 / 30
TALL_SCREEN = 30  # rows from which on the timeline has one more
LOOK_S = 0.5  # between two looks at a recording that may have grown, while it is followed


class ReplayScreen(Screen[None], inherit_bindings=False):
    """Implements `ReplayContext`. `timer` gives seconds that only ever rise. Closes the state's recordings."""

    AUTO_FOCUS = ""
    ALLOW_SELECT = False
    DEFAULT_CSS = "ReplayScreen { layout: vertical; overflow: hidden; }"

    def __init__(self, state: ReplayState, timer: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.state = state
        self.area = ReplayArea(state)
        self.bar = TimelineBar(state)
        self.status = StatusBar(state)
        self.search_bar = SearchBar("find in everything that was ever on screen; Esc leaves")
        self.footer = ReplayFooter()
        self.too_small = TooSmall()
        self._timer = timer
        self._ticked_at = timer()
        self._frames: Timer | None = None
        self._notice_timer: Timer | None = None
        self._is_jumping = False  # to the first hit, as soon as there is one

    @property
    def steer(self) -> SteerApp:
        return cast("SteerApp", self.app)

    def compose(self) -> ComposeResult:
        with Vertical(id="whole"):
            yield self.area
            yield self.bar
            yield self.status
            yield self.search_bar
            yield self.footer
        yield self.too_small

    def on_mount(self) -> None:
        for show in self.state.shows:
            show.recording.start(partial(self._read_from_thread, show))
        self._frames = self.set_interval(FRAME_S, self._on_frame)
        self.set_interval(LOOK_S, self._look_for_more)

    def on_unmount(self) -> None:
        self.state.close()

    def _read_from_thread(self, show: Show) -> None:
        if show.findings is not None:
            show.findings.start(self._news_from_thread)
        self._news_from_thread()

    def _news_from_thread(self) -> None:
        if self.is_running and self.app.is_running:
            self.app.call_later(self.wake)

    # -- time ---------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Something is to move or to be drawn: frames come until all is at rest again."""
        if self._frames is not None:
            self._ticked_at = self._timer()
            self._frames.resume()
            self.tick(0.0)

    def _on_frame(self) -> None:
        now = self._timer()
        elapsed, self._ticked_at = now - self._ticked_at, now
        self.tick(elapsed)
        if self.state.is_at_rest and self._frames is not None:
            self._frames.pause()

    def tick(self, elapsed_s: float) -> None:
        """Move on and draw what changed."""
        for number in self.state.tick(elapsed_s):
            self.area.draw(number)
        if self._is_jumping and self.state.search is not None and self.state.search.found:
            self._is_jumping = False
            self.jump_to_hit()
        self.redraw()

    def _look_for_more(self) -> None:
        head = self.state.playhead
        if head.is_following or (head.is_playing and head.position >= head.end):
            self.state.look_for_more()

    def redraw(self) -> None:
        """Everything around the panes; cheap where nothing changed."""
        self.area.dress()
        for line in (self.bar, self.status, self.footer):
            line.refresh_if_changed()
        self.place_cursor()

    def place_cursor(self) -> None:
        is_shown = self.app.screen is self and not self.search_bar.is_open
        self.steer.painter.place_cursor(self.area.selected if is_shown else None)

    def on_screen_suspend(self) -> None:
        self.steer.painter.place_cursor(None)

    def on_screen_resume(self) -> None:
        self.wake()

    # -- what actions may do --------------------------------------------------------------------------------

    def say(self, text: str, severity: str = "information") -> None:
        self.footer.notice = merged(self.footer.notice, Notice(text, severity, self.steer.config.clock()))
        if self._notice_timer is not None:
            self._notice_timer.stop()
        self._notice_timer = self.set_timer(SHOWN_S, self.clear_notice)

    def clear_notice(self) -> None:
        self.footer.notice = None
        self.footer.refresh_if_changed()

    def place(self) -> None:
        self.area.place()

    def open_search(self) -> None:
        self.search_bar.open()

    def open_help(self) -> None:
        from steer.ui.dialog.help import HelpDialog

        self.app.push_screen(HelpDialog(is_replay=True))

    def open_go_to(self) -> None:
        from steer.ui.dialog.go_to import GoToDialog

        def went(wish: dict[str, str] | None) -> None:
            if wish is None:
                return
            if self.state.go_to(wish["to"].strip()):
                self.wake_now()
            else:
                self.say(f"{wish['to']!r} is no moment; write 90, 1:30 or 40%", "warning")

        self.app.push_screen(GoToDialog(clock(self.state.alignment.duration)), went)

    def scroll_pages(self, pages: float) -> None:
        if pane := self.area.selected:
            pane.scroll_lines(round(pages * max(1, pane.inner[1] - 1)))

    def copy(self) -> None:
        text = self.area.text()
        self.app.copy_to_clipboard(text)
        self.say(f"copied {len(text)} characters")

    @property
    def port(self) -> FleetPort:
        return self.steer.port

    async def ask(self, dialog: Any) -> Any:
        return await self.steer.board.ask(dialog)

    def travel(self, act: Travel) -> None:
        self.run_worker(travelled(self, act), exit_on_error=False)

    def go_to(self, session: str) -> None:
        if self.steer.is_first(self):
            self.say("forked; `steer` shows it on the board")
        else:
            self.steer.board.choose(session)
            self.leave()

    def leave(self) -> None:
        if self.app.screen is self:  # a second key comes before the first has taken it away
            self.dismiss(None)

    def jump_to_hit(self) -> None:
        """The first hit after the playhead, or else the first of all."""
        if not self.state.step_hit(1) and self.state.search is not None and self.state.search.found:
            self.state.seek(self.state.alignment.common(self.state.selected, self.state.search.found[0]))
        self.wake_now()

    def wake_now(self) -> None:
        """After the playhead was moved by hand: draw at once."""
        for number in self.state.go():
            self.area.draw(number)
        self.wake()

    # -- keys and mouse -------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        if self.search_bar.is_open:
            return
        event.stop()
        event.prevent_default()
        self.pressed(event.key)

    def pressed(self, key: str) -> None:
        self.clear_notice()
        if key == "escape" and self._forget():
            return
        command = self.steer.replay_keymap.commands.get(key, "")
        if command == "replay_percent":
            self.state.seek_fraction(int(key) / 10 if key.isdigit() else 0.0)
        elif command:
            ACTIONS[command](self)
        if self.is_attached and command != "replay_quit":
            self.wake_now()

    def _forget(self) -> bool:
        """Escape first ends a search or a selection; whether there was one."""
        pane = self.area.selected
        if self.state.search is None and (pane is None or pane.selection is None):
            return False
        self.state.stop_search()
        if pane is not None:
            pane.select(None)
            pane.show_search(None)
        self.wake()
        return True

    def on_search_bar_submitted(self, message: SearchBar.Submitted) -> None:
        self.state.find(message.query)
        self._is_jumping = bool(message.query)
        self.wake()

    def on_timeline_bar_chosen(self, message: TimelineBar.Chosen) -> None:
        self.state.seek_fraction(message.fraction)
        self.wake_now()

    def on_pane_pressed(self, message: PanePressed) -> None:
        self.state.select(int(message.session))
        self.redraw()

    def on_scrolled(self, message: Scrolled) -> None:
        number = int(message.session)
        self.state.shows[number].offset = message.offset
        self.area.draw(number)
        self.redraw()

    def on_text_marked(self, message: TextMarked) -> None:
        if self.steer.config.copy_on_release:
            self.copy()

    # -- size -----------------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        is_small = event.size.width < MIN_SCREEN[0] or event.size.height < MIN_SCREEN[1]
        self.query_one("#whole").display = not is_small
        self.too_small.display = is_small
        self.bar.styles.height = 3 if event.size.height >= TALL_SCREEN else 2

    def on_replay_area_placed(self) -> None:
        self.call_after_refresh(self.wake_now)

    def shown_panes(self) -> list[Pane]:
        return self.area.shown_panes()
