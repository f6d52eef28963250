"""A checkpoint that was noted is there after a power cut, on a real file system."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.faults.goals.real_cut import cut_after_a_checkpoint
from tests.faults.loop_disk import why_not


def test_a_checkpoint_that_was_noted_outlives_a_power_cut(tmp_path: Path) -> None:
    if reason := why_not(tmp_path):
        pytest.skip(reason)
    chance = random.Random()
    for n in range(3):
        assert cut_after_a_checkpoint(tmp_path / str(n), chance) == ""
