"""How much of the result is fit: thresholds chosen without a group of sessions, judged on that group."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from steer.detect.finding import Kind
from steer.detect.rules import Rules, default_rules
from tests.benchmarks.flags.corpus import Session, flags
from tests.benchmarks.flags.score import Score, score

GRID = {"window": (8, 12, 16), "amber": (2, 3, 4), "empty_amber": (3, 4)}  # of [repeat]


def held_out(sessions: Sequence[Session], key: Callable[[Session], str], folds: int) -> tuple[Score, str]:
    """Pooled over the held-out parts, and in how many folds the thresholds that ship were as good as the chosen."""
    grid = [dict(zip(GRID, values, strict=True)) for values in itertools.product(*GRID.values())]
    table = {i: _flags(sessions, _rules(values)) for i, values in enumerate(grid)}
    ships = next(
        i for i, v in enumerate(grid) if all(getattr(default_rules().repeat, k) == n for k, n in v.items())
    )
    pooled, agreed = Score(), 0
    parts = _parts(sessions, key, folds)
    for part in parts:
        rest = [s for s in sessions if s not in part]
        values = {i: score(_onsets(rest), table[i]).f1 for i in table}
        best = max(values, key=lambda i: (values[i], i == ships))
        agreed += values[ships] >= values[best]
        one = score(_onsets(part), table[best])
        pooled.hits += one.hits
        pooled.misses += one.misses
        pooled.false += one.false
        pooled.delays += one.delays
    return pooled, f"{agreed} of {len(parts)} parts"


def shipped(sessions: Sequence[Session]) -> Score:
    """The thresholds that ship, from the same steps."""
    return score(_onsets(sessions), _flags(sessions, default_rules()))


def _parts(sessions: Sequence[Session], key: Callable[[Session], str], folds: int) -> list[list[Session]]:
    """Sessions of one key stay together; the largest groups are dealt out first."""
    groups: dict[str, list[Session]] = defaultdict(list)
    for session in sessions:
        groups[key(session)].append(session)
    parts: list[list[Session]] = [[] for _ in range(min(folds, len(groups)))]
    for group in sorted(groups.values(), key=len, reverse=True):
        min(parts, key=len).extend(group)
    return parts


def _onsets(sessions: Sequence[Session]) -> dict[str, int | None]:
    return {s.id: s.onsets.get(Kind.REPEATED_FAILURE.value) for s in sessions}


def _flags(sessions: Sequence[Session], rules: Rules) -> dict[str, list[int]]:
    found = {s.id: flags(s, rules, raw=False) for s in sessions}
    return {id: [f.step for f in one if f.kind is Kind.REPEATED_FAILURE] for id, one in found.items()}


def _rules(values: dict[str, int]) -> Rules:
    rules = default_rules()
    return replace(rules, repeat=replace(rules.repeat, **values))
