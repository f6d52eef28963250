"""Actions on the selected agent that need no dialog, and the kill, which asks."""

from __future__ import annotations

import os

from steer.model.session import LIVE, Activity
from steer.term.visible import visible
from steer.ui.action.context import Action, BoardContext, say_delivery, selected
from steer.ui.board_state import Mode


async def interrupt(board: BoardContext) -> None:
    session = selected(board)
    result = await board.port.call("interrupt", session=session.spec.id)
    board.say(f"interrupt {session.spec.name}: {result.get('delivery', 'unknown')}")


async def pause(board: BoardContext) -> None:
    """Or continue, where it is paused."""
    session = selected(board)
    method = "continue" if session.is_paused else "pause"
    await board.port.call(method, session=session.spec.id)
    board.say(f"{session.spec.name}: {'continued' if session.is_paused else 'paused'}")


async def respawn(board: BoardContext) -> None:
    session = selected(board)
    await board.port.call("respawn", session=session.spec.id, env=dict(os.environ))
    board.say(f"{session.spec.name}: started again")


async def undo(board: BoardContext) -> None:
    """Undoing a start or fork ends an agent, so it asks like a kill does."""
    newest = board.state.fleet.undo
    if newest is not None and newest.kind in ("start", "fork", "restart"):
        from steer.ui.dialog.kill import KillDialog

        session = next((s for s in board.state.fleet.sessions if s.spec.id == newest.session), None)
        if session is not None and not await board.ask(
            KillDialog(session, "Undo the start of this session?")
        ):
            return
    result = await board.port.call("undo")
    board.say(f"undone: {result.get('summary', '')}")


async def kill(board: BoardContext) -> None:
    from steer.ui.dialog.kill import KillDialog  # dialogs import Textual; actions are importable without it

    session = selected(board)
    if not await board.ask(KillDialog(session)):
        return
    result = await board.port.call("kill", session=session.spec.id)
    survivors = [f"{p.get('name')} ({p.get('pid')})" for p in result.get("survivors", [])]
    if survivors:
        board.say(f"{session.spec.name}: still running: {', '.join(survivors)}", "error")
    else:
        board.say(f"killed {session.spec.name}; undo brings it back")
    others = [visible(f"{p.get('pid')} {p.get('name')}", 40) for p in result.get("outsiders", [])]
    if others:
        board.say(f"{session.spec.name}: still working in its worktree: {', '.join(others)}", "warning")


async def answer(board: BoardContext) -> None:
    """What an agent asks, and the operator's choice: of the selected one, else of the one that waited longest.

    Where its dialog cannot be read its terminal is focused instead.
    """
    from steer.ui.dialog.answer import TERMINAL, AnswerDialog

    asking = [s for s in board.state.sessions if s.activity is Activity.ASKING and s.process in LIVE]
    if not asking:
        board.say("no agent is asking anything")
        return
    oldest = min(asking, key=lambda s: s.activity_at)
    chosen = next((s for s in asking if s.spec.id == board.state.selected), oldest)
    board.choose(chosen.spec.id)
    ask = chosen.ask
    if ask is None or not (ask.choices or ask.takes_text):
        board.set_mode(Mode.FOCUS)
        return
    wish = await board.ask(AnswerDialog(chosen, ask, board.now()))
    if not wish:
        return
    if wish.get(TERMINAL):
        board.set_mode(Mode.FOCUS)
        return
    result = await board.port.call("answer", session=chosen.spec.id, **wish)
    say_delivery(board, chosen.spec.name, result)


async def shell(board: BoardContext) -> None:
    result = await board.port.call("shell", session=selected(board).spec.id)
    status = board.run_outside(list(result["argv"]), str(result["cwd"]), {**os.environ, **result["env"]})
    if status:
        board.say(f"the shell ended with status {status}", "warning")


ACTIONS: dict[str, Action] = {
    "interrupt": interrupt,
    "pause": pause,
    "respawn": respawn,
    "undo": undo,
    "kill": kill,
    "answer": answer,
    "shell": shell,
}
