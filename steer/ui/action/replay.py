"""Watching the selected session's recording, from its newest moment backwards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from steer.model.session import LIVE, SessionView
from steer.ui.action.context import Action, BoardContext, selected

if TYPE_CHECKING:
    from steer.ui.replay.opening import Source


def source_of(session: SessionView) -> Source:
    """Its recording, with what its findings are made with."""
    from steer.runtime.recording_findings import background_of
    from steer.ui.replay.opening import Source

    path = Path(session.recording)
    background = background_of(session.spec, path.parent)
    return Source(session.spec.name, path, session.process in LIVE, session.spec.id, background)


async def replay(board: BoardContext) -> None:
    from steer.ui.replay.opening import open_replay
    from steer.ui.replay.screen import ReplayScreen

    session = selected(board)
    source = source_of(session)
    state = open_replay([source])
    state.playhead.follow()
    await board.ask(ReplayScreen(state))


ACTIONS: dict[str, Action] = {"replay": replay}
