"""The application: a port, a theme, a board. What it can do is in `action`, what it shows in `board`."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol, runtime_checkable

from rich.console import RenderableType
from textual.app import App
from textual.binding import BindingType
from textual.driver import Driver
from textual.screen import Screen

from steer.commands.keymap import resolve_keys
from steer.commands.registry import BY_ID
from steer.commands.replay import REPLAY
from steer.errors import SteerError
from steer.model.port import FleetPort
from steer.ui.action import ACTIONS
from steer.ui.board import Board
from steer.ui.board_state import BoardState
from steer.ui.bridge import Bridge
from steer.ui.config import UiConfig
from steer.ui.driver import DirectDriver
from steer.ui.painter import Painter
from steer.ui.pane import Pane
from steer.ui.positioned import positioned
from steer.ui.skin import Skin
from steer.ui.textual_theme import textual_theme
from steer.ui.theme import Theme
from steer.ui.theme_folder import DEFAULT_THEME, load_themes, pick_theme, shipped_folder
from steer.ui.theme_watch import watch_themes


@runtime_checkable
class HasPanes(Protocol):
    """A screen with terminals on it: the board, a replay."""

    def shown_panes(self) -> list[Pane]: ...


class SteerApp(App[None], inherit_bindings=False):
    """Textual's own keys (ctrl+q, ctrl+c, ctrl+p, tab) are not inherited: agents and the registry have them."""

    BINDINGS: ClassVar[list[BindingType]] = []
    ENABLE_COMMAND_PALETTE = False
    ESCAPE_TO_MINIMIZE = False
    TITLE = "steer"

    def __init__(
        self,
        port: FleetPort,
        config: UiConfig,
        driver_class: type[Driver] | None = None,
        first: Screen[None] | None = None,
    ) -> None:
        """`first`: a screen to show instead of the board; the app ends with it."""
        super().__init__(driver_class=driver_class)
        self._first = first
        self.port = port
        self.config = config
        self.actions = ACTIONS
        self.keymap, self._key_errors = resolve_keys(config.keys)
        self.replay_keymap, _ = resolve_keys(config.keys, REPLAY)
        self._folders = (shipped_folder(), config.theme_folder)
        self.themes, self._theme_errors = load_themes(self._folders)
        self.theme_name = config.theme if config.theme in self.themes else DEFAULT_THEME
        self.skin = self._skin(pick_theme(self.theme_name, self.themes))
        self.painter = Painter(self)
        state = BoardState(arrangement=config.layout, sidebar=config.sidebar)
        self.board = Board(state, port)

    def _fatal_error(self) -> None:
        """Textual would print a traceback over the restored screen; the caller writes it to a file instead."""
        self._close_messages_no_wait()

    @property
    def crash(self) -> Exception | None:
        """What ended the app, if it was an exception nobody caught."""
        return self._exception

    # -- start and end ---------------------------------------------------------------------------------

    def on_mount(self) -> None:
        for name, theme in self.themes.items():
            self.register_theme(textual_theme(name, theme))
        self.theme = f"steer-{self.theme_name}"
        self.push_screen(self.board)
        if self._first is not None:
            self.push_screen(self._first, lambda _: self.exit())
        self.run_worker(self._connect(), exit_on_error=False)
        self.run_worker(watch_themes(self.config.theme_folder, self.reload_themes), exit_on_error=False)

    async def _connect(self) -> None:
        for text in self._complaints():
            self.board.say(text, "warning")
        bridge = Bridge(self.port, self.board)
        try:
            bridge.fleet_changed(await self.port.connect(bridge))
        except SteerError as e:
            self.board.show_lost(e.message)
            self.board.say(f"{e.message}; {e.hint}" if e.hint else e.message, "error")
        if self.config.is_first_run:
            await self._welcome()

    def _complaints(self) -> list[str]:
        texts = [*self._key_errors, *(e.message for e in self._theme_errors)]
        if self.config.theme not in self.themes:
            texts.append(f"there is no theme {self.config.theme!r}")
        return texts

    async def _welcome(self) -> None:
        from steer.ui.dialog.welcome import WelcomeDialog

        await self.board.ask(WelcomeDialog())
        self.config.on_welcomed()

    async def on_unmount(self) -> None:
        await self.port.close()

    # -- commands --------------------------------------------------------------------------------------

    def is_possible(self, command: str) -> bool:
        """Whether the command can be run now."""
        state = self.board.state
        return command in self.actions and BY_ID[command].disabled_reason(state.fleet, state.session) is None

    def is_first(self, screen: Screen[None]) -> bool:
        """Whether the app was opened for that screen and not for the board."""
        return screen is self._first

    def open_palette(self) -> None:
        from steer.ui.dialog.palette import open_palette

        open_palette(self)

    def open_help(self) -> None:
        from steer.ui.dialog.help import HelpDialog

        self.push_screen(HelpDialog())

    # -- themes ----------------------------------------------------------------------------------------

    def _skin(self, theme: Theme) -> Skin:
        has_truecolor = self.console.color_system == "truecolor"
        return Skin(theme, has_colour=not self.no_color, has_truecolor=has_truecolor)

    def wear(self, name: str, theme: Theme) -> None:
        """Show everything in this theme."""
        self.theme_name = name
        self.skin = self._skin(theme)
        self.register_theme(textual_theme(name, theme))
        self.theme = f"steer-{name}"
        self.refresh_css(animate=False)
        for screen in self.screen_stack:
            for widget in screen.walk_children():
                widget.refresh()

    def next_theme(self) -> str:
        names = sorted(self.themes)
        name = (
            names[(names.index(self.theme_name) + 1) % len(names)] if self.theme_name in names else names[0]
        )
        self.wear(name, self.themes[name])
        return self.themes[name].name

    def reload_themes(self) -> None:
        """The files changed: take what is good, say what is not, keep the old one for a bad file."""
        fresh, errors = load_themes(self._folders)
        for error in errors:
            self.board.say(error.message, "error")
        self.themes = {**self.themes, **fresh}
        if self.theme_name in fresh and fresh[self.theme_name] != self.skin.theme:
            self.wear(self.theme_name, fresh[self.theme_name])

    # -- the terminal ----------------------------------------------------------------------------------

    @property
    def is_terminal_open(self) -> bool:
        return self._driver is not None and self._running and not self._closed and not self._batch_count

    @property
    def has_sync(self) -> bool:
        """Whether the terminal knows synchronized output."""
        return self._sync_available

    def write_terminal(self, data: str) -> None:
        if self._driver is not None:
            self._driver.write(data)
            self._driver.flush()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        super()._display(screen, positioned(renderable))

    def post_display_hook(self) -> None:
        if isinstance(self.screen, HasPanes):
            self.painter.repair(self.screen.shown_panes())


def run_app(port: FleetPort, config: UiConfig, first: Screen[None] | None = None) -> int:
    """Run the board (or the screen `first`) until the operator leaves it; the exit status for the shell.

    Raises what crashed it.
    """
    app = SteerApp(port, config, DirectDriver, first=first)
    app.run()
    if app.crash is not None:
        raise app.crash
    return app.return_code or 0
