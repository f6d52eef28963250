"""A folder of labelled sessions: manifest.jsonl, labels.jsonl, raw/ and steps/; see the README of the benchmarks."""

from __future__ import annotations

import gzip
import json
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from steer.detect.finding import Finding, Kind
from steer.detect.pipeline import Pipeline
from steer.detect.rules import Rules
from steer.detect.source import HEAD, Source
from steer.model.step import Entry, Said, Step
from steer.transcript.format import reader_for

RAW_FORMATS = ("asciicast", "claude-code", "codex")  # beginnings of what steer reads as it was recorded
GAP_S = 120.0  # a longer silence is not active time


@dataclass
class Session:
    id: str
    group: str
    agent: str
    task: str
    format: str
    raw: Path
    entries: list[Entry]  # of its steps file
    onsets: dict[str, int] = field(default_factory=dict)  # kind -> step at which it begins
    label: str = ""  # "" where nobody has looked

    @property
    def steps(self) -> list[Step]:
        return [e for e in self.entries if isinstance(e, Step)]

    @property
    def is_timed(self) -> bool:
        return any(e.at for e in self.entries)

    @property
    def active_h(self) -> float:
        """Hours between its entries, long gaps cut."""
        times = sorted(t for e in self.entries for t in (e.at, getattr(e, "ended_at", 0.0)) if t > 1.0)
        return sum(min(b - a, GAP_S) for a, b in pairwise(times)) / 3600


@dataclass(frozen=True)
class Flagged:
    """A finding, its step counted as the labels count."""

    kind: Kind
    level: str
    step: int
    rule: str
    title: str
    evidence: tuple[str, ...]


def load(folder: Path) -> list[Session]:
    labels = {r["id"]: r for r in _lines(folder / "labels.jsonl")}
    found = []
    for record in _lines(folder / "manifest.jsonl"):
        session = Session(
            record["id"], record["group"], record["agent"], record.get("instruction") or "", record["format"],
            folder / record["file"], _entries(folder / record["steps_file"]),
        )  # fmt: skip
        if label := labels.get(session.id):
            session.label = label["label"]
            for one in (label, *label["also"]):
                if one["onset_step"] is not None:
                    session.onsets[one["label"]] = one["onset_step"]
        found.append(session)
    return found


def flags(session: Session, rules: Rules | None = None, *, raw: bool = True) -> list[Flagged]:
    """What the pipeline says of it, from the recorded bytes where steer reads them, else from its steps."""
    pipeline = Pipeline(session.task, (), rules)
    if not raw or not session.format.startswith(RAW_FORMATS):
        findings = [f for e in session.entries for f in pipeline.feed(e)]
        return [_flagged(f, f.step) for f in findings if not f.is_over]
    data = gzip.decompress(session.raw.read_bytes())
    source = Source(pipeline)
    found = [*source.feed(data[:HEAD]), *source.feed(data[HEAD:]), *source.finish()]
    starts = sorted(step.at for step in session.steps)
    times = [(f, source.seconds(f.at)) for f in found if not f.is_over]
    return [_flagged(f, bisect_right(starts, at + 0.5)) for f, at in times]


def with_thoughts(session: Session) -> list[tuple[str, Step | None]]:
    """Steps with what the agent said before each; a message without a step has None, a word of the operator "\\0"."""
    found: list[tuple[str, Step | None]] = []
    words = ""
    for entry in session.entries:
        if isinstance(entry, Step):
            found.append((words, entry))
            words = ""
        elif isinstance(entry, Said):
            if words:
                found.append((words, None))
            words = entry.text
        else:
            found.append(("\0", None))
            words = ""
    return found


def _flagged(finding: Finding, step: int) -> Flagged:
    return Flagged(finding.kind, finding.level.value, step, finding.rule, finding.title, finding.evidence)


def _entries(path: Path) -> list[Entry]:
    reader = reader_for("steps")
    return [*reader.feed(gzip.decompress(path.read_bytes())), *reader.finish()]


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
