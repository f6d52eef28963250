"""Events in; the fleet's view and the effects that follow out. No IO, no clock, no asyncio.

Two kinds of things are decided here: what the board shows of each session, and when a worktree has been quiet
long enough to be checkpointed and checked. Time is the `at` of events and the argument of `due`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from steer.model import event as ev
from steer.model.flag import Flag, Mute, Severity
from steer.model.fleet import FleetView
from steer.model.operation import Operation, OperationState, Progress
from steer.model.session import LIVE, Activity, Place, ProcessState, SessionView

QUIET_S = 2.0  # a burst of writes is over; agents save several files within a second
MAX_WAIT_S = 20.0  # an agent that never stops writing still gets checkpoints


@dataclass(slots=True)
class _Session:
    view: SessionView
    changed_at: float = 0.0  # first change since the last checkpoint; 0: none
    touched_at: float = 0.0  # last change
    flags: dict[str, tuple[Flag, ...]] = field(default_factory=dict)  # by source


class Fleet:
    """All sessions of one repository."""

    def __init__(self, repository: str) -> None:
        self._repository = repository
        self._sessions: dict[str, _Session] = {}
        self._operations: list[Operation] = []
        self._progress: dict[str, Progress] = {}
        self._mutes: dict[str, dict[str, Mute]] = {}  # session -> flag's name -> how it was put away

    # -- views ----------------------------------------------------------------------------------------

    def view(self) -> FleetView:
        sessions = tuple(s.view for s in self._sessions.values())
        return FleetView(self._repository, sessions, self.next_undo(), tuple(self._progress.values()))

    def session(self, session: str) -> SessionView | None:
        found = self._sessions.get(session)
        return found.view if found else None

    def operations(self) -> tuple[Operation, ...]:
        return tuple(self._operations)

    def next_undo(self) -> Operation | None:
        """The newest operation that can still be undone and has not been; those past undoing are in nobody's way."""
        done = (o for o in reversed(self._operations) if o.is_undoable and o.state is OperationState.DONE)
        return next((o for o in done if self._can_undo(o)), None)

    def _can_undo(self, operation: Operation) -> bool:
        found = self._sessions.get(operation.session)
        if found is None:
            return False
        match operation.kind:
            case "kill":
                return found.view.spec.place is Place.TRASH
            case "pause" | "continue":
                return found.view.process in LIVE and found.view.is_paused is (operation.kind == "pause")
        return found.view.spec.place is Place.WORKTREE

    # -- time -----------------------------------------------------------------------------------------

    def next_due(self) -> float | None:
        """When `due` has something to say next, or None."""
        times = [_due_at(s) for s in self._sessions.values() if s.changed_at]
        times += [m.until for session in self._mutes.values() for m in session.values() if m.until]
        return min(times, default=None)

    def due(self, now: float) -> list[ev.Effect]:
        """Effects that the passing of time brings about; each is returned once."""
        effects: list[ev.Effect] = []
        for name, s in self._sessions.items():
            if s.changed_at and _due_at(s) <= now:
                s.changed_at = 0.0
                effects.append(ev.TakeCheckpoint(name, "quiet"))
        for name, mutes in self._mutes.items():
            if over := [m.name for m in mutes.values() if m.until and m.until <= now]:
                for flag in over:
                    del mutes[flag]
                self._show_flags(name, now)
        return effects

    # -- events ---------------------------------------------------------------------------------------

    def receive(self, event: ev.Event) -> list[ev.Effect]:
        match event:
            case ev.SessionAdded():
                return self._add(event)
            case ev.OperationLogged(operation, at=at):
                self._log(operation)
                self._mute(operation, at)
                return []
            case ev.ProgressChanged(progress, is_over=over):
                if over:
                    self._progress.pop(progress.id, None)
                else:
                    self._progress[progress.id] = progress
                return []
            case ev.SpecChanged(spec):
                name = spec.id
            case _:
                name = event.session
        s = self._sessions.get(name)
        if s is None:
            return []
        effects = _fold(s, event)
        self._show_flags(name, event.at)
        return effects

    def forget(self, session: str) -> None:
        self._sessions.pop(session, None)

    def _add(self, event: ev.SessionAdded) -> list[ev.Effect]:
        view = SessionView(
            spec=event.spec,
            process=event.process,
            exit_status=event.exit_status,
            started_at=event.at,
            recording=event.recording,
        )
        self._sessions[event.spec.id] = _Session(view)
        return []

    def _show_flags(self, session: str, now: float) -> None:
        if s := self._sessions.get(session):
            mutes = self._mutes.get(session, {}).values()
            flags = tuple(f for f in _all_flags(s) if not any(m.hides(f, now) for m in mutes))
            s.view = replace(s.view, flags=flags)

    def _mute(self, operation: Operation, now: float) -> None:
        """A dismissal or a snooze: the operation log is where they live on."""
        if operation.kind not in ("dismiss", "snooze") or operation.state is not OperationState.DONE:
            return
        detail = operation.detail
        mute = Mute(str(detail["flag"]), Severity(detail["severity"]), float(detail.get("until") or 0.0))
        if not mute.until or mute.until > now:
            self._mutes.setdefault(operation.session, {})[mute.name] = mute
            self._show_flags(operation.session, now)

    def _log(self, operation: Operation) -> None:
        for i, known in enumerate(self._operations):
            if known.id == operation.id:
                self._operations[i] = operation
                return
        self._operations.append(operation)


