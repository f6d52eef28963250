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
