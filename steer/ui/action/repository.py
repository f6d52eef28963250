"""The repository's `.git`: what changed in it, and whether that is as it should be."""

from __future__ import annotations

from steer.ui.action.context import Action, BoardContext


async def check_repo(board: BoardContext) -> None:
    from steer.ui.dialog.check_repo import CheckRepoDialog

    made = await board.port.call("check_repo")
    if not made["files"]:
        board.say("nothing in .git changed that git would obey, and no other branch moved")
        return
    if await board.ask(CheckRepoDialog("the repository's .git", made)):
        await board.port.call("check_repo", accept=True)
        board.say("accepted: this is how .git should be from now on")


ACTIONS: dict[str, Action] = {"check_repo": check_repo}