def _due_at(s: _Session) -> float:
    return min(s.touched_at + QUIET_S, s.changed_at + MAX_WAIT_S)


def _fold(s: _Session, event: ev.Event) -> list[ev.Effect]:
    match event:
        case ev.TreeChanged(at=at):
            s.changed_at = s.changed_at or at
            s.touched_at = at
        case ev.CheckpointTaken():
            return _fold_checkpoint(s, event)
        case ev.FlagsFound(source=source, flags=flags):
            s.flags[source] = flags
        case ev.ActivityReported():
            _fold_activity(s, event)
        case _:
            s.view = _fold_plain(s.view, event)
    return []


def _fold_checkpoint(s: _Session, event: ev.CheckpointTaken) -> list[ev.Effect]:
    s.view = replace(s.view, checkpoints=event.count, diff=event.diff)
    if event.is_new and s.view.spec.check:
        return [ev.RunCheck(event.session, event.commit)]
    return []


def _fold_activity(s: _Session, event: ev.ActivityReported) -> None:
    same = event.activity is s.view.activity
    s.view = replace(
        s.view,
        activity=event.activity,
        activity_text=event.text,
        activity_source=event.source,
        activity_at=s.view.activity_at if same else event.at,
    )


_LIFE = ev.ProcessStarted | ev.ProcessStopping | ev.ProcessExited | ev.KeeperLost


def _fold_plain(view: SessionView, event: ev.Event) -> SessionView:
    match event:
        case ev.SpecChanged(spec):
            return replace(view, spec=spec)
        case ev.PauseChanged(is_paused=is_paused):
            return replace(view, is_paused=is_paused)
        case ev.OutputSeen(at=at):
            return replace(view, output_at=at)
        case ev.TitleChanged(title=title):
            return replace(view, title=title)
        case ev.AskChanged(ask=ask):
            return replace(view, ask=ask)
        case ev.QueueChanged(count=count):
            return replace(view, queued=count)
        case ev.ConversationFound(conversation=conversation):
            return replace(view, conversation=conversation)
        case ev.ConversationRead(steps=steps, step_text=step_text, usage=usage):
            return replace(view, steps=steps, step_text=step_text, usage=usage)
        case ev.CheckChanged(result=result):
            return replace(view, check=result)
        case ev.TrendChanged(trend=trend):
            return replace(view, trend=trend)
        case ev.JudgePaid(usd=usd):
            return replace(view, judge_usd=usd)
        case ev.DiskMeasured(size_bytes=size):
            return replace(view, disk_bytes=size)
        case ev.RecordingNoted(note=note):
            return replace(view, recording_note=note)
        case ev.SessionNoted(note=note):
            return replace(view, note=note)
    return _fold_life(view, event) if isinstance(event, _LIFE) else view


def _fold_life(view: SessionView, event: ev.Event) -> SessionView:
    match event:
        case ev.ProcessStarted(at=at, recording=recording, isolation=isolation):
            return replace(
                view,
                process=ProcessState.RUNNING,
                exit_status=None,
                started_at=at,
                recording=recording,
                isolation=isolation,
                is_paused=False,
                activity=Activity.UNKNOWN,
                activity_text="",
                activity_source="",
                activity_at=at,
                ask=None,
                queued=0,
                note="",
            )
        case ev.ProcessStopping():
            return replace(view, process=ProcessState.STOPPING)
        case ev.ProcessExited(status=status, by_operator=by_operator):
            ended = ProcessState.EXITED if status == 0 or by_operator else ProcessState.FAILED
            return replace(view, process=ended, exit_status=status, is_paused=False, ask=None, queued=0)
        case ev.KeeperLost(reason=reason):
            return replace(view, process=ProcessState.LOST, note=reason)
    return view


def _all_flags(s: _Session) -> tuple[Flag, ...]:
    flags = [flag for found in s.flags.values() for flag in found]
    flags += _state_flags(s.view)
    return tuple(sorted(flags, key=lambda f: (f.severity is not Severity.URGENT, -f.at)))


def _state_flags(view: SessionView) -> list[Flag]:
    """Flags that follow from the state itself, whatever detectors say."""
    if view.process not in LIVE:
        return []
    if view.activity is Activity.ASKING:
        text = view.activity_text or "waiting for an answer"
        return [Flag("asking", text[:60], Severity.URGENT, view.activity_at, propose="answer")]
    if view.activity is Activity.ERROR:
        text = view.activity_text or "the agent reports an error"
        return [Flag("error", text[:60], Severity.URGENT, view.activity_at, propose="inject")]
    return []
