"""The cases of faults and hostile input as data, what holds each, and the page made of them.

`cases.toml` has a `[groups]` table (letter = title), `[[case]]` and `[[goal]]` tables. A case has `id`, `gate` ("P": in
every run of the tests, "N": in a long one), `what`, `expect`, and how it is held: `tests` (pytest node ids without
parameters) or a `command`; `missing` says what nothing holds yet, `not_here` why the case does not exist here. A goal
has `id`, `what`, `command`, the `figure` that was last seen with its `source`, and what is `missing`.
"""

from __future__ import annotations

import ast
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

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
    command: str = ""
    figure: str = ""
    source: str = ""
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


def node_ids(path: Path) -> set[str]:
    """The tests of one file by their names in the source, as pytest would name them: `Class::test` or `test`."""
    found = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        found |= {
            prefix + f.name
            for f in inner
            if isinstance(f, ast.FunctionDef | ast.AsyncFunctionDef) and f.name.startswith("test_")
        }
    return found


def page(table: Table) -> str:
    """The README of this folder."""
    total = Counter(case.state for case in table.cases)
    lines = [
        "# Faults and hostile input",
        "",
        "Made from `cases.toml` by `python -m tests.faults`; `--goals` prints the goals in figures. P: in every run",
        'of the tests, N: meant for a long run. "In part" and "missing" say what is not shown by any test.',
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
            f"## {letter}. {title}",
            "",
            "| | gate | what happens | what should | held by |",
            "|---|---|---|---|---|",
        ]
        lines += [_case(case) for case in table.cases if case.id[0] == letter]
    return "\n".join(lines) + "\n"


def _case(case: Case) -> str:
    held = [f"`{test}`" for test in case.tests]
    held += [f"`{case.command}`"] if case.command else []
    held += [f"**missing:** {case.missing}"] if case.missing else []
    held += [f"not here: {case.not_here}"] if case.not_here else []
    return _row(case.id, case.gate, case.what, case.expect, "<br>".join(held))


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def goals(table: Table) -> str:
    """The goals as text for a terminal."""
    lines = []
    for goal in table.goals:
        lines.append(f"{goal.id:4} {goal.what}")
        lines += [f"     {goal.command}"] if goal.command else []
        lines += [f"     last: {goal.figure} ({goal.source})"] if goal.figure else []
        lines += [f"     not measured: {goal.missing}"] if goal.missing else []
    return "\n".join(lines) + "\n"
