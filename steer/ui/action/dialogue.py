"""Actions that ask first: start, fan out, correct, broadcast, fork, rename; and those that show something long."""

from __future__ import annotations

import os
import time
from collections import Counter

from steer.model.operation import has_arrived
from steer.model.session import LIVE, SessionView
from steer.term.visible import visible
from steer.ui.action.context import Action, BoardContext, say_delivery, selected
from steer.ui.line import Line, Span, key_hint


async def inject(board: BoardContext, text: str = "") -> None:
    """`text`: what the dialog begins with; nothing is sent before the operator does it."""
    from steer.ui.dialog.inject import InjectDialog

    session = selected(board)
    modes = await board.port.call("modes", session=session.spec.id)
    wish = await board.ask(InjectDialog([session], modes, text))
    if not wish:
        return
    result = await board.port.call("inject", session=session.spec.id, **wish)
    say_delivery(board, session.spec.name, result)


async def broadcast(board: BoardContext) -> None:
    """To the marked sessions, or to all that run; the dialog names them."""
    from steer.ui.dialog.inject import InjectDialog

    marked = board.state.marked
    running = [s for s in board.state.sessions if s.process in LIVE and (not marked or s.spec.id in marked)]
    if not running:
        board.say("none of the marked agents is running" if marked else "no agent is running")
        return
    modes = await board.port.call("modes", session=running[0].spec.id)
    wish = await board.ask(InjectDialog(running, modes))
    if not wish:
        return
    names = {s.spec.id: s.spec.name for s in running}
    wanted = {"text": wish["text"], "mode": wish["mode"]}
    results = (await board.port.call("broadcast", sessions=list(names), **wanted))["results"]
    marked.clear()
    board.redraw()
    failed = [
        f"{names.get(i, i)} ({r['detail']})" for i, r in results.items() if not has_arrived(r["delivery"])
    ]
    if failed:
        board.say(f"not delivered to {', '.join(failed)}", "error")
    else:
        counts = Counter(r["delivery"] for r in results.values())
        board.say(", ".join(f"{count} {delivery}" for delivery, count in counts.items()))


def mark(board: BoardContext) -> None:
    """Choose the selected session for the next broadcast, or take the choice back."""
    session = selected(board).spec.id
    board.state.marked ^= {session}
    board.redraw()


async def cancel(board: BoardContext) -> None:
    """Give up on the oldest long work; it rolls back what it began."""
    for work in board.state.fleet.progress[:1]:
        await board.port.call("cancel", progress=work.id)
        board.say(f"cancelling: {work.title}")


async def new(board: BoardContext) -> None:
    await _start(board, is_fan_out=False)


async def fan(board: BoardContext) -> None:
    await _start(board, is_fan_out=True)


async def _start(board: BoardContext, *, is_fan_out: bool) -> None:
    from steer.ui.dialog.start import StartDialog

    profiles = (await board.port.call("profiles"))["profiles"]
    agents = tuple(p["name"] for p in profiles if p["is_installed"])
    wish = await board.ask(StartDialog(agents, _last_wish(board.state.session), is_fan_out=is_fan_out))
    if not wish:
        return
    for agent in _agents(wish["agent"], is_fan_out=is_fan_out):
        params = {k: wish[k] for k in ("task", "check", "base", "name")}
        count = int(wish.get("n") or 1)
        made = await board.port.call(
            "start", agent=agent, n=count, scope=wish["scope"].split(), env=dict(os.environ), **params
        )
        for note in made["notes"]:
            board.say(note, "warning")
        if made["sessions"]:
            board.choose(made["sessions"][0])


def _agents(text: str, *, is_fan_out: bool) -> list[str]:
    return [a.strip() for a in text.split(";") if a.strip()] if is_fan_out else [text]


def _last_wish(session: SessionView | None) -> dict[str, str]:
    if session is None:
        return {}
    return {"agent": " ".join(session.spec.argv), "check": session.spec.check}


async def fork(board: BoardContext) -> None:
    from steer.ui.dialog.fork import ForkDialog

    session = selected(board)
    plan = await board.port.call("plan_fork", session=session.spec.id)
    wish = await board.ask(ForkDialog(session, plan))
    if not wish:
        return
    made = await board.port.call("fork", session=session.spec.id, env=dict(os.environ), **wish)
    for note in made["notes"]:
        board.say(note, "warning")
    board.choose(made["session"])


