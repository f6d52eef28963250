"""R2: a power cut after any call that reaches the disk, in any state that the disk may then be in.

One story: sessions are saved, operations begun and ended, checks and checkpoints noted, a recording written and
synced as its keeper does. Each of these promises that from then on something can be read. After a cut the folder is
made as it may be (`tests/faults/disk.py`), all is opened as the next start does it, promises of before the cut are
looked at, and steer goes on in it. Checkpoints, which git and libgit2 write, are cut on a real ext4 (`real_cut.py`).
Beside it other ways to keep something, cut in the same two ways.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from steer.config.path import RepositoryPath
from steer.model.operation import OperationState
from steer.model.session import CheckResult, SessionSpec
from steer.record import cast
from steer.record.reader import Kind, Reader
from steer.replay.player import Player
from steer.runtime.journal import Journal
from steer.runtime.keeping.place import write_atomic
from steer.runtime.keeping.recorder import Recorder
from steer.runtime.keeping.tape import Tape
from steer.runtime.recording_file import RecordingFile
from steer.runtime.store import Store
from tests.faults.disk import Disk, image
from tests.faults.goals import ground
from tests.faults.goals.measure import Outcome, Size, Tally
from tests.faults.goals.real_cut import OTHERS, cut_after, cut_after_a_checkpoint
from tests.faults.loop_disk import why_not

Promise = Callable[[Path], str]  # what is lost in that folder, or ""
SPEC = SessionSpec("s00000000", "a", ("agent",), "/w/a", "steer/a", "0" * 40, created_at=1.0)


def paths(root: Path) -> RepositoryPath:
    return RepositoryPath(root / "state", root / "run", root / "worktrees")


class Story:
    """`promises[n]` were given when `n` calls had reached the disk."""

    def __init__(self, root: Path, chance: random.Random) -> None:
        self._chance, self._root = chance, root
        self.disk = Disk(root)
        self.promises: list[tuple[int, Promise]] = []
        (root / "state" / "sessions" / SPEC.id).mkdir(parents=True, mode=0o700)

    def _promise(self, promise: Promise) -> None:
        self.promises.append((len(self.disk.moments), promise))

    def play(self) -> None:
        with self.disk.watching():
            self._store = Store(paths(self._root))
            self._journal = journal(self._root)
            self._save()
            self._begin_recording()
            for n in range(self._chance.randint(8, 14)):
                step = self._chance.choice(
                    [self._operate, self._print, self._print, self._sync, self._note, self._save]
                )
                step(n)
            self._end()

    def _save(self, n: int = 0) -> None:
        spec = replace(SPEC, task=f"task {n} " * self._chance.choice((1, 100)), generation=n + 1)
        self._store.save(spec)
        self._promise(
            lambda root: _not_older(
                [s.generation for s in Store(paths(root)).load_all()[0]], n + 1, "session"
            )
        )

    def _operate(self, n: int) -> None:
        operation = self._journal.begin(
            "kill", SPEC.id, f"kill {n}", plan="x" * self._chance.choice((1, 2000))
        )
        self._promise(lambda root: "" if _states(root).get(operation.id) else f"operation {operation.id}")
        self._journal.finish(operation, OperationState.DONE)
        self._promise(
            lambda root: _not_older([_states(root).get(operation.id, 0)], 2, f"end of {operation.id}")
        )

    def _note(self, n: int) -> None:
        self._store.add_checkpoint(SPEC.id, {"id": str(n), "number": n})
        self._promise(lambda root: "" if {"id": str(n), "number": n} in _noted(root) else f"checkpoint {n}")
        self._store.save_check_result(SPEC.id, CheckResult("passed", passed=n))
        self._promise(
            lambda root: "" if Store(paths(root)).check_result(SPEC.id).state == "passed" else "check"
        )

    def _begin_recording(self) -> None:
        self._tape = Tape(str(recording(self._root)), lambda: None)
        self._recorder = Recorder(self._tape, 0, 0)
        self._tape.append(cast.header(80, 24, 0))
        self._shown = b""

    def _print(self, n: int) -> None:
        data = f"line {n} ".encode() * self._chance.randint(1, 200) + self._chance.randbytes(20) + b"\r\n"
        self._recorder.output(float(n), data)
        self._shown += data

    def _sync(self, n: int) -> None:
        """As the keeper's helper thread, which is waited for here."""
        self._recorder.flush(float(n))
        shown = self._shown
        self._tape.begin_sync()
        end = time.monotonic() + 30
        while self._tape._sync._asked.locked() is False or self._tape._sync._busy.locked():
            assert time.monotonic() < end, "the helper thread never synced"
            time.sleep(0.001)
        self._promise(
            lambda root: "" if printed(root).startswith(shown) else f"{len(shown)} bytes of a recording"
        )

    def _end(self) -> None:
        self._sync(99)
        self._tape.close()
        write_atomic(str(self._root / "state/sessions" / SPEC.id / "exit.json"), b'{"status": 3}')
        self._promise(lambda root: "" if Store(paths(root)).exit_status(SPEC) == 3 else "exit status")


def journal(root: Path) -> Journal:
    opened = Journal(paths(root).operations, lambda: 5.0, lambda operation: None)
    opened.load()
    return opened


