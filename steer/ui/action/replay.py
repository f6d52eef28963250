"""Watching the selected session's recording, from its newest moment backwards."""

from __future__ import annotations

from pathlib import Path

from steer.model.session import LIVE
from steer.ui.action.context import Action, BoardContext, selected


async def replay(board: BoardContext) -> None:
    from steer.ui.replay.opening import Source, open_replay
    from steer.ui.replay.screen import ReplayScreen

    session = selected(board)
    source = Source(session.spec.name, Path(session.recording), session.process in LIVE, session.spec.id)
    state = open_replay([source])
    state.playhead.follow()
    await board.ask(ReplayScreen(state))


ACTIONS: dict[str, Action] = {"replay": replay}