async def restart(board: BoardContext) -> None:
    from steer.ui.dialog.restart import RestartDialog

    session = selected(board)
    plan = await board.port.call("plan_restart", session=session.spec.id)
    wish = await board.ask(RestartDialog(session, plan))
    if not wish:
        return
    made = await board.port.call("restart", session=session.spec.id, env=dict(os.environ), **wish)
    for note in made["notes"]:
        board.say(note, "warning")
    board.choose(made["session"])


async def rename(board: BoardContext) -> None:
    from steer.ui.dialog.start import RenameDialog

    session = selected(board)
    if wish := await board.ask(RenameDialog(session.spec.name)):
        made = await board.port.call("rename", session=session.spec.id, name=wish["name"])
        board.say(f"{session.spec.name} is now {made['name']}")


async def diff(board: BoardContext) -> None:
    from steer.ui.dialog.diff import DiffDialog

    session = selected(board)
    made = await board.port.call("diff", session=session.spec.id)
    await board.ask(DiffDialog(session.spec.name, made))


async def explain(board: BoardContext) -> None:
    session = selected(board)
    made = await board.port.call("explain", session=session.spec.id)
    facts = [("task", session.spec.task), ("command", " ".join(session.spec.argv))]
    facts += [
        ("worktree", session.spec.worktree),
        ("branch", session.spec.branch),
        ("base", session.spec.base_name),
    ]
    text: list[Line] = [
        [Span(f"{name:<10}", "text.muted"), Span(visible(value, 500))] for name, value in facts if value
    ]
    text += [[], *([Span(visible(line, 500))] for line in made["lines"])]
    await _read(board, f"Why {visible(session.spec.name, 40)} is shown as it is", text)


async def log(board: BoardContext) -> None:
    operations = (await board.port.call("log", limit=200))["operations"]
    text: list[Line] = []
    for o in operations:
        at = time.strftime("%H:%M:%S", time.localtime(o["at"]))
        role = "activity.error" if o["state"] in ("failed", "unknown") else "text.muted"
        mark = "u " if board.state.fleet.undo and board.state.fleet.undo.id == o["id"] else "  "
        line = [Span(mark, "text.accent bold"), Span(f"{at}  ", "text.muted"), Span(f"{o['state']:<8}", role)]
        text.append([*line, Span(visible(o["summary"], 200))])
    await _read(board, "What was done", text or [[Span("nothing yet", "text.muted")]], at_end=True)


async def gc(board: BoardContext) -> None:
    from steer.ui.dialog.reader import ReaderDialog

    items = (await board.port.call("gc_plan"))["items"]
    safe = [i for i in items if i["is_safe"]]
    text: list[Line] = []
    for i in items:
        verb = Span("remove ", "diff.removed") if i["is_safe"] else Span("keep   ", "text.muted")
        text.append(
            [verb, Span(f"{i['bytes'] / 1e6:8.1f} MB  ", "text.muted"), Span(visible(i["path"], 300))]
        )
        text.append([Span(f"                    {visible(i['reason'], 200)}", "text.faint")])
    total = sum(i["bytes"] for i in safe) / 1e6
    hints = (
        (("X", f"remove {len(safe)} for good, {total:.1f} MB"), ("Esc", "leave it"))
        if safe
        else (("Esc", "back"),)
    )
    dialog = ReaderDialog(
        "Disk space",
        text or [[Span("nothing to remove", "text.muted")]],
        key_hint(*hints),
        "X" if safe else "",
    )
    if await board.ask(dialog):
        made = await board.port.call("gc", paths=[i["path"] for i in safe])
        board.say(f"freed {made['freed_bytes'] / 1e6:.1f} MB")


async def _read(board: BoardContext, heading: str, text: list[Line], *, at_end: bool = False) -> None:
    from steer.ui.dialog.reader import ReaderDialog

    await board.ask(ReaderDialog(heading, text, key_hint(("Esc", "back")), at_end=at_end))


ACTIONS: dict[str, Action] = {
    "inject": inject,
    "broadcast": broadcast,
    "mark": mark,
    "cancel": cancel,
    "new": new,
    "fan": fan,
    "fork": fork,
    "restart": restart,
    "rename": rename,
    "diff": diff,
    "explain": explain,
    "log": log,
    "gc": gc,
}
