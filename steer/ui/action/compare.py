"""Two sessions beside each other: their files, their checks, and their recordings in step."""

from __future__ import annotations

from typing import Any

from steer.model.codec import from_json
from steer.model.session import CheckResult, DiffStat, SessionView
from steer.term.visible import visible
from steer.ui.action.context import Action, BoardContext, selected
from steer.ui.action.replay import source_of
from steer.ui.line import Line, Span, join
from steer.ui.status import SEPARATOR, check_spans, diff_spans


async def compare(board: BoardContext) -> None:
    """The two marked sessions; else the selected one with its parent, or one that the operator picks."""
    from steer.ui.dialog.compare import CompareDialog

    pair = await _pair(board)
    if pair is None:
        return
    one, other = pair
    made = await board.port.call("compare", session=one.spec.id, other=other.spec.id)
    names = f"{one.spec.name} → {other.spec.name}"
    if await board.ask(CompareDialog(names, made, [_fact(s) for s in made["sessions"]])):
        await _replay_both(board, one, other)


async def _pair(board: BoardContext) -> tuple[SessionView, SessionView] | None:
    from steer.ui.dialog.compare import OtherDialog

    marked = [s for s in board.state.sessions if s.spec.id in board.state.marked]
    if len(marked) == 2:
        return marked[0], marked[1]
    session = selected(board)
    others = _by_kinship(session, [s for s in board.state.sessions if s is not session])
    if not others:
        board.say("there is no other session to compare with")
        return None
    if len(others) > 1:
        wish = await board.ask(OtherDialog(session.spec.name, [(s.spec.id, s.spec.name) for s in others]))
        if not wish:
            return None
        others = [s for s in others if s.spec.id == wish["other"]]
    other = others[0]
    return (session, other) if other.spec.parent == session.spec.id else (other, session)


def _by_kinship(session: SessionView, others: list[SessionView]) -> list[SessionView]:
    """Parent, children, those with the same task, and the rest."""

    def rank(s: SessionView) -> int:
        kin = (
            s.spec.id == session.spec.parent,
            s.spec.parent == session.spec.id,
            s.spec.task == session.spec.task,
        )
        return kin.index(True) if any(kin) else len(kin)

    return sorted(others, key=rank)


def _fact(told: dict[str, Any]) -> Line:
    """Name, lines changed against its base, check."""
    diff = diff_spans(DiffStat(told["files"], told["added"], told["removed"])) or [
        Span("unchanged", "text.muted")
    ]
    check = from_json(CheckResult, {k: v for k, v in told["check"].items() if k != "command"})
    words: Line = check_spans(check) or [Span("no check", "text.muted")]
    if check.text:
        words = [*words, Span(f"  {visible(check.text, 60)}", "text.muted")]
    name = [Span(f" {visible(told['name'], 24):<24} ", "text.normal bold")]
    return [*name, *join([diff, words], SEPARATOR)]


async def _replay_both(board: BoardContext, *sessions: SessionView) -> None:
    from steer.ui.replay.opening import open_replay
    from steer.ui.replay.screen import ReplayScreen

    state = open_replay([source_of(s) for s in sessions])
    state.playhead.follow()
    await board.ask(ReplayScreen(state))


ACTIONS: dict[str, Action] = {"compare": compare}
