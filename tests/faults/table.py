"""The cases of faults and hostile input as data, what holds each, and the page made of them.

`cases.toml` has a `[groups]` table (letter = title), `[[case]]` and `[[goal]]` tables. A case has `id`, `gate` ("P": in
every run of the tests, "N": in a long one), `what`, `expect`, and how it is held: `tests` (pytest node ids without
parameters) or a `command`; `missing` says what nothing holds yet, `not_here` why the case does not exist here. A goal
has `id`, `what`, the `target` that steer sets itself and what is `missing`. What came out last is in `figures.json`.
"""

from __future__ import annotations

import ast
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults import figures

ROOT = Path(__file__).parents[2]
DATA = Path(__file__).with_name("cases.toml")
PAGE = Path(__file__).with_name("README.md")

HELD, PARTLY, COMMAND, MISSING, NOT_HERE = "test", "in part", "command", "missing", "not here"
STATES = (HELD, PARTLY, COMMAND, MISSING, NOT_HERE)


@dataclass(frozen=True)
class Case:
    id: str
    gate: str
    what: str
    expect: str
    tests: tuple[str, ...] = ()
    command: str = ""
    missing: str = ""
    not_here: str = ""

    @property
    def state(self) -> str:
        if self.not_here:
            return NOT_HERE
        if not self.tests and not self.command:
            return MISSING
        if self.missing:
            return PARTLY
        return HELD if self.tests else COMMAND


@dataclass(frozen=True)
class Goal:
    id: str
    what: str
    target: str
    missing: str = ""


@dataclass(frozen=True)
class Table:
    groups: dict[str, str]
    cases: tuple[Case, ...]
    goals: tuple[Goal, ...]


def load() -> Table:
    """Raises `TypeError` where a table has a key that is none of its kind's."""
    data = tomllib.loads(DATA.read_text("utf-8"))
    cases = tuple(Case(**{**c, "tests": tuple(c.get("tests", ()))}) for c in data["case"])
    return Table(data["groups"], cases, tuple(Goal(**g) for g in data["goal"]))


def functions(path: Path) -> set[str]:
    """The functions of one file: `Class::name` or `name`."""
    found = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        found |= {prefix + f.name for f in inner if isinstance(f, ast.FunctionDef | ast.AsyncFunctionDef)}
    return found


def node_ids(path: Path) -> set[str]:
    """The tests of one file as pytest names them, without parameters."""
    return {name for name in functions(path) if name.rpartition("::")[2].startswith("test_")}


def page(table: Table) -> str:
    """The README of this folder."""
    kept = figures.load()
    total = Counter(case.state for case in table.cases)
    lines = [
        "# Faults and hostile input",
        "",
        "Made by `python -m tests.faults` from `cases.toml` and the last figures (`figures.json`).",
        "`python -m tests.faults.goals` measures the goals beside other tools, `python -m tests.faults.cases` runs",
        "the tests of all cases, those for a long run included, and `python -m tests.faults.soak` leaves a fleet",
        "alone with faults for hours. P: in every run of the tests, N: meant for a long one.",
        "",
        "## Goals",
        "",
        "| | goal | target | steer | beside it | measured |",
        "|---|---|---|---|---|---|",
        *(_goal(goal, kept["goals"].get(goal.id)) for goal in table.goals),
        "",
        "## Cases",
        "",
        '"In part" and "missing" say what is not shown by any test.',
        "",
        "| group | cases | " + " | ".join(STATES) + " |",
        "|---|--:|" + "--:|" * len(STATES),
    ]
    for letter, title in table.groups.items():
        states = Counter(case.state for case in table.cases if case.id[0] == letter)
        lines.append(_row(f"{letter}. {title}", sum(states.values()), *(states[s] for s in STATES)))
    lines.append(_row("all", total.total(), *(total[s] for s in STATES)))
    for letter, title in table.groups.items():
        lines += [
            "",
            f"### {letter}. {title}",
            "",
            "| | gate | what happens | what should | held by | last |",
            "|---|---|---|---|---|---|",
        ]
        lines += [_case(case, kept["cases"].get(case.id)) for case in table.cases if case.id[0] == letter]
    return "\n".join(lines) + "\n"


def write_page() -> None:
    PAGE.write_text(page(load()), "utf-8")


def _goal(goal: Goal, figure: dict[str, Any] | None) -> str:
    said, beside, measured = "**not measured**", "", ""
    if figure:
        said = figure["steer"] if figure["met"] else f"**not met:** {figure['steer']}"
        beside = "<br>".join(f"{name}: {what}" for name, what in figure["beside"].items())
        length = "long" if figure["long"] else "daily"
        measured = f"{figure['on']}, {figure['commit']}, {length}, {figure['seconds']} s; {figure['machine']}"
    said += f"<br>**missing:** {goal.missing}" if goal.missing else ""
    return _row(goal.id, goal.what, goal.target, said, beside, measured)


def _case(case: Case, figure: dict[str, Any] | None) -> str:
    held = [f"`{test}`" for test in case.tests]
    held += [f"`{case.command}`"] if case.command else []
    held += [f"**missing:** {case.missing}"] if case.missing else []
    held += [f"not here: {case.not_here}"] if case.not_here else []
    last = ""
    if figure:
        counts = [f"{figure[key]} {key}" for key in ("passed", "failed", "skipped") if figure[key]]
        last = f"{', '.join(counts)} in {figure['seconds']} s<br>{figure['on']}, {figure['commit']}"
    return _row(case.id, case.gate, case.what, case.expect, "<br>".join(held), last)


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"
