"""Every place of the board and its dialogs that shows text from outside, with texts dealt out over them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from steer.errors import UserError
from steer.model.ask import Ask, AskKind, Choice
from steer.model.flag import Flag, Severity
from steer.model.operation import Operation, Progress
from steer.model.session import Activity, CheckResult, ProcessState, SessionView
from steer.ui.dialog.kill import KillDialog
from tests.ui.fake_fleet import NOW, view
from tests.ui.harness import Screen

Deal = Callable[[], str]
SESSIONS = ("s1", "s2", "s3", "s4")
# Dialogs by the key that opens them on the selected session, and the calls that they make by themselves.
DIALOGS = {
    "d": "diff", "e": "explain", "l": "log", "f": "plan_fork", "R": "plan_restart", "K": "check_repo",
    "exclamation_mark": "", "question_mark": "", "ctrl+p": "", "m": "", "n": "profiles", "a": "",
}  # fmt: skip
READING = {*DIALOGS.values(), "modes", "preview", "queue", "steps", "profiles"}


def hostile_views(deal: Deal) -> tuple[SessionView, ...]:
    def make(session: str, **more: Any) -> SessionView:
        common = {"branch": deal(), "agent": deal(), "task": deal(), "title": deal()}
        return view(deal() or "empty", **{**common, "id": session, **more})

    choices = (Choice(deal(), ("1",)), Choice(deal(), ("2",)))
    ask = Ask(AskKind.PERMISSION, deal(), deal(), choices, tool=deal(), subject=deal(), takes_text=True)
    flags = (Flag("rule", deal(), Severity.URGENT, NOW, (deal(), deal()), suggestion=deal()),)
    return (
        make("s1", flags=flags, ask=ask, activity=Activity.ASKING),
        make("s2", activity=Activity.ASKING, activity_text=deal(), parent="s1"),
        make("s3", note=deal(), check=CheckResult("error", text=deal())),
        make("s4", recording_note=deal(), process=ProcessState.FAILED),
    )


async def show_everywhere(s: Screen, deal: Deal) -> None:
    """Frames, list, bar, notices and the dialog of a kill; the calls that it makes are "interrupt" alone."""
    fleet = s.fleet
    fleet.change(
        repository=f"/home/{deal()}",
        sessions=hostile_views(deal),
        progress=(Progress("p", deal(), 1, 3),),
        undo=Operation(1, "kill", "s1", NOW, summary=deal()),
        notices=(deal(),),
    )
    for session in SESSIONS:
        fleet.output(session, deal()[:5000].encode("utf-8", "surrogatepass"))
    await s.pilot.pause()
    for severity in ("information", "warning", "error"):
        s.board.clear_notice()
        s.board.say(deal(), severity)
        await s.pilot.pause()
    fleet.failures["interrupt"] = UserError(deal(), deal())
    await s.pilot.press("k", "enter", "ctrl+q", "x")
    await s.pilot.pause()
    assert isinstance(s.app.screen, KillDialog)
    await s.pilot.click(offset=(10, 10))
    await s.pilot.press("escape")


async def open_dialogs(s: Screen, deal: Deal) -> list[str]:
    """Open all dialogs over such texts, look into them, leave them; the names of those that came."""
    s.fleet.results |= results(deal)
    seen = []
    await s.pilot.press("1")
    for key in DIALOGS:
        await s.pilot.press(key)
        await s.pilot.pause()
        if s.app.screen is not s.board:
            seen.append(type(s.app.screen).__name__)
        await s.pilot.press("pagedown")
        await s.pilot.click(offset=(12, 6))
        await s.pilot.pause()
        for _ in range(3):
            if s.app.screen is s.board:
                break
            await s.pilot.press("escape")
            await s.pilot.pause()
    return seen


def results(deal: Deal) -> dict[str, dict[str, Any]]:
    """What a fleet answers, with `deal`'s texts wherever an agent or a repository has a say."""
    files = [
        {"path": deal(), "status": "M", "added": 1, "removed": 1, "is_binary": False, "change": "changed",
         "patch": f"@@ -1 +1 @@ {deal()}\n-{deal()}\n+{deal()}\n"},
        {"path": deal(), "status": "A", "added": 1, "removed": 0, "is_binary": True, "change": "new", "patch": ""},
    ]  # fmt: skip
    diff = {"files": files, "base": deal(), "checkpoint": "0" * 40, "moment": deal()}
    operation = {"id": 1, "kind": "kill", "session": "s1", "at": NOW, "state": "done", "summary": deal(),
                 "detail": {"text": deal()}, "is_undoable": True}  # fmt: skip
    talk = {"mode": "whole", "text": deal(), "turns": [{"id": "t1", "at": NOW, "text": deal()}]}
    return {
        "diff": diff,
        "check_repo": diff,
        "explain": {"lines": [deal(), deal()]},
        "log": {"operations": [operation]},
        "plan_fork": {"carried": [deal()], "left": [deal()], "bytes": 1, "branch": deal(), "name": deal(),
                      "conversation": talk, "moment": {"at": NOW, "text": deal(), "checkpoint": "0" * 40}},
        "plan_restart": {"brief": deal(), "name": deal(), "base": deal(),
                         "before": {"id": "0" * 40, "at": NOW, "flag": deal()}},
        "profiles": {"profiles": [{"name": deal(), "title": deal(), "argv": [deal()], "is_installed": True}]},
    }  # fmt: skip
