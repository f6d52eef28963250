"""A recording that is not what was recorded is known by its sums, and one that is not touched never accused."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from steer.record import cast
from steer.record.cast import Encoder
from steer.runtime.keeping import sums
from steer.runtime.keeping.tape import Tape
from steer.runtime.recording_file import RecordingFile
from steer.runtime.verify import HELD, Held, Verdict, verify


class Recorded:
    """A recording of one line a second with a sum after every tenth."""

    def __init__(self, folder: Path, seconds: int = 120) -> None:
        self.path = folder / "r.cast"
        self.tape = Tape(str(self.path), lambda: None)
        self.held = Held(self.path)
        self._encoder = Encoder()
        self._second = 0
        self.tape.append(cast.header(80, 24, 1.0))
        self.go_on(seconds)

    def go_on(self, seconds: int) -> None:
        for _ in range(seconds):
            self._second += 1
            self.tape.append(self._encoder.output(float(self._second), b"line %d\r\n" % self._second))
            if self._second % 10 == 0:
                self.tape.mark_sums()
                self.held.heard(list(self.tape.sums.newest), is_over=False)

    def end(self) -> None:
        self.tape.finish()
        self.held.heard(list(self.tape.sums.newest), is_over=True)
        self.tape.close()

    def rewrite(self, old: bytes, new: bytes) -> None:
        data = self.path.read_bytes()
        assert data.count(old) == 1
        self.path.write_bytes(data.replace(old, new))

    def forge(self) -> None:
        """What an agent that knows of the sums would do: make them again."""
        again = sums.Sums(str(self.path))
        again.feed(self.path.read_bytes())
        again.mark(is_over=True)


@pytest.fixture
def recorded(tmp_path: Path) -> Recorded:
    return Recorded(tmp_path)


def test_what_nobody_touched_is_unchanged_while_and_after_it_is_written(recorded: Recorded) -> None:
    assert verify(recorded.path) == Verdict(is_known=True)
    recorded.go_on(7)
    recorded.held.save()
    assert verify(recorded.path) == Verdict(is_known=True)
    recorded.end()
    assert verify(recorded.path) == Verdict(is_known=True)
    assert recorded.path.with_name("r.cast.sums").stat().st_mode & 0o777 == 0o600


def test_a_change_is_found_with_its_place(recorded: Recorded) -> None:
    recorded.end()
    for second, since in ((1, "0:00"), (85, "1:20"), (120, "1:50")):
        before = recorded.path.read_bytes()
        recorded.rewrite(b"line %d\\r" % second, b"LINE %d\\r" % second)
        assert verify(recorded.path).changed == f"changed after it was recorded, from {since} on"
        recorded.path.write_bytes(before)
    recorded.rewrite(b"line 83\\r", b"line 83 and more\\r")
    assert verify(recorded.path).changed == "changed after it was recorded, from 1:20 on"


def test_every_single_bit_counts(tmp_path: Path) -> None:
    recorded = Recorded(tmp_path, 20)
    recorded.end()
    data = recorded.path.read_bytes()
    for i in range(len(data)):
        recorded.path.write_bytes(data[:i] + bytes([data[i] ^ 1]) + data[i + 1 :])
        assert verify(recorded.path).changed.startswith("changed after it was recorded")


def test_sums_made_again_do_not_fit_the_one_that_the_supervisor_held(recorded: Recorded) -> None:
    recorded.end()
    recorded.rewrite(b"line 85\\r", b"LINE 85\\r")
    recorded.forge()
    assert not verify(recorded.path).changed, "nobody else knows"
    recorded.held.save()
    assert verify(recorded.path).changed == "changed after it was recorded, and its sums with it"


def test_an_end_that_a_crash_cut_off_is_no_change(recorded: Recorded) -> None:
    recorded.held.save()
    data = recorded.path.read_bytes()
    for size in range(0, len(data), 97):
        recorded.path.write_bytes(data[:size])
        assert verify(recorded.path) == Verdict(is_known=True)


def test_what_was_cut_or_added_after_the_end_is(recorded: Recorded) -> None:
    recorded.end()
    data = recorded.path.read_bytes()
    recorded.path.write_bytes(data[: data.index(b"line 90\\r")])
    assert verify(recorded.path).changed == "cut after it was recorded, at 1:29"
    recorded.path.write_bytes(data + b'[1.0,"o","more"]\n')
    assert verify(recorded.path).changed == "added to after it was recorded, from 2:00 on"


def test_after_a_cut_that_the_keeper_saw_counting_begins_anew(recorded: Recorded) -> None:
    os.truncate(recorded.path, recorded.path.stat().st_size - 100)
    assert recorded.tape.damage()
    recorded.tape.repair()
    recorded.tape.mark_sums()
    recorded.go_on(35)
    recorded.end()
    assert verify(recorded.path) == Verdict(is_known=True)
    recorded.rewrite(b"line 140\\r", b"LINE 140\\r")
    assert verify(recorded.path).changed.startswith("changed after it was recorded, from")


def test_sums_are_bounded_and_still_tell(tmp_path: Path) -> None:
    recorded = Recorded(tmp_path, 12_000)
    recorded.end()
    value = json.loads(recorded.path.with_name("r.cast.sums").read_bytes())
    assert 250 < len(value["marks"]) <= sums.MAX_MARKS
    assert verify(recorded.path) == Verdict(is_known=True)
    recorded.rewrite(b"line 6001\\r", b"LINE 6001\\r")
    assert verify(recorded.path).changed.startswith("changed after it was recorded, from 1:3")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"marks": 3}',
        '{"marks": [[1, 0, "x"]], "is_over": 1}',
        "[" * 100_000,
        '{"marks":[[0,-1,""]]}',
    ],
)
def test_sums_that_are_none_say_nothing(recorded: Recorded, text: str) -> None:
    recorded.end()
    for suffix in (sums.SUFFIX, HELD):
        Path(f"{recorded.path}{suffix}").write_text(text)
    assert verify(recorded.path) == Verdict()


def test_a_link_or_a_pipe_in_place_of_sums_is_not_followed(recorded: Recorded, tmp_path: Path) -> None:
    recorded.end()
    place = Path(f"{recorded.path}{sums.SUFFIX}")
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    assert verify(recorded.path) == Verdict()
    place.unlink()
    os.mkfifo(place)
    assert verify(recorded.path) == Verdict()


def test_whoever_reads_a_recording_is_told(recorded: Recorded) -> None:
    recorded.end()
    recorded.rewrite(b"line 85\\r", b"LINE 85\\r")
    reading = RecordingFile(recorded.path, has_keyframes=False)
    reading.load()
    assert reading.problems == ["changed after it was recorded, from 1:20 on"]
    reading.close()
