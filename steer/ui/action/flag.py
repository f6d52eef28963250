"""The list of flags, and what is done about one."""

from __future__ import annotations

from steer.ui.action.context import Action, BoardContext
from steer.ui.action.dialogue import inject


async def flags(board: BoardContext) -> None:
    from steer.ui.dialog.flags import SNOOZE_MIN, FlagsDialog

    choice = await board.ask(FlagsDialog(board.state.sessions, board.now()))
    if choice is None:
        return
    board.choose(choice.session)
    match choice.act:
        case "help" if choice.flag.suggestion and choice.flag.propose == "inject":
            await inject(board, choice.flag.suggestion)
        case "help":
            board.run_command(choice.flag.propose or "inject")
        case "show":
            await _show(board, choice.session, choice.flag.evidence)
        case act:
            minutes = SNOOZE_MIN if act == "snooze" else 0
            await board.port.call("dismiss", session=choice.session, flag=choice.flag.name, minutes=minutes)
            board.say(
                f"{choice.flag.rule}: "
                + (f"quiet for {minutes} min" if minutes else "dismissed until it gets worse")
            )


async def _show(board: BoardContext, session: str, evidence: tuple[str, ...]) -> None:
    """Scroll the pane to the newest place that shows a line of the evidence."""
    for line in evidence:
        words = " ".join(line.split())[:40]
        if len(words) < 6 or words.startswith("step "):
            continue
        found = await board.port.call("search", session=session, query=words)
        if found["matches"]:
            newest = found["matches"][-1][0]
            if board.pane:
                board.pane.scroll_lines(max(0, int(found["lines"]) - int(newest) - board.pane.inner[1] // 2))
            return
    board.say("its evidence is not on the terminal: it is in the agent's transcript, or a checkpoint")


ACTIONS: dict[str, Action] = {"flags": flags}
