"""Actions that only change what is looked at."""

from __future__ import annotations

from steer.ui.action.context import Action, BoardContext
from steer.ui.board_state import Mode
from steer.ui.layout import Arrangement

_NEXT = {
    Arrangement.GRID: Arrangement.MAIN,
    Arrangement.MAIN: Arrangement.SINGLE,
    Arrangement.SINGLE: Arrangement.GRID,
}


def focus(board: BoardContext) -> None:
    board.set_mode(Mode.FOCUS)


def _needing(by: int) -> Action:
    def act(board: BoardContext) -> None:
        if session := board.state.next_needing(by):
            board.choose(session)
        else:
            board.say("nobody needs you")

    return act


def _step(by: int) -> Action:
    return lambda board: board.choose(board.state.step(by))


def _beside(dx: int, dy: int) -> Action:
    return lambda board: board.choose(board.state.beside(dx, dy, *board.area_size))


def _page(by: int) -> Action:
    def act(board: BoardContext) -> None:
        board.state.page = max(0, board.state.page + by)
        _, shown = board.state.layout(*board.area_size)
        if shown and board.state.selected not in shown:
            board.choose(shown[0])
        board.relayout()

    return act


def zoom(board: BoardContext) -> None:
    board.state.is_zoomed = not board.state.is_zoomed
    board.state.show_selected(*board.area_size)
    board.relayout()


def layout(board: BoardContext) -> None:
    board.state.is_zoomed = False
    board.state.arrangement = _NEXT[board.state.arrangement]
    board.state.main = board.state.selected
    board.state.show_selected(*board.area_size)
    board.relayout()


def _scroll(pages: float) -> Action:
    def act(board: BoardContext) -> None:
        if board.pane is not None:
            board.pane.scroll_lines(round(pages * max(1, board.pane.inner[1] - 1)))

    return act


def scroll_live(board: BoardContext) -> None:
    if board.pane is not None:
        board.pane.show_search(None)
        board.pane.select(None)
        board.pane.show_offset(0)


ACTIONS: dict[str, Action] = {
    "focus": focus,
    "next_needing": _needing(1),
    "previous_needing": _needing(-1),
    "next_pane": _step(1),
    "previous_pane": _step(-1),
    "move_left": _beside(-1, 0),
    "move_right": _beside(1, 0),
    "move_up": _beside(0, -1),
    "move_down": _beside(0, 1),
    "next_page": _page(1),
    "previous_page": _page(-1),
    "zoom": zoom,
    "layout": layout,
    "scroll_up": _scroll(1),
    "scroll_down": _scroll(-1),
    "scroll_live": scroll_live,
}
