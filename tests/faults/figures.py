"""The last figures of goals and cases, in `figures.json`: what came out, when, of which commit, on what machine."""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.faults.goals.measure import Outcome

FILE = Path(__file__).with_name("figures.json")


def load() -> dict[str, dict[str, dict[str, Any]]]:
    """`{"goals": {id: figure}, "cases": {id: figure}}`; both are there."""
    kept = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}
    return {"goals": {}, "cases": {}, **kept}


def keep_goal(goal: str, outcome: Outcome, seconds: float, *, long: bool) -> None:
    _keep("goals", {goal: {**asdict(outcome), "long": long, "seconds": round(seconds)}})


def keep_cases(results: dict[str, dict[str, Any]]) -> None:
    """`results`: id of the case -> `passed`, `failed`, `skipped` (tests with all their parameters), `seconds`."""
    _keep("cases", results)


def _keep(kind: str, new: dict[str, dict[str, Any]]) -> None:
    kept, stamp = load(), _stamp()
    kept[kind] |= {name: {**figure, **stamp} for name, figure in new.items()}
    kept[kind] = dict(sorted(kept[kind].items(), key=lambda item: (item[0][0], int(item[0][1:]))))
    FILE.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _stamp() -> dict[str, str]:
    git = ["git", "-C", str(FILE.parent), "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(git, capture_output=True, text=True).stdout.strip()
    linux = ".".join(platform.release().split(".")[:2])
    return {
        "on": datetime.date.today().isoformat(),
        "commit": commit,
        "machine": f"{os.cpu_count()} cores, {platform.system()} {linux}, Python {platform.python_version()}",
    }
