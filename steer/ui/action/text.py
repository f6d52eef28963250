"""Actions on the text in a pane: search and copy."""

from __future__ import annotations

from typing import Any

from steer.ui.action.context import Action, BoardContext, PaneContext
from steer.ui.search import Search, offset_for


async def run_search(board: BoardContext, query: str) -> None:
    """Search the selected pane and its scrollback; look at the newest match, as one usually wants the latest."""
    pane = board.pane
    if pane is None or not query:
        return
    result = await board.port.call("search", session=pane.session, query=query)
    matches = tuple(_match(m) for m in result.get("matches", []))
    look_at(pane, Search(query, matches, max(0, len(matches) - 1)))
    if not matches:
        board.say("not found")


def _match(value: Any) -> tuple[int, int, int]:
    line, column, length = value
    return int(line), int(column), int(length)


def look_at(pane: PaneContext, search: Search) -> None:
    """Show a search, scrolled so that its match can be seen."""
    pane.show_search(search)
    if search.line is not None:
        rows = pane.inner[1]
        if not 0 <= pane.store.row_of(search.line) < rows:
            pane.show_offset(offset_for(search.line, pane.store.history, rows))


def step(board: BoardContext, by: int) -> None:
    """The next match (towards newer lines) or the one before."""
    pane = board.pane
    if pane is not None and pane.search is not None:
        look_at(pane, pane.search.step(by))


async def copy(board: BoardContext) -> None:
    pane = board.pane
    if pane is None or pane.selection is None:
        board.say("nothing is selected; drag with the mouse to mark text", "warning")
        return
    start, end = pane.selection.ends
    result = await board.port.call("text", session=pane.session, start=list(start), end=list(end))
    text = str(result.get("text", ""))
    board.copy(text)
    pane.select(None)
    board.say(f"copied {len(text)} character{'s' if len(text) != 1 else ''}")


ACTIONS: dict[str, Action] = {
    "search": lambda board: board.open_search(),
    "copy": copy,
}
