"""Verbs that act on sessions: run, send, wait, fork, kill, respawn, undo, rename, pause, continue, interrupt."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

from steer.cli.option import add_json, add_moment, add_session
from steer.cli.output import emit, say
from steer.errors import UserError
from steer.model.operation import has_arrived

_TYPED = "typed, not submitted"


def add(verbs: Any) -> None:
    _add_run(verbs)
    _add_send(verbs)
    _add_wait(verbs)
    _add_fork(verbs)
    for name, text, run in (
        ("kill", "end a session softly; its worktree goes to the trash and `undo` brings it back", _kill),
        ("respawn", "run a session's agent again in its worktree", _respawn),
        ("interrupt", "press the key that stops the agent's turn", _interrupt),
        ("pause", "stop all processes of a session where they are (SIGSTOP)", _pause),
        ("continue", "let a paused session go on (SIGCONT)", _continue),
    ):
        p = verbs.add_parser(name, help=text, description=text)
        add_session(p)
        add_json(p)
        if name == "respawn":
            p.add_argument(
                "--fresh", action="store_true", help="begin anew instead of resuming its conversation"
            )
        p.set_defaults(run=run)
    p = verbs.add_parser(
        "undo",
        help="undo the newest kill, fork, start, pause or continue",
        description="undo the newest kill, fork, start, pause or continue",
    )
    add_json(p)
    p.set_defaults(run=_undo)
    p = verbs.add_parser(
        "rename", help="give a session another name", description="give a session another name"
    )
    add_session(p)
    p.add_argument("name", help="its new name; worktree and branch keep theirs")
    add_json(p)
    p.set_defaults(run=_rename)


def _add_run(verbs: Any) -> None:
    p = verbs.add_parser(
        "run",
        help="start agents, each in a git worktree of its own",
        description="Start agents, each in a new worktree and branch. Without a task, what [fleet] in "
        ".steer/config.toml describes is started.",
        epilog='example: steer run "make the tests pass" -a "my-agent {task}" -n 3 --check "make test"',
    )
    p.add_argument("task", nargs="?", default="", help="what to do; agents find it in {task} and $STEER_TASK")
    p.add_argument(
        "-a", "--agent", action="append", default=[], metavar="AGENT",
        help="a name from [agents] in your configuration, or any shell command; repeat it for several",
    )  # fmt: skip
    p.add_argument(
        "-n", type=int, default=None, metavar="N", help="that many sessions of each agent (default 1)"
    )
    p.add_argument("--name", default="", help="name of the session (default: from the task)")
    p.add_argument(
        "--base", default="", metavar="REV", help="start from this commit, branch or tag (default: HEAD)"
    )
    p.add_argument(
        "--scope", action="append", default=[], metavar="GLOB", help="files the agent should stay inside"
    )
    p.add_argument("--check", default="", metavar="CMD", help="command that says whether the work is good")
    add_json(p)
    p.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from steer.cli.connection import call_long, common_dir, environment
    from steer.config.load import load

    fleet = load(common_dir().parent).config.fleet
    agents = args.agent or list(fleet.agents)
    task = args.task or fleet.task
    if not agents:
        raise UserError(
            "no agent was named", 'give one with -a, for example: steer run "task" -a "my-agent {task}"'
        )
    sessions, notes = [], []
    for agent in agents:
        made = call_long(
            "start",
            task=task,
            agent=agent,
            n=args.n or fleet.n,
            name=args.name,
            base=args.base or fleet.base,
            scope=args.scope or list(fleet.scope),
            check=args.check or fleet.check,
            env=environment(),
        )
        sessions += made["sessions"]
        notes += made["notes"]
    return emit(args, {"sessions": sessions, "notes": notes}, lambda: show_started(sessions, notes))


def show_started(sessions: list[str], notes: list[str]) -> None:
    from steer.cli.connection import call

    views = {v["spec"]["id"]: v["spec"] for v in call("view")["fleet"]["sessions"]}
    for session in sessions:
        spec = views.get(session)
        if spec:
            say(f"{spec['name']}  {spec['branch']}  {spec['worktree']}")
    for note in notes:
        say(f"note: {note}")


def _add_send(verbs: Any) -> None:
    p = verbs.add_parser(
        "send",
        help="type a text (and Enter) for an agent, or press keys",
        description="Type a text for an agent as a paste, then Enter. With -k press keys instead. "
        "It is not typed into a dialog, and a half-typed draft is kept. Exit status 1 unless it was submitted, is "
        "queued, or (where the agent gives no sign) was typed whole.",
    )
    add_session(p)
    p.add_argument("text", nargs="*", help="the text; - or nothing reads standard input")
    p.add_argument(
        "-k", "--keys", action="store_true", help='the words are keys: "enter", "ctrl+c", "y", "shift+tab"'
    )
    p.add_argument("--no-enter", action="store_true", help="do not press Enter afterwards")
    how = p.add_mutually_exclusive_group()
    how.add_argument("--interrupt", action="store_true", help="stop the agent's turn first")
    how.add_argument("--queue", action="store_true", help="let it read the text after its turn")
    how.add_argument(
        "--steer", action="store_true", help="let it read the text within its turn, where it can"
    )
    p.add_argument(
        "--as-command",
        action="store_true",
        help="send it as it is, also where the agent takes it for a command",
    )
    add_json(p)
    p.set_defaults(run=_send)


def _send(args: argparse.Namespace) -> int:
    from steer.cli.connection import call

    if args.keys:
        call("send_keys", session=args.session, keys=args.text)
        return emit(args, {"delivery": "unverified"}, lambda: None)
    text = " ".join(args.text)
    if text in ("", "-"):
        text = sys.stdin.read()
    chosen = [mode for mode in ("interrupt", "queue", "steer") if getattr(args, mode)]
    made = call(
        "inject",
        session=args.session,
        text=text,
        submit=not args.no_enter,
        mode=chosen[0] if chosen else "",
        as_command=args.as_command,
    )
    emit(args, made, lambda: say(f"{made['delivery']}: {made['detail']}"))
    return 0 if has_arrived(made["delivery"]) or (args.no_enter and made["delivery"] == _TYPED) else 1


_WAITS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "exit": lambda v: v["process"] in ("exited", "failed", "lost"),
    "idle": lambda v: v["activity"] == "idle",
    "asking": lambda v: v["activity"] == "asking",
    "attention": lambda v: v["activity"] in ("asking", "idle", "error") or v["process"] in ("failed", "lost"),
    "passed": lambda v: v["check"]["state"] == "passed",
}


def _add_wait(verbs: Any) -> None:
    p = verbs.add_parser(
        "wait",
        help="wait until sessions have ended, fell idle, ask something ...",
        description="Wait until every named session (default: all) is as --for says. Exit status 1 on --timeout.",
    )
    p.add_argument("session", nargs="*", help="names or ids (default: all that are not in the trash)")
    p.add_argument(
        "--for", dest="what", choices=sorted(_WAITS), default="exit", help="what to wait for (default: exit)"
    )
    p.add_argument("--timeout", type=float, metavar="S", help="give up after this many seconds")
    add_json(p)
    p.set_defaults(run=_wait)


def _wait(args: argparse.Namespace) -> int:
    from steer.cli.connection import common_dir
    from steer.errors import EnvironmentFault
    from steer.runtime.supervise import ensure_supervisor
    from steer.runtime.sync_client import SyncClient

    end = time.monotonic() + args.timeout if args.timeout is not None else None
    with SyncClient(ensure_supervisor(common_dir())) as client:
        try:
            waiting = _wait_for(client, args, end)
        except EnvironmentFault:
            if end is None or time.monotonic() < end:
                raise
            waiting = args.session or ["the sessions of this repository"]
    emit(
        args,
        {"waiting": waiting},
        lambda: say("still waiting for " + ", ".join(waiting)) if waiting else None,
    )
    return 1 if waiting else 0


def _wait_for(client: Any, args: argparse.Namespace, end: float | None) -> list[str]:
    """Names of the sessions that are not there yet when the time is up; empty when all are."""
    known: dict[str, dict[str, Any]] = {}
    client.set_deadline(end)
    for message in client.subscribe():
        if message.get("t") != "fleet":
            continue
        known.update({v["spec"]["id"]: v for v in message["sessions"]})
        chosen = _chosen([known[i] for i in message["order"] if i in known], args.session)
        waiting = [v["spec"]["name"] for v in chosen if not _WAITS[args.what](v)]
        if not waiting:
            return []
        if end is not None and time.monotonic() >= end:
            return waiting
    return ["the supervisor"]


def _chosen(views: list[dict[str, Any]], names: list[str]) -> list[dict[str, Any]]:
    present = [v for v in views if v["spec"]["place"] == "worktree"]
    if not names:
        return present
    for name in names:
        if not any(name in (v["spec"]["id"], v["spec"]["name"]) for v in present):
            raise UserError(f"there is no session {name!r}", "see `steer ls`")
    return [v for v in present if v["spec"]["id"] in names or v["spec"]["name"] in names]


def _add_fork(verbs: Any) -> None:
    p = verbs.add_parser(
        "fork",
        help="copy a session's files as they are into a new worktree and start an agent there",
        description="Fork a session: files as they are (staged, unstaged, untracked), new branch, new agent process. "
        "The parent goes on untouched.",
    )
    add_session(p)
    p.add_argument("--name", default="", help="name of the child")
    p.add_argument("-a", "--agent", default="", help="another agent for the child")
    p.add_argument("--task", default="", help="another task for the child")
    p.add_argument(
        "--conversation",
        default="",
        choices=("whole", "cut", "brief", "none"),
        help="what the child remembers; without it, as much as its agent can take over",
    )
    p.add_argument(
        "--turn", default="", metavar="N", help="remember the conversation up to and with this turn"
    )
    add_moment(
        p, "from a moment of its past: files of the newest checkpoint until then, conversation up to then"
    )
    p.add_argument("--plan", action="store_true", help="only say what would be carried")
    add_json(p)
    p.set_defaults(run=_fork)


def _fork(args: argparse.Namespace) -> int:
    from steer.cli.connection import call, call_long, environment

    if args.plan:
        plan = call("plan_fork", session=args.session, at=args.at)

        def show() -> None:
            say(f"{plan['name']} on {plan['branch']}")
            for line in plan["carried"]:
                say(f"  carried: {line}")
            for line in plan["left"]:
                say(f"  left:    {line}")
            for turn in plan["conversation"]["turns"]:
                say(f"  turn {turn['id']}: {turn['text']}")

        return emit(args, plan, show)
    how = {"conversation": args.conversation, "turn": args.turn, "at": args.at}
    made = call_long(
        "fork",
        session=args.session,
        name=args.name,
        agent=args.agent,
        task=args.task,
        env=environment(),
        **how,
    )
    return emit(args, made, lambda: show_started([made["session"]], made["notes"]))


def _kill(args: argparse.Namespace) -> int:
    from steer.cli.connection import call

    made = call("kill", session=args.session)

    def show() -> None:
        say(f"killed {args.session}; `steer undo` brings it back")
        for p in made["outsiders"]:
            say(f"note: still working in its worktree, which is in the trash now: {p['pid']} {p['name']}")

    return emit(args, made, show)


def _respawn(args: argparse.Namespace) -> int:
    from steer.cli.connection import call, environment

    how = "none" if args.fresh else "resume"
    made = call("respawn", session=args.session, env=environment(), conversation=how)

    def show() -> None:
        say(f"{args.session} runs again")
        for note in made["notes"]:
            say(f"note: {note}")

    return emit(args, made, show)


def _interrupt(args: argparse.Namespace) -> int:
    from steer.cli.connection import call

    made = call("interrupt", session=args.session)
    emit(args, made, lambda: say(f"{made['delivery']}: {made['detail']}"))
    return 0 if has_arrived(made["delivery"]) else 1


def _pause(args: argparse.Namespace) -> int:
    from steer.cli.connection import call

    return emit(args, call("pause", session=args.session), lambda: say(f"{args.session} is paused"))


def _continue(args: argparse.Namespace) -> int:
    from steer.cli.connection import call

    return emit(args, call("continue", session=args.session), lambda: say(f"{args.session} goes on"))


def _undo(args: argparse.Namespace) -> int:
    from steer.cli.connection import call

    made = call("undo")
    return emit(args, made, lambda: say(made["summary"]))


def _rename(args: argparse.Namespace) -> int:
    from steer.cli.connection import call

    made = call("rename", session=args.session, name=args.name)
    return emit(args, made, lambda: say(f"{args.session} is now {made['name']}"))
