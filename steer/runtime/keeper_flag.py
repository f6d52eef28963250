"""Flags about a session's processes and its keeper, which no detector can know of."""

from __future__ import annotations

from steer.model.flag import Flag, Severity


def crowded(processes: int, limit: int, at: float) -> tuple[Flag, ...]:
    """The tree was stopped with more processes than it may have; empty where it was not."""
    if not processes:
        return ()
    evidence = (
        f"all of its {processes} processes are stopped where they are; limits.processes is {limit}",
        f"kill ends them; continue lets them go on, up to {processes + limit}",
    )
    title = f"{processes} processes: stopped"
    return (Flag("too-many-processes", title, Severity.URGENT, at, evidence, "kill"),)


def silent(pid: int, *, is_stopped: bool, at: float) -> tuple[Flag, ...]:
    """The session's keeper does not answer. The first line of the evidence says what to do."""
    if is_stopped:
        what = f"its recorder was stopped: `kill -CONT {pid}` lets it go on"
    else:
        what = f"its recorder (pid {pid}) does not answer: is its disk or network folder there?"
    evidence = (what, "what the agent prints waits in its terminal until then; nothing is lost")
    title = f"recorder does not answer (pid {pid})"
    return (Flag("recorder-silent", title, Severity.URGENT, at, evidence),)
