"""A machine that slept leaves a word about it, where it slept."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from steer.record import cast
from steer.replay.mark import MarkKind
from steer.runtime.keeping import nap, pump
from steer.runtime.keeping.loop import Loop
from steer.runtime.keeping.nap import Nap, words
from steer.runtime.keeping.pump import Pump
from steer.runtime.keeping.recorder import Recorder
from steer.runtime.keeping.tape import Tape
from steer.runtime.recording_file import RecordingFile


def test_only_real_sleep_counts_and_once() -> None:
    clock = {"lag": 5.0}
    watched = Nap(lambda: clock["lag"])
    assert watched.take() == 0
    for _ in range(10):
        clock["lag"] += 0.5  # small differences of two clocks read one after the other
    assert watched.take() == 0
    clock["lag"] += 35_880
    assert watched.take() == pytest.approx(35_885) and watched.take() == 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (12, "12 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (3599, "1 h 0 min"),
        (35_880, "9 h 58 min"),
        (90_000, "25 h 0 min"),
    ],
)
def test_words(seconds: float, text: str) -> None:
    assert words(seconds) == text


def test_the_clocks_of_this_machine_agree_while_it_is_awake() -> None:
    before = nap.lag()
    assert nap.lag() == pytest.approx(before, abs=1.0)


def test_a_recording_and_its_replay_show_where_the_machine_slept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = {"lag": 0.0, "now": 1000.0}
    monkeypatch.setattr(pump, "Nap", lambda: Nap(lambda: clock["lag"]))
    monkeypatch.setattr(pump, "now", lambda: clock["now"])
    tape = Tape(str(tmp_path / "r.cast"), lambda: None)
    tape.append(cast.header(80, 24, 1.0))
    recorder, terminal, audience = Recorder(tape, 0, 0), MagicMock(), MagicMock()
    loop: Any = MagicMock(spec=Loop)
    made = Pump(loop, terminal, recorder, audience, 0)
    recorder.output(made.at(), b"before\r\n")
    clock["now"] += 2.0
    clock["lag"] += 35_880
    recorder.output(made.at(), b"after\r\n")
    recorder.output(made.at(), b"and on\r\n")
    tape.close()
    recording = RecordingFile(tmp_path / "r.cast", has_keyframes=False)
    recording.load()
    marks = [(m.at, m.kind, m.label) for m in recording.index.timeline.marks]
    assert marks == [(2.0, MarkKind.NOTE, "steer: asleep for 9 h 58 min")]
    recording.close()
