"""The command palette: Textual's, fed from the registry."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from steer.commands.registry import COMMANDS

if TYPE_CHECKING:
    from steer.ui.app import SteerApp


class _Registry(Provider):
    """Commands that can be run now."""

    @property
    def _steer(self) -> SteerApp:
        return cast("SteerApp", self.app)

    async def discover(self) -> Hits:
        for command in COMMANDS:
            if self._steer.is_possible(command.id):
                run = partial(self._steer.board.run_command, command.id)
                yield DiscoveryHit(Content(self._titled(command.id, command.title)), run, help=command.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for command in COMMANDS:
            score = matcher.match(command.title)
            if score > 0 and self._steer.is_possible(command.id):
                run = partial(self._steer.board.run_command, command.id)
                yield Hit(score, matcher.highlight(command.title), run, help=command.help)

    def _titled(self, command: str, title: str) -> str:
        key = self._steer.keymap.shown(command)
        return f"{title}  {key}" if key else title


class Palette(CommandPalette):
    """Textual's, in the colours and the restraint of the other dialogs."""

    DEFAULT_CSS = """
    Palette { background: $background 60%; }
    Palette > Vertical { width: 72; max-width: 90%; }
    Palette SearchIcon { display: none; }
    Palette #--input, Palette CommandList { background: $steer-surface-raised; border: none; }
    Palette #--input { border: round $steer-border-selected; }
    Palette CommandList { border: round $steer-border-normal; }
    """

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """As a card: a second Escape comes before the first has taken it away."""
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()


def open_palette(app: SteerApp) -> None:
    app.push_screen(Palette(providers=[_Registry], placeholder="command"))
