"""What an action may do to the board: the board screen as actions see it, without Textual.

An action is a function from this context to nothing, plain or async. It may call the fleet's port, change the
board's state and ask the operator; it touches no widget.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from steer.model.operation import has_arrived
from steer.model.port import FleetPort
from steer.model.session import SessionView
from steer.ui.board_state import BoardState, Mode
from steer.ui.row_store import RowStore
from steer.ui.search import Search
from steer.ui.selection import Selection


class PaneContext(Protocol):
    """The selected pane."""

    session: str
    store: RowStore
    selection: Selection | None
    search: Search | None

    @property
    def inner(self) -> tuple[int, int]: ...

    def select(self, selection: Selection | None) -> None: ...

    def show_search(self, search: Search | None) -> None: ...

    def show_offset(self, offset: int) -> None: ...

    def scroll_lines(self, lines: int) -> None: ...


class BoardContext(Protocol):
    state: BoardState
    port: FleetPort

    @property
    def pane(self) -> PaneContext | None: ...

    @property
    def area_size(self) -> tuple[int, int]:
        """Columns and rows that the panes share."""

    @property
    def has_sidebar(self) -> bool:
        """Whether the list is shown now."""

    def now(self) -> float:
        """Seconds since the epoch."""

    def say(self, text: str, severity: str = "information") -> None:
        """Show one line; the text may be untrusted."""

    def redraw(self) -> None:
        """Something that chrome shows changed."""

    def relayout(self) -> None:
        """The arrangement, the selection's page or the list changed."""

    def choose(self, session: str) -> None:
        """Select a session and show it; "" does nothing."""

    def set_mode(self, mode: Mode) -> None: ...

    async def ask(self, dialog: Any) -> Any:
        """Show a dialog (`steer.ui.dialog`) and wait for its result; None when it was dismissed."""

    def copy(self, text: str) -> None:
        """To the operator's clipboard (OSC 52); only ever on their own action."""

    def run_command(self, command: str) -> None:
        """Do what another command does, if it is possible now."""

    def open_search(self) -> None: ...

    def open_palette(self) -> None: ...

    def open_help(self) -> None: ...

    def next_theme(self) -> None: ...

    def run_outside(self, argv: list[str], cwd: str, env: dict[str, str]) -> int:
        """Leave the screen to a program until it ends; its exit status."""

    def leave(self) -> None:
        """Close the board; the agents go on."""


Action = Callable[[BoardContext], Awaitable[None] | None]


def selected(board: BoardContext) -> SessionView:
    """The session an action is about; the registry lets none run without one."""
    session = board.state.session
    assert session is not None, "Asks.SESSION"
    return session


def say_delivery(board: BoardContext, name: str, result: dict[str, Any]) -> None:
    """What became of a text or an answer, in the words of `Delivery`."""
    is_good = has_arrived(str(result["delivery"]))
    detail = f": {result['detail']}" if result.get("detail") else ""
    board.say(f"{name}: {result['delivery']}{detail}", "information" if is_good else "error")
