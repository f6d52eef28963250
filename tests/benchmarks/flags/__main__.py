"""Prints how good the flags are on a folder of labelled sessions, beside other agents' loop detectors."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from steer.detect.finding import Kind
from tests.benchmarks.flags import cost, folds
from tests.benchmarks.flags.anchors import ANCHORS
from tests.benchmarks.flags.corpus import Flagged, Session, flags, load, with_thoughts
from tests.benchmarks.flags.score import score

KINDS = (Kind.REPEATED_FAILURE, Kind.DRIFT, Kind.STALLED)
Found = Mapping[str, Sequence[Flagged]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.flags", description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, metavar="DIR")
    parser.add_argument("--list", action="store_true", help="also every flag, and what was missed")
    parser.add_argument("--quick", action="store_true", help="neither folds nor cost")
    args = parser.parse_args()
    sessions = load(args.corpus)
    labelled = [s for s in sessions if s.label]
    found = {s.id: flags(s) for s in sessions}
    print(f"{len(sessions)} sessions, {len(labelled)} of them labelled\n")
    for line in _kinds(labelled, found):
        print(line)
    for line in (*_healthy("healthy", [s for s in labelled if s.label == "healthy"], found),
                 *_healthy("not labelled", [s for s in sessions if not s.label], found)):  # fmt: skip
        print(line)
    print("\nrepeated_failure by other agents' rules, from the same steps")
    for line in _anchors(labelled):
        print(line)
    if not args.quick:
        print("\nthresholds of [repeat] chosen on the other sessions, judged on those left out (steps files)")
        print(f"  as shipped         {folds.shipped(labelled).line()}")
        for name, key, count in (("group, 8 parts", lambda s: s.group, 8), ("agent", lambda s: s.agent, 99)):
            result, agreed = folds.held_out(labelled, key, count)
            print(f"  by {name:15} {result.line()}; those that ship were as good in {agreed}")
        print()
        for line in cost.lines(sessions):
            print(line)
    if args.list:
        _list(sessions, found)


def _kinds(labelled: Sequence[Session], found: Found) -> Iterator[str]:
    for kind in KINDS:
        onsets = {s.id: s.onsets.get(kind.value) for s in labelled}
        steps = {id: [f.step for f in one if f.kind is kind] for id, one in found.items()}
        yield f"{kind.value:17} {score(onsets, steps).line()}"


def _healthy(name: str, sessions: Sequence[Session], found: Found) -> Iterator[str]:
    timed = [s for s in sessions if s.is_timed]
    hours = sum(s.active_h for s in timed)
    levels = Counter(f.level for s in timed for f in found[s.id])
    rules = Counter(f"{f.rule} {f.level}" for s in sessions for f in found[s.id])
    said = sum(1 for s in sessions if found[s.id])
    yield (
        f"{name}: {levels['amber'] / hours:.2f} amber/h, {levels['red'] / hours:.2f} red/h over {hours:.1f} active "
        f"hours; {said} of {len(sessions)} sessions flagged"
    )
    yield f"    {', '.join(f'{rule} {n}' for rule, n in rules.most_common())}"


def _anchors(labelled: Sequence[Session]) -> Iterator[str]:
    onsets = {s.id: s.onsets.get(Kind.REPEATED_FAILURE.value) for s in labelled}
    told = {s.id: with_thoughts(s) for s in labelled}
    healthy = [s for s in labelled if s.label == "healthy" and s.is_timed]
    hours = sum(s.active_h for s in healthy)
    for name, rule in ANCHORS.items():
        steps = {id: rule(one) for id, one in told.items()}
        per_hour = sum(len(steps[s.id]) for s in healthy) / hours
        yield f"  {name:24} {score(onsets, steps).line()}  {per_hour:.2f}/h healthy"


def _list(sessions: Sequence[Session], found: Found) -> None:
    for session in sessions:
        if found[session.id] or session.onsets:
            print(f"\n{session.id} ({session.agent}): {session.label or '-'} {session.onsets or ''}")
        for flag in found[session.id]:
            print(f"    {flag.step:4} {flag.level:5} {flag.kind.value} {flag.rule}: {flag.title}")
            for line in flag.evidence[:2]:
                print(f"               {line[:150]}")


if __name__ == "__main__":
    main()