def recording(root: Path) -> Path:
    return root / "state/sessions" / SPEC.id / "recording-1.cast"


def printed(root: Path) -> bytes:
    try:
        reader = Reader()
        events = reader.feed(recording(root).read_bytes()) + reader.finish()
    except FileNotFoundError:
        return b""
    return b"".join(event.data for event in events if event.kind is Kind.OUTPUT)


def _sessions(root: Path) -> list[SessionSpec]:
    return Store(paths(root)).load_all()[0]


def _noted(root: Path) -> list[dict[str, object]]:
    return Store(paths(root)).checkpoints(SPEC.id)


def _states(root: Path) -> dict[int, int]:
    """0: not there, 1: begun, 2: ended."""
    opened = Journal(paths(root).operations, lambda: 5.0, lambda operation: None)
    return {o.id: 2 if o.state is OperationState.DONE else 1 for o in opened.load()}


def _not_older(found: list[int], wanted: int, what: str) -> str:
    return "" if found and max(found) >= wanted else f"{what}: {found} instead of {wanted}"


def _after(root: Path, promises: list[Promise]) -> str:
    """What is lost, or wrong when everything is opened and steer goes on."""
    lost = [said for promise in promises if (said := promise(root))]
    store = Store(paths(root))
    store.load_all(), store.checkpoints(SPEC.id), store.check_result(SPEC.id), store.exit_status(SPEC)
    if recording(root).exists():
        opened = RecordingFile(recording(root))
        opened.load()
        Player(opened.index, opened.read).seek(1e9)
        opened.close()
    operation = journal(root).begin("fork", SPEC.id, "goes on")
    store.save(replace(SPEC, generation=77))
    if not _states(root).get(operation.id) or store.load_all()[0][0].generation != 77:
        lost.append("steer cannot go on")
    return "; ".join(lost)


def measure(size: Size, folder: Path) -> Outcome:
    cuts, real = size.tries(1_200, 5_000), size.tries(10, 200)
    tally, calls = Tally(), 0
    chance = random.Random()
    while tally.tries < cuts:
        root = folder / "story"
        story = Story(root, chance)
        story.play()
        calls += len(story.disk.moments)
        for _ in range(min(300, cuts - tally.tries)):
            at = chance.randrange(len(story.disk.moments))
            with tally.each():
                _cut(story, at, chance, folder / "after")
        shutil.rmtree(root)
    said = f"{tally} cuts lost something older than its sync or failed ({calls} calls)"
    beside = _as_others(folder, chance, min(cuts, 1000))
    absent = why_not(folder)
    with ground.own_home(folder):
        if not absent:
            checkpoints = _tallied(folder, real, lambda place: cut_after_a_checkpoint(place, chance))
            said += f"; {checkpoints} cuts of a real ext4 after a checkpoint"
            for name, promise in OTHERS.items():
                lost = _tallied(folder, max(1, real // 2), lambda place: cut_after(place, promise))  # noqa: B023
                beside[f"{name}, on that ext4"] = f"{lost} cuts lose something"
    if absent:
        return Outcome(f"{said}; checkpoints not measured: {absent}", tally.wrong == 0, beside)
    return Outcome(said, tally.wrong == checkpoints.wrong == 0, beside)


def _tallied(folder: Path, cuts: int, cut: Callable[[Path], str]) -> Tally:
    tally = Tally()
    for n in range(cuts):
        place = folder / f"disk{n}"
        try:
            tally.add(cut(place))
        except Exception as e:
            tally.add(f"{type(e).__name__}: {e}"[:120])
        shutil.rmtree(place, ignore_errors=True)
    return tally


def _cut(story: Story, at: int, chance: random.Random, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    (target / "state/sessions" / SPEC.id).mkdir(parents=True, mode=0o700)
    image(story.disk.moments[at], chance, target)
    if lost := _after(target, [promise for given, promise in story.promises if given <= at + 1]):
        raise AssertionError(f"after call {at}: {lost}")


def _as_others(folder: Path, chance: random.Random, cuts: int) -> dict[str, str]:
    """A settings file replaced again and again, under the same cuts: neither its old nor its new content is there."""
    said = {}
    for name, write in {"written and renamed": _renamed, "written in place": _in_place}.items():
        root, tally = folder / "others", Tally()
        root.mkdir()
        disk, path = Disk(root), root / "settings.json"
        path.write_text(json.dumps({"n": 0, "text": "x" * 3000}))
        with disk.watching():
            for n in range(1, 12):
                write(path, json.dumps({"n": n, "text": "x" * 3000}))
        for _ in range(cuts):
            target = folder / "after"
            shutil.rmtree(target, ignore_errors=True)
            image(chance.choice(disk.moments), chance, target)
            try:
                json.loads((target / path.name).read_bytes())
                tally.add("")
            except (OSError, ValueError) as e:
                tally.add(type(e).__name__)
        shutil.rmtree(root)
        said[f"a file {name} without a sync"] = (
            f"{tally.wrong} of {tally.tries} cuts leave neither old nor new"
        )
    return said


def _renamed(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(path)


def _in_place(path: Path, text: str) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_TRUNC)
    os.write(fd, text.encode())
    os.close(fd)
