"""Text from outside, in every place that shows it: no exception, no action, nothing but text reaches the terminal."""

from __future__ import annotations

import asyncio
import re

import pytest

from steer.errors import UserError
from steer.model.flag import Flag, Severity
from steer.model.operation import Operation, Progress
from steer.model.session import Activity, CheckResult, ProcessState, SessionView
from steer.ui.dialog.kill import KillDialog
from tests.ui.fake_fleet import NOW, FakeFleet, view
from tests.ui.harness import Screen, running

HOSTILE = {
    "osc52": "\x1b]52;c;cHduZWQ=\x07",
    "title": "\x1b]0;owned\x07",
    "report": "\x1b[6n\x1b[c",
    "link": "\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\",
    "c1": "\x9b31m\x9d0;x\x9c",
    "clear": "\x1b[2J\x1b[H\x1bc",
    "markup": "error [/foo] here",
    "action": "[@click=app.quit]click[/]",
    "style": "[bold red]x[/bold red]",
    "open": "[[[",
    "bidi": "abc\u202edef\u2066\u2069",
    "zero": "a\u200b\u200d\ufeffb",
    "tags": "x\U000e0041\U000e007f",
    "zalgo": "a" + "\u0301\u0489" * 5000,
    "surrogate": "\ud800\udcff",
    "lines": "a\nb\r\nc\u2028d\te",
    "null": "\x00\x01\x02\x7f",
    "emoji": "👨\u200d👩\u200d👧⚠\ufe0f🇩🇪",
    "huge": "x" * 1_000_000,
    "empty": "",
}

# What the UI may write: text, SGR, cursor places, erase, synchronized output, the cursor's look, and the modes
# and queries with which Textual opens and closes a terminal.
ALLOWED = re.compile(
    r"(?:[^\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
    r"|\x1b\[[0-9;:]*m"
    r"|\x1b\[[0-9]*;?[0-9]*H|\x1b\[[0-9]+G"
    r"|\x1b\[\?2026[hl]|\x1b\[\?25[hl]|\x1b\[[0-9] q"
    r"|\x1b\]22;[a-z]+\x07"  # the mouse pointer's shape, by Textual
    r"|\n)*"
)


def hostile_views(text: str) -> tuple[SessionView, ...]:
    name = text or "empty"
    common = {"branch": text, "agent": text, "task": text, "title": text}
    return (
        view(name, **{**common, "id": "s1", "flags": (Flag(text, text, Severity.URGENT, NOW, (text,)),)}),
        view(
            name, **{**common, "id": "s2", "activity": Activity.ASKING, "activity_text": text, "parent": "s1"}
        ),
        view(name, **{**common, "id": "s3", "note": text, "check": CheckResult("error", text=text)}),
        view(name, **{**common, "id": "s4", "recording_note": text, "process": ProcessState.FAILED}),
    )


async def show_everywhere(s: Screen, text: str) -> None:
    """Put `text` into every place of the board and the dialogs that shows something from outside."""
    fleet = s.fleet
    fleet.change(
        repository=f"/home/{text}",
        sessions=hostile_views(text),
        progress=(Progress("p", text, 1, 3),),
        undo=Operation(1, "kill", "s1", NOW, summary=text),
        notices=(text,),
    )
    for session in ("s1", "s2", "s3", "s4"):
        fleet.output(session, text[:5000].encode("utf-8", "surrogatepass"))
    await s.pilot.pause()
    for severity in ("information", "warning", "error"):
        s.board.clear_notice()
        s.board.say(text, severity)
        await s.pilot.pause()
    fleet.failures["interrupt"] = UserError(text, text)
    await s.pilot.press("k", "enter", "ctrl+q", "x")
    await s.pilot.pause()
    assert isinstance(s.app.screen, KillDialog)
    await s.pilot.click(offset=(10, 10))
    await s.pilot.press("escape")


ALL_AT_ONCE = {"all": " ".join(text[:60] for text in HOSTILE.values())}


@pytest.mark.parametrize(("size", "texts"), [((160, 48), HOSTILE), ((80, 24), ALL_AT_ONCE)])
def test_hostile_text_is_only_text(size: tuple[int, int], texts: dict[str, str]) -> None:
    async def go() -> None:
        fleet = FakeFleet(*hostile_views("calm"))
        async with running(fleet, size, is_terminal=True) as s:
            await s.until(lambda: all(watch.is_watched for watch in fleet.watches.values()))
            for kind, text in texts.items():
                fleet.calls.clear()
                at = len(s.written)
                await show_everywhere(s, text)
                assert s.app.is_running and s.app.screen is s.board, kind
                assert [c for c, _ in fleet.calls] == ["interrupt"], f"{kind}: done without being asked"
                written = s.written[at:]
                assert written and ALLOWED.sub("", written) == "", kind

    asyncio.run(go())


def test_agents_cannot_reach_the_terminal_by_what_they_print() -> None:
    """The direct path and the compositor's, over everything at once and with each frame drawn both ways."""
    noise = "".join(HOSTILE[k][:400] for k in HOSTILE).encode("utf-8", "surrogatepass")

    async def go() -> str:
        fleet = FakeFleet(view("a", id="s1"), view("b", id="s2"))
        async with running(fleet, (100, 30), is_terminal=True) as s:
            await s.until(lambda: fleet.watches["s2"].is_watched)
            for at in range(0, len(noise), 97):
                fleet.output("s1", noise[at : at + 97])
                fleet.output("s2", noise[: at + 97])
                if at % 5 == 0:
                    s.board.area.panes["s1"].refresh()
                await s.pilot.pause()
            return s.written

    written = asyncio.run(go())
    assert ALLOWED.sub("", written) == ""
