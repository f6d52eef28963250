"""Command id to what it does. A module per kind of action; none of them imports Textual."""

from __future__ import annotations

from steer.ui.action import agent, app_wide, compare, dialogue, flag, navigate, replay, repository, text
from steer.ui.action.context import Action

ACTIONS: dict[str, Action] = {
    **navigate.ACTIONS,
    **agent.ACTIONS,
    **dialogue.ACTIONS,
    **flag.ACTIONS,
    **text.ACTIONS,
    **replay.ACTIONS,
    **compare.ACTIONS,
    **repository.ACTIONS,
    **app_wide.ACTIONS,
}
