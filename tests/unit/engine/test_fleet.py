"""The engine: events in, views and effects out."""

from __future__ import annotations

from dataclasses import replace

from steer.engine.fleet import MAX_WAIT_S, QUIET_S, Fleet
from steer.model import event as ev
from steer.model.flag import Flag, Severity
from steer.model.operation import Operation, OperationState
from steer.model.session import Activity, DiffStat, Place, ProcessState, SessionSpec, SessionView

SPEC = SessionSpec("s1", "one", ("true",), "/w/one", "steer/one", "abc", check="make test")


def fleet() -> Fleet:
    f = Fleet("/repo")
    f.receive(ev.SessionAdded(SPEC, 0.0))
    f.receive(ev.ProcessStarted("s1", 1.0, "/r.cast"))
    return f


def view(f: Fleet) -> SessionView:
    found = f.session("s1")
    assert found is not None
    return found


def test_activity_starts_unknown_and_follows_reports() -> None:
    f = fleet()
    assert view(f).activity is Activity.UNKNOWN
    f.receive(ev.ActivityReported("s1", 5.0, Activity.WORKING, "", "osc7501"))
    f.receive(ev.ActivityReported("s1", 9.0, Activity.WORKING, "tests", "osc7501"))
    assert (view(f).activity_at, view(f).activity_text) == (5.0, "tests")


def test_asking_raises_an_urgent_flag_only_while_it_lasts() -> None:
    f = fleet()
    f.receive(ev.ActivityReported("s1", 5.0, Activity.ASKING, "remove it?", "osc7501"))
    assert [x.rule for x in view(f).flags] == ["asking"]
    f.receive(ev.ActivityReported("s1", 6.0, Activity.WORKING, "", "osc7501"))
    assert view(f).flags == ()


def test_exit_by_operator_is_no_failure() -> None:
    f = fleet()
    f.receive(ev.ProcessExited("s1", 7.0, -9))
    assert view(f).process is ProcessState.FAILED
    f = fleet()
    f.receive(ev.ProcessExited("s1", 7.0, -9, by_operator=True))
    assert view(f).process is ProcessState.EXITED


def test_a_quiet_tree_is_checkpointed_once() -> None:
    f = fleet()
    f.receive(ev.TreeChanged("s1", 10.0))
    f.receive(ev.TreeChanged("s1", 11.0))
    assert f.due(11.0 + QUIET_S - 0.01) == []
    assert f.due(11.0 + QUIET_S) == [ev.TakeCheckpoint("s1", "quiet")]
    assert f.due(100.0) == []
    assert f.next_due() is None


def test_a_tree_that_never_rests_is_checkpointed_too() -> None:
    f = fleet()
    for i in range(100):
        f.receive(ev.TreeChanged("s1", 10.0 + i))
    assert f.next_due() == 10.0 + MAX_WAIT_S


def test_a_new_checkpoint_is_checked_an_equal_one_is_not() -> None:
    f = fleet()
    taken = ev.CheckpointTaken("s1", 12.0, "c1", 1, DiffStat(1, 2, 3), True)
    assert f.receive(taken) == [ev.RunCheck("s1", "c1")]
    assert f.receive(replace(taken, is_new=False)) == []
    assert view(f).diff == DiffStat(1, 2, 3)


def test_undo_is_the_newest_undoable_that_is_done() -> None:
    f = fleet()
    f.receive(ev.SpecChanged(replace(SPEC, place=Place.TRASH), 0.5))
    kill = Operation(1, "kill", "s1", 1.0, OperationState.DONE, "kill one", is_undoable=True)
    inject = Operation(2, "inject", "s1", 2.0, OperationState.DONE, "inject")
    for operation in (kill, inject):
        f.receive(ev.OperationLogged(operation, operation.at))
    assert f.next_undo() == kill
    f.receive(ev.OperationLogged(replace(kill, state=OperationState.UNDONE), 3.0))
    assert f.next_undo() is None


def test_events_about_unknown_sessions_are_ignored() -> None:
    f = fleet()
    assert f.receive(ev.OutputSeen("s9", 1.0)) == []
    assert len(f.view().sessions) == 1


def test_what_is_past_undoing_is_not_in_the_way_of_what_is_not() -> None:
    f = fleet()
    start = Operation(1, "start", "s1", 1.0, OperationState.DONE, "start one", is_undoable=True)
    pause = Operation(2, "pause", "s1", 2.0, OperationState.DONE, "pause one", is_undoable=True)
    gone = Operation(3, "kill", "s9", 3.0, OperationState.DONE, "kill nine", is_undoable=True)
    for operation in (start, pause, gone):
        f.receive(ev.OperationLogged(operation, operation.at))
    f.receive(ev.PauseChanged("s1", 4.0, True))
    assert f.next_undo() == pause
    f.receive(ev.ProcessExited("s1", 5.0, 0))
    assert f.next_undo() == start


def _flagged(f: Fleet, at: float, severity: Severity = Severity.WARN) -> list[str]:
    f.receive(ev.FlagsFound("s1", at, "steps", (Flag("same-error", "again", severity, at, key="e"),)))
    return [x.rule for x in view(f).flags]


def _put_away(f: Fleet, kind: str, at: float, until: float = 0.0) -> None:
    detail = {"flag": "same-error e", "severity": "warn", "until": until}
    f.receive(ev.OperationLogged(Operation(1, kind, "s1", at, OperationState.DONE, "", detail), at))


def test_a_dismissed_flag_stays_away_until_it_gets_worse() -> None:
    f = fleet()
    assert _flagged(f, 10.0) == ["same-error"]
    _put_away(f, "dismiss", 11.0)
    assert view(f).flags == () and _flagged(f, 12.0) == []
    assert _flagged(f, 13.0, Severity.URGENT) == ["same-error"]


def test_a_snoozed_flag_comes_back_by_itself() -> None:
    f = fleet()
    _flagged(f, 10.0)
    _put_away(f, "snooze", 11.0, until=50.0)
    assert view(f).flags == () and f.next_due() == 50.0
    assert f.due(50.0) == [] and [x.rule for x in view(f).flags] == ["same-error"]
    assert f.next_due() is None


def test_what_was_put_away_before_a_restart_stays_away() -> None:
    f = Fleet("/repo")
    _put_away(f, "dismiss", 5.0)  # the log is read before the sessions are
    f.receive(ev.SessionAdded(SPEC, 6.0))
    f.receive(ev.ProcessStarted("s1", 6.0, "/r.cast"))
    assert _flagged(f, 7.0) == []
