"""Actions on the board itself: help, palette, theme, list, leaving."""

from __future__ import annotations

from steer.ui.action.context import Action, BoardContext


def sidebar(board: BoardContext) -> None:
    board.state.sidebar = not board.has_sidebar
    board.relayout()


ACTIONS: dict[str, Action] = {
    "help": lambda board: board.open_help(),
    "palette": lambda board: board.open_palette(),
    "theme": lambda board: board.next_theme(),
    "sidebar": sidebar,
    "quit": lambda board: board.leave(),
}
