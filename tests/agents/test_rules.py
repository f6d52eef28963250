"""What steer says an agent does, against what the agent did: recordings of the real programs, played back.

Once as they are, and once without the agents' own reports, so that titles and screens have to do.
"""

from __future__ import annotations

import gzip
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from steer.agents.catalog import SHIPPED
from steer.agents.profile import Profile, read_profile
from tests.agents.outfit import OUTFITS
from tests.agents.playback import Playback, Sample
from tests.agents.record import OUT, read_events, read_intervals

SHARE_RIGHT = 0.98


def profile(agent: str) -> Profile:
    path = SHIPPED / f"{agent}.toml"
    return read_profile(agent, tomllib.loads(path.read_text("utf-8")), path.name)


def play(path: Path, agent: str, *, has_reports: bool) -> list[Sample]:
    reader, events = read_events(gzip.decompress(path.read_bytes()))
    assert reader.header and not reader.problems
    playback = Playback(profile(agent), reader.header, has_reports=has_reports)
    intervals = read_intervals()[path.name.removesuffix(".cast.gz")]
    playback.play(events, until=intervals[-1][1])
    return playback.samples([(a, b, activity, kind) for a, b, activity, kind in intervals])


@pytest.mark.parametrize("has_reports", [True, False], ids=["with reports", "screen and title only"])
@pytest.mark.parametrize("agent", OUTFITS)
def test_what_is_said_is_what_was_done(agent: str, has_reports: bool) -> None:
    wrong: Counter[str] = Counter()
    total = 0
    paths = sorted(OUT.glob(f"{agent}-*.cast.gz"))
    assert paths
    for path in paths:
        for s in play(path, agent, has_reports=has_reports):
            total += 1
            if s.said != s.expected:
                wrong[f"{path.name}: {s.expected} taken for {s.said} ({s.source})"] += 1
    lines = [f"{count:4} x {what}" for what, count in wrong.most_common()]
    print(
        f"{agent}: {total} moments in {len(paths)} recordings, {sum(wrong.values())} wrong", *lines, sep="\n"
    )
    assert total - sum(wrong.values()) >= SHARE_RIGHT * total


def test_every_recording_has_intervals_and_the_other_way_round() -> None:
    assert {p.name.removesuffix(".cast.gz") for p in OUT.glob("*.cast.gz")} == set(read_intervals())
