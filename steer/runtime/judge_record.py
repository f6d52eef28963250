"""What the judge was asked, what that cost and what it said: a line when it is asked, another when it has answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from steer.judge.verdict import Verdict
from steer.model.codec import from_json, to_json
from steer.runtime.store import append_line, read_lines

FILE = "judge.jsonl"  # in the repository's state; the newest line of an id wins


@dataclass(frozen=True, slots=True)
class JudgeRecord:
    """One question. Times are seconds since the epoch; `usd` is the most it may cost until it has ended."""

    id: int
    session: str
    at: float
    usd: float
    outcome: str = "asked; no answer is known"
    ended_at: float = 0.0  # 0: it has not ended, or steer has
    is_answered: bool = False  # with a verdict
    drift: Verdict | None = None  # a verdict that became a flag


def write_record(path: Path, record: JudgeRecord) -> None:
    """Raises `EnvironmentFault` where that is not possible."""
    append_line(path, to_json(record))


def read_records(path: Path) -> dict[int, JudgeRecord]:
    """By id, in the order in which they were asked. Lines that are none are left out."""
    records: dict[int, JudgeRecord] = {}
    for line in read_lines(path):
        try:
            record = from_json(JudgeRecord, line)
        except ValueError:
            continue
        records[record.id] = record
    return records


def of_session(records: Iterable[JudgeRecord], session: str) -> list[JudgeRecord]:
    return [r for r in records if r.session == session]


def total_usd(records: Iterable[JudgeRecord]) -> float:
    return sum(r.usd for r in records)
