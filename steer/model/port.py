"""What a front end may ask of a fleet, and what it is told: the one interface between UI and runtime.

`steer.runtime.client.FleetClient` implements it over a socket; tests implement it in memory. All values are
model dataclasses or JSON-able dicts.

Methods of `call` and their results (every one raises `SteerError`; `session` is a session id)

    ping         {}                                                   -> {pid, version}   of the supervisor
    start        {task, agent, argv, n, name, base, scope, check}     -> {sessions: [id], notes: [str]}
    preview      {session, text, as_command}                          -> {shown, size, generation, digest,
                     is_bracketed, warnings: [str], refusal: str}     exact bytes that `inject` would type
    inject       {session, text, generation, digest, mode, submit, as_command, token}
                                                                      -> {delivery, detail, operation}
                     a text that begins like a command of the agent gets a word before it (see `preview`'s
                     `shown`), unless `as_command`; "" as mode: the agent's default; `operation`: steer holds it
                     delivery: a `Delivery`. mode: steer (read within the turn, where the agent can) |
                     queue (after the turn) | interrupt (stop the turn, then say it)
    modes        {session}                                            -> {modes: [{id, title, reason}], default}
                     reason: "" or why that mode is not possible now
    queue        {session}                                            -> {texts: [{operation, at, text}]}
                     what steer holds until the turn is over, oldest first
    withdraw     {operation}                                          -> {text}   take such a text back
    answer       {session, digest, generation, choice, text, token}   -> {delivery, detail}
                     choice: index into the ask's choices, -1 with `text`: answer in words; digest: of the `Ask`
                     that was shown: another dialog meanwhile is refused
    broadcast    {sessions: [id], text, mode, as_command}             -> {results: {id: {delivery, detail}}}
    interrupt    {session}                                            -> {delivery, detail}
    pause        {session}      continue {session}                    -> {}
    kill         {session}                       -> {operation, survivors: [{pid, name}], outsiders: [{pid, name}]}
                     outsiders: processes that it did not start and that work in its worktree
    undo         {}                                                   -> {operation, summary}
    plan_fork    {session, at}                                        -> {carried: [str], left: [str], bytes, branch,
                     conversation: {mode: whole|cut|brief|none, text, turns: [{id, at, text}]},
                     moment: {at, text, checkpoint} or {}}
    fork         {session, name, agent, argv, task, conversation, turn, at} -> {session, notes: [str]}
                     conversation: "" (as the plan says) | whole | cut (up to and with `turn`) | brief | none
                     at: from that moment of its past: seconds since the epoch, or words (`intervention/moment.py`)
    plan_restart {session}                                            -> {brief, name, base, before: {id, at, flag} or
                     {}}   before: the newest checkpoint from before the trouble began
    restart      {session, brief, checkpoint, name, kill, env}        -> {session, notes: [str]}
                     a new session with the brief as its task, from the same base, or from `checkpoint` (an id of
                     `checkpoints`, or how it begins); `kill` ends the old one as `kill` does
    respawn      {session, conversation}                              -> {notes: [str]}
                     conversation: resume (default where the agent can) | none
    steps        {session, limit}                                     -> {entries: [{type, ...}]}  see `model.step`
    rename       {session, name}                                      -> {}
    diff         {session, at}                                        -> {files: [{path, status, added, removed,
                     is_binary, patch}], base, checkpoint, moment}   at: as of then, as for `fork`
    compare      {session, other}                                     -> {files, sessions: [{id, name, files, added,
                     removed, check: {command, state, passed, failed, text}, checkpoint}]}
                     `files` as in `diff`: from the one session's to the other's
    check_repo   {accept}                                             -> {files: as in `diff`, each with `change`}
                     what git obeys in `.git` that changed since the operator accepted it, and branches moved
                     elsewhere; `accept`: that is how it should be from now on
    checkpoints  {session}                                            -> {checkpoints: [{id, at, reason, files,
                     added, removed, problems}]}
    log          {limit}                                              -> {operations: [Operation]}
    search       {session, query}                                     -> {matches: [[line, column, length]], lines}
                     line 0 is the oldest line of the scrollback
    text         {session, start: [line, column], end: [line, column]} -> {text}   both ends included
    shell        {session}                                            -> {argv, cwd, env}
    gc_plan      {}                                                   -> {items: [{path, bytes, reason, is_safe}]}
    gc           {paths: [str]}                                       -> {freed_bytes}
    cancel       {progress}                                           -> {}
    dismiss      {session, flag, reason, minutes}                     -> {hidden}   flag: `Flag.name` or its rule;
                     minutes 0: until it gets more severe
    explain      {session}                                            -> {lines: [str]}
    profiles     {}                                                   -> {profiles: [{name, title, argv, is_installed}]}
"""

from __future__ import annotations

from typing import Any, Protocol

from steer.model.fleet import FleetView
from steer.model.frame import Frame


class FleetSink(Protocol):
    """Called by a `FleetPort`, always on the event loop, never concurrently."""

    def fleet_changed(self, view: FleetView) -> None: ...

    def frame_arrived(self, frame: Frame) -> None:
        """Draw it, then `ack` it: no further frame of that session comes before."""

    def notice_arrived(self, text: str, severity: str) -> None:
        """One line for the operator; severity is information, warning or error."""

    def disconnected(self, reason: str) -> None:
        """The supervisor is gone; the port reconnects by itself and calls `fleet_changed` when it has."""


class FleetPort(Protocol):
    async def connect(self, sink: FleetSink) -> FleetView: ...

    async def call(self, method: str, **params: Any) -> dict[str, Any]: ...

    def watch(self, session: str, cols: int, rows: int) -> None:
        """Send frames of this session; also asks for that terminal size. Again to change the size."""

    def unwatch(self, session: str) -> None: ...

    def ack(self, session: str, seq: int) -> None: ...

    def scroll(self, session: str, offset: int) -> None:
        """Show the view `offset` lines above the live bottom (0: live) in this client's frames."""

    def key(self, session: str, key: str, character: str | None) -> None:
        """A key for the agent: Textual's name ("ctrl+a", "shift+up", "a") and its character, if any."""

    def paste(self, session: str, text: str) -> None:
        """The operator's own paste: framed if the agent asked for bracketed paste, paste-ends neutralised."""

    def mouse(self, session: str, action: str, button: int, x: int, y: int, mods: int) -> None:
        """action: press | release | motion; button: 0 none, 1 left, 2 middle, 3 right, 4 wheel up, 5 wheel down;
        x, y: cell, 0-based; mods: 1 shift + 2 alt + 4 ctrl."""

    def focus(self, session: str, has_focus: bool) -> None:
        """Reported to the agent if it asked for focus events."""

    async def close(self) -> None: ...
